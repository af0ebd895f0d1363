"""Supplies: reads sources, splits them, carves imbalance."""
