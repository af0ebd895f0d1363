"""Renders: stored records into one offline page."""
