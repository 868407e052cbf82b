"""What is decided about plugins: formats, permissions, trust, verdicts. Pure: no file, process, socket or key is touched here."""
