"""Experiments: the founding article reproduced, and comparisons on anybody's labeled data."""
