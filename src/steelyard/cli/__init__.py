"""Listens: one file a verb."""

from steelyard.cli.app import main

__all__ = ["main"]
