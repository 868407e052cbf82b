"""In-memory twins of ports (docs/wings.md lists them), shipped so that anybody can test against them; a file for each subject."""
