"""Project: the state on disk behind the library, the command line and the page."""

from sparing.errors import MissingExtraError

try:
    import sqlalchemy  # noqa: F401
except ImportError as error:
    raise MissingExtraError("SQLAlchemy", "app", "Projects") from error

from sparing.project.core import Project
from sparing.project.source.items import Item
from sparing.project.views import Answer, Asked, HistoryRow, NewEvent, Recorded, Status

__all__ = ["Answer", "Asked", "HistoryRow", "Item", "NewEvent", "Project", "Recorded", "Status"]
