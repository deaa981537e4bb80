"""The page in the browser: thin routes over a Project, and static ES modules without a build."""
