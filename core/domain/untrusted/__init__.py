"""Rules for text, paths and addresses that others hand us."""
