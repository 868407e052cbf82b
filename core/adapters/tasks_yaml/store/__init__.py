"""Reading and saving the file so that no manual edit is lost."""
