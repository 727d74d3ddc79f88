"""Measurements. Each module prints a table and a ratio of two things measured in the same run."""
