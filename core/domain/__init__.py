"""Nouns: frozen data and the rules that need nothing but data. Standard library only."""
