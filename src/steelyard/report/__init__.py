"""Renders: stored records into one offline page."""

from steelyard.report.page import render, write_report

__all__ = ["render", "write_report"]
