"""What people and CI services see while a command works."""
