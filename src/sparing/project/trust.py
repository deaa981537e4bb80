"""Which source and encoder a project may read: what this user has named, or what came with it.

The settings of a folder that somebody else has made may name any path. So a source is read where it
lies beside the project, and files of an encoder where they lie in the project or its source; or
where this user has named them on this machine, which is written down in the user's own data folder:
a small file for each project, by a key that its copies and backups share. A project without a key
is older than that; it is known by its secret, which lies in no other folder.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

from platformdirs import user_data_path

from sparing.errors import SourceError
from sparing.files import write_atomically
from sparing.project.folder import ProjectFolder
from sparing.project.settings import Settings
from sparing.project.source.encoding import files_in
from sparing.project.source.items import MNIST

KEY = re.compile(r"[0-9a-f]{32}")  # anything else could lead out of the folder of the records


@dataclass(frozen=True, slots=True)
class _Record:
    """What this user has named for a project.

    ``encoders`` is None where a version wrote the record that noted sources alone: of a project
    whose source was named, it went on with the encoder that stood in the settings.
    """

    sources: tuple[str, ...] = ()
    encoders: tuple[str, ...] | None = ()


def note_source(settings: Settings) -> Settings:
    """Note that this user has named the source of a project; return the settings with its key.

    Where nothing can be noted, a project without a key gets none: its secret speaks for it.
    """
    known = _known(settings.key)
    if settings.source in known.sources:
        return settings
    record = _Record((*known.sources, settings.source), known.encoders or ())
    return _noted(settings, record)


def note_encoder(settings: Settings) -> Settings:
    """Note that this user has named the encoder of a project, if it has files."""
    known = _known(settings.key)
    encoders = known.encoders or ()
    if not files_in(settings.encoder) or settings.encoder in encoders:
        return settings
    return _noted(settings, replace(known, encoders=(*encoders, settings.encoder)))


def is_named(folder: ProjectFolder, settings: Settings) -> bool:
    """Tell whether this user has named the source that the settings name."""
    if settings.source == MNIST:
        return True
    if settings.key:
        return settings.source in _known(settings.key).sources
    return folder.has_own_secret()


def is_encoder_named(folder: ProjectFolder, settings: Settings) -> bool:
    """Tell whether this user has named the encoder that the settings name."""
    if not settings.key:
        return folder.has_own_secret()
    known = _known(settings.key)
    if known.encoders is None:
        return settings.source in known.sources
    return settings.encoder in known.encoders


def is_beside(folder: ProjectFolder, source: str) -> bool:
    """Tell whether a source lies right beside the project, and is not hidden there.

    A folder that somebody unpacks at home lies beside ``.ssh``.
    """
    try:
        place = Path(source).resolve()
    except (ValueError, OSError, RuntimeError):  # no path at all; links in a circle
        return False
    return place.parent == folder.path.resolve().parent and not place.name.startswith(".")


def is_inside(file: str, folders: Iterable[str]) -> bool:
    """Tell whether a file lies in one of some folders, wherever links lead."""
    try:
        place = Path(file).resolve()
    except (ValueError, OSError, RuntimeError):
        return False
    return any(place.is_relative_to(Path(folder).resolve()) for folder in folders)


def judged_anew(folder: ProjectFolder, settings: Settings) -> Settings:
    """Return the settings with a key, which a project of an older version lacks.

    From then on the record alone counts: the folder of somebody else gets a secret of its own once
    it is opened, and must not be taken for this user's then.
    """
    known = _known(settings.key)
    if settings.key and known.encoders is not None:
        return settings
    if not is_named(folder, settings):
        return settings if settings.key else replace(settings, key=uuid4().hex)
    encoders = (settings.encoder,) if files_in(settings.encoder) else ()
    sources = dict.fromkeys((*known.sources, settings.source))
    return _noted(settings, _Record(tuple(sources), encoders))


def _record(key: str) -> Path:
    return user_data_path("sparing") / "sources" / f"{key}.json"


def _noted(settings: Settings, record: _Record) -> Settings:
    key = settings.key if KEY.fullmatch(settings.key) else uuid4().hex
    try:
        write_atomically(_record(key), json.dumps(asdict(record)).encode(), private=True)
    except SourceError:
        return settings
    return replace(settings, key=key)


def _known(key: str) -> _Record:
    """Return what this user has named for a project; nothing where that is not known."""
    if not KEY.fullmatch(key):
        return _Record()
    try:
        told = json.loads(_record(key).read_bytes())
        if isinstance(told, list):
            return _Record(tuple(map(str, told)), None)
        return _Record(*(tuple(map(str, told[what])) for what in ("sources", "encoders")))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return _Record()
