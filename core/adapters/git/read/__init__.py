"""What is read from git: files of the index, changes since a base, the newest commits, blobs."""
