"""What is written with git, by GitPython, and only into repositories that the tool made itself."""
