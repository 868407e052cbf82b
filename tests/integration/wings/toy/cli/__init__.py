"""Commands of the toy wing."""
