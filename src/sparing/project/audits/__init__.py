"""Audits of a project on disk, and the part of a project that checks a model."""
