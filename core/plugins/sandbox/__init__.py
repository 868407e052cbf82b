"""Where plugins run: layers of the kernel's confinement, the process inside them, and the conversation with it."""
