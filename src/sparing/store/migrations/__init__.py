"""Changes of the schema, one file each, applied in order by Alembic."""
