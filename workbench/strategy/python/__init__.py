"""Strategies in Python: a pandas function from a notebook cell, read, hashed, rebuilt from its text, and asked like any program."""
