"""Weigh the classes and samples of a data set before you balance them."""

__version__ = "0.1.0"
