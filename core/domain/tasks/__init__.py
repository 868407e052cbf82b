"""Tasks, the backlog, its graph and its edits."""
