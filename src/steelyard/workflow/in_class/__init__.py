"""Conducts the in-class imbalance study on any data: search, sets, splits, figures."""
