"""The file of a backup: a zip of a project's own files, and a manifest with the hash of each."""

import json
import os
import re
import shutil
import stat
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from sparing.errors import SourceError
from sparing.project.belongings import PARTS

FORMAT = "sparing backup 1"
MANIFEST = "manifest.json"
DATABASE = "project.db"
NAMES = "|".join(
    [r"project\.db|vectors\.npy|contents\.npz|clusters\.npz|predictions\.json"]
    + [f"{part}/(?:{names})" for part, names in PARTS.items()]
)
"""What may be in a backup: no secret, no lock, no log."""
BLOCK = 1 << 20
LARGEST_MANIFEST = 1 << 24
SAYS_LITTLE = (".npy", ".npz")  # float numbers: packing them costs time and wins nothing


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Parameters
    ----------
    made : when, UTC, ISO 8601
    version : of this package
    source : what the project labels; not in the backup
    n_items, n_events : of the project
    files : name -> (size in bytes, SHA-256)
    """

    made: str
    version: str
    source: str
    n_items: int
    n_events: int
    files: Mapping[str, tuple[int, str]]


def write_archive(stream: IO[bytes], files: Mapping[str, IO[bytes]], about: Manifest) -> Manifest:
    """Write a backup; return the manifest with the files in it.

    Parameters
    ----------
    stream : to write to, from its beginning
    files : name -> where it is read from
    about : without files
    """
    written: dict[str, tuple[int, str]] = {}
    with ZipFile(stream, "w") as archive:
        for name, content in files.items():
            with archive.open(_entry(name), "w", force_zip64=True) as out:
                written[name] = _copy(content, out)
        told = Manifest(**{**asdict(about), "files": written})
        archive.writestr(_entry(MANIFEST), json.dumps({"format": FORMAT, **asdict(told)}, indent=1))
    return told


def manifest_of(archive: ZipFile, path: Path) -> Manifest:
    """Return what a backup says of itself, once every name in it is known to be harmless.

    Raises
    ------
    SourceError : it is no backup, or holds anything but files of a project
    """
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise SourceError(f"{path} holds a name twice: it is no backup.")
    for entry in entries.values():
        _check_entry(entry, path)
    if MANIFEST not in entries or entries[MANIFEST].file_size > LARGEST_MANIFEST:
        raise SourceError(f"{path} is no backup of a project: it has no {MANIFEST}.")
    try:
        told = json.loads(archive.read(MANIFEST))
        if told.pop("format") != FORMAT:
            raise SourceError(f"{path} was made by another version of sparing: update it.")
        files = {str(n): (_number(size), str(mark)) for n, (size, mark) in told["files"].items()}
        words = {name: _word(told[name]) for name in ("made", "version", "source")}
        counts = {name: _number(told[name]) for name in ("n_items", "n_events")}
        manifest = Manifest(**{**told, **words, **counts, "files": files})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"{path} is no backup of a project: its manifest is damaged.") from error
    if set(entries) != {*files, MANIFEST} or DATABASE not in files:
        raise SourceError(f"{path} is damaged: it does not hold what its manifest names.")
    return manifest


def _number(told: object) -> int:
    """Return a size or a count; a size below zero would make room for others on the disk."""
    if not isinstance(told, int) or told < 0:
        raise ValueError(f"{told!r} is no number of anything")
    return told


def _word(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError(f"{told!r} is no text")
    return told


def extract(archive: ZipFile, manifest: Manifest, folder: Path, path: Path) -> None:
    """Write the files of a backup into a folder, for this user alone; each hash is compared.

    Raises
    ------
    SourceError : the disk is too small, or a file is not what the manifest says
    """
    needed, free = sum(size for size, _ in manifest.files.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise SourceError(f"{path} needs {needed:,} bytes, and {free:,} are free.")
    # Vectors before what is known of them, as when they were made: their times tell who fits whom.
    for name, expected in sorted(manifest.files.items(), reverse=True):
        target = folder / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out, archive.open(name) as content:
            found = _copy(content, out, most=expected[0])
            out.flush()
            os.fsync(handle)
        if found != expected:
            raise SourceError(f"{path} is damaged: {name} is not what was backed up.")


DAMAGES = (EOFError, BadZipFile, zlib.error, NotImplementedError)
"""What reading a damaged archive may raise."""


def opened_archive(path: Path) -> ZipFile:
    """Open a backup for reading.

    Raises
    ------
    SourceError : it is not there, or no backup
    """
    try:
        return ZipFile(path)
    except (OSError, ValueError, *DAMAGES) as error:
        raise SourceError(f"{path} is no backup that can be read: {error}.") from error


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # of 1980: the same project makes the same entries
    entry.compress_type = ZIP_STORED if name.endswith(SAYS_LITTLE) else ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


def _check_entry(entry: ZipInfo, path: Path) -> None:
    mode = entry.external_attr >> 16
    is_plain = stat.S_IFMT(mode) in (0, stat.S_IFREG) and not entry.is_dir()
    is_known = entry.filename == MANIFEST or re.fullmatch(NAMES, entry.filename)
    if not (is_plain and is_known):
        what = "a link or no file" if is_known else "no file of a project"
        raise SourceError(f"{path} is no backup of a project: {entry.filename!r} is {what}.")
    if entry.flag_bits & 1 or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise SourceError(f"{path} is no backup of a project: {entry.filename!r} is packed oddly.")


def _copy(content: IO[bytes], out: IO[bytes], most: int | None = None) -> tuple[int, str]:
    """Copy a file, no further than a byte beyond ``most``; return its size and its hash."""
    digest, size = sha256(), 0
    while block := content.read(BLOCK):
        size += len(block)
        if most is not None and size > most:
            break
        digest.update(block)
        out.write(block)
    return size, digest.hexdigest()
