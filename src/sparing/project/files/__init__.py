"""Labels into a project and out of it, as files."""
