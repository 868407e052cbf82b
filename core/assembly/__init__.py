"""The one place that knows all adapters: settings in, working objects out."""
