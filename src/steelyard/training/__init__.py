"""Fits: encodings, models, one readable loop, the recorder."""
