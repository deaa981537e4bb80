"""Encoders that others have trained: what is installed beside us, a folder, or a named model."""
