"""The source: its items under lasting keys, what changed in it, its vectors."""
