"""Projects that were made apart, put together into a new one."""
