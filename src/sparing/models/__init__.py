"""Models: fitted in one place, aligned to all known classes, read in blocks of rows."""
