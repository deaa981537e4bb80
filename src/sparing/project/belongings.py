"""What in a folder is a project's own: nothing else in it is ever removed, or written through."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from sparing.datasets.items import shown_names
from sparing.errors import ConflictError, StoreError
from sparing.files import write_atomically

MARKER = "postgresql"
"""The file that says that the rest of a project lies in a database, and in which."""
DRAWS = "draws.jsonl"
"""The file that keeps which items were drawn at random."""
FILES = (
    rf"lock|secret|draws\.jsonl|sessions\.json|open\.html|{MARKER}|trainer\.log|vectors\.npy|contents\.npz|clusters\.npz"
    r"|predictions\.json"
    r"|project\.db(-wal|-shm|-journal|-[a-z]+\.lock)?"
)
PARTS = {
    "snapshots": r"\d+(-[0-9a-f]+)?\.npz",
    "maps": r"(principal|neighbors|work|sights)-[0-9a-f]+\.np[yz]",
    "audits": r"\d+\.(json|npz)",
    "certificates": r"\d+\.(json|npz)",
}
TEMPORARY = r"\.({})\.[a-z0-9_]{{8}}"  # as sparing.files names what is half written


def sweep(folder: Path) -> None:
    """Remove what a process that was killed had half written; for who holds the lock."""
    for names, room in _rooms(folder):
        for entry in _entries(room):
            is_leftover = re.fullmatch(TEMPORARY.format(names), entry.name)
            if is_leftover and entry.is_file(follow_symlinks=False):
                Path(entry).unlink(missing_ok=True)


def remove_others(part: Path, kept: str) -> None:
    """Remove the files of a part of a project whose names do not fit the pattern ``kept``."""
    for entry in _entries(part):
        if re.fullmatch(PARTS[part.name], entry.name) and not re.fullmatch(kept, entry.name):
            Path(entry).unlink(missing_ok=True)


def check_free(folder: Path) -> None:
    """Raise if a folder, in which a project is to be made, holds anything that is somebody's.

    What a project that was killed at once has left does not count.

    Raises
    ------
    ConflictError : it does
    """
    database = database_of(folder)
    if database is not None:
        raise ConflictError(
            f"{folder} holds the files of the project on {database}: open it by that URL."
        )
    foreign = sorted(_foreign(folder))
    if foreign:
        raise ConflictError(
            f"{folder} is no project, and not empty: it holds {shown_names(foreign)}. Nothing was"
            " changed. Name a folder that is empty or not there yet."
        )


def check_own(folder: Path) -> None:
    """Raise if a name of the project stands for a link, or for anything but what it should be.

    A folder that came from elsewhere could lead what is written out of itself.

    Raises
    ------
    StoreError : it does
    """
    for entry in _entries(folder):
        if entry.name in PARTS:
            is_itself, wanted = entry.is_dir(follow_symlinks=False), "folder"
        elif re.fullmatch(FILES, entry.name):
            is_itself, wanted = entry.is_file(follow_symlinks=False), "file"
        else:
            continue
        if not is_itself:
            what = "a link" if entry.is_symlink() else f"no {wanted}"
            raise StoreError(
                f"{folder / entry.name} is {what}: nothing is read or written through it. Put the"
                f" {wanted} itself there, or remove it."
            )


def mark(folder: Path, database: str) -> None:
    """Say in a folder that the rest of its project lies in a database; once.

    Parameters
    ----------
    folder : of the project
    database : its URL as it may be shown, without a password
    """
    if not (folder / MARKER).exists():
        write_atomically(folder / MARKER, f"{database}\n".encode())


def database_of(folder: Path) -> str | None:
    """Return the URL, without its password, of the database that the rest lies in, if it does."""
    try:
        return " ".join((folder / MARKER).read_text("utf-8")[:1000].split())
    except (OSError, ValueError):
        return None


def _foreign(folder: Path) -> Iterator[str]:
    """Yield what no project has made, by its path inside the folder."""
    for names, room in _rooms(folder):
        for entry in _entries(room):
            is_room = room == folder and entry.name in PARTS
            if not (entry.is_dir(follow_symlinks=False) if is_room else _is_own(entry, names)):
                yield os.path.relpath(entry, folder)


def _is_own(entry: os.DirEntry[str], names: str) -> bool:
    """Tell whether it is a file of the project, whole or half written."""
    pattern = rf"{names}|{TEMPORARY.format(names)}"
    return entry.is_file(follow_symlinks=False) and bool(re.fullmatch(pattern, entry.name))


def _rooms(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the folder and its parts, each with the pattern of the names that belong there."""
    yield FILES, folder
    yield from ((names, folder / part) for part, names in PARTS.items())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds; nothing of one that is a link or is not there."""
    if folder.is_symlink() and folder.name in PARTS:
        return []
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"{folder} cannot be read: {error.strerror}.") from error
