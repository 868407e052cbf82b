"""From the bytes of tasks.yml to tasks with places."""
