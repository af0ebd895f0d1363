"""Scores: one file a score; higher is always harder."""
