"""Judges: metrics, intervals, deployment priors, paired differences; sees only predictions."""
