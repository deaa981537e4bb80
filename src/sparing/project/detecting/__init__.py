"""Detectors of others learn from a project, and what they find is suggested."""
