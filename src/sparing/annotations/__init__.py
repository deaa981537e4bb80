"""Kinds of annotation: what an answer of each kind is, how it is read, compared and written."""
