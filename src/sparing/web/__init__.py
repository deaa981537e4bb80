"""The page in the browser: thin routes over a Project, and static ES modules without a build."""

from sparing.errors import MissingExtraError

try:
    import fastapi  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise MissingExtraError("FastAPI and uvicorn", "app", "Pages") from error
