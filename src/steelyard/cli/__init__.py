"""Listens: one file a verb."""
