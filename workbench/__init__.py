"""Workbench: from a notebook cell to live money, with proof at every step."""
