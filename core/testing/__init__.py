"""The in-memory twin of every port, shipped so that anybody can test against them; a file for each subject."""
