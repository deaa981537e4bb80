"""A project as one file, and back; moved to another place, or onto another database."""
