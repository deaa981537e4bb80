"""Texts with spans that are there already: readers and writers, a format a file."""
