"""Renders: stored records into one offline page."""

from steelyard.report.page import render, write_report
from steelyard.report.study_page import render_study, write_study_report

__all__ = ["render", "render_study", "write_report", "write_study_report"]
