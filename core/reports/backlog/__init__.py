"""Views of the backlog."""
