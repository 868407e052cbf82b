"""What runs inside the sandbox: it confines itself, then loads the plugin. Starts without the rest of the package."""
