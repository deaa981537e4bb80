"""Which source a project may read: one that this user has named, or that came with it.

The settings of a folder that somebody else has made may name any path. So a source is read where it
lies beside the project, or where this user has named it on this machine, which is written down in
the user's own data folder: a small file for each project, by a key that its copies and backups
share. A project without a key is older than that; it is known by its secret, which lies in no other
folder.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from platformdirs import user_data_path

from sparing.errors import SourceError
from sparing.files import write_atomically
from sparing.project.folder import ProjectFolder
from sparing.project.settings import Settings
from sparing.project.source.items import MNIST

KEY = re.compile(r"[0-9a-f]{32}")  # anything else could lead out of the folder of the records


def named(settings: Settings) -> Settings:
    """Note that this user has named the source of a project; return the settings with its key.

    Where nothing can be noted, a project without a key gets none: its secret speaks for it.
    """
    key = settings.key if KEY.fullmatch(settings.key) else uuid4().hex
    known = _sources(key)
    if settings.source in known:
        return replace(settings, key=key)
    try:
        told = json.dumps([*known, settings.source]).encode()
        write_atomically(_record(key), told, private=True)
    except SourceError:
        return settings
    return replace(settings, key=key)


def is_named(folder: ProjectFolder, settings: Settings) -> bool:
    """Tell whether this user has named the source that the settings name."""
    if settings.source == MNIST:
        return True
    if settings.key:
        return settings.source in _sources(settings.key)
    return folder.has_own_secret()


def is_beside(folder: ProjectFolder, source: str) -> bool:
    """Tell whether a source lies right beside the project, and is not hidden there.

    A folder that somebody unpacks at home lies beside ``.ssh``.
    """
    try:
        place = Path(source).resolve()
    except (ValueError, OSError, RuntimeError):  # no path at all; links in a circle
        return False
    return place.parent == folder.path.resolve().parent and not place.name.startswith(".")


def judged_anew(folder: ProjectFolder, settings: Settings) -> Settings:
    """Return the settings with a key, which a project of an older version lacks.

    From then on the record alone counts: the folder of somebody else gets a secret of its own once
    it is opened, and must not be taken for this user's then.
    """
    if settings.key:
        return settings
    return named(settings) if is_named(folder, settings) else replace(settings, key=uuid4().hex)


def _record(key: str) -> Path:
    return user_data_path("sparing") / "sources" / f"{key}.json"


def _sources(key: str) -> list[str]:
    """Return the sources that this user has named for a project; none where that is not known."""
    if not KEY.fullmatch(key):
        return []
    try:
        told = json.loads(_record(key).read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    return [str(source) for source in told] if isinstance(told, list) else []
