"""The user's cache: holds only files whose checksum was right when they were put there."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt
from platformdirs import user_cache_path

from sparing.datasets.mnist import _files
from sparing.datasets.mnist._files import MnistFile, NotHere, find, read
from sparing.errors import SourceError

BLOCK = 1 << 16


class Readable(Protocol):
    """What ``save`` copies from: a response, or a member of an archive."""

    def read(self, size: int, /) -> bytes: ...


def cache_folder() -> Path:
    """Return where fetched files are kept between runs."""
    return user_cache_path("sparing") / "mnist"


def missing() -> list[MnistFile]:
    """Return the files that the cache lacks."""
    return [file for file in _files.FILES if find((cache_folder(),), file) is None]


def read_cache(offline: bool, say: Callable[[str], None]) -> list[npt.NDArray[Any]]:
    """Return the arrays of the four cached files; a damaged one is thrown out and reported.

    Raises
    ------
    NotHere : at least one file has to be fetched
    SourceError : a file is damaged and ``offline`` forbids to fetch it again
    """
    arrays = []
    for file in _files.FILES:
        path = find((cache_folder(),), file)
        if path is None:
            continue
        try:
            arrays.append(read(path, file))
        except SourceError as error:
            if offline:
                raise
            say(f"{error} It is thrown out of the cache.")
            _throw_out(path)
    if len(arrays) < len(_files.FILES):
        raise NotHere(f"the cache {cache_folder()} does not hold all four files")
    return arrays


def _throw_out(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise SourceError(f"{path} cannot be removed: {error.strerror}.") from None


def open_cache() -> Path:
    """Return the cache folder after making it.

    Raises
    ------
    NotHere : it cannot be written
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotHere(f"the cache {folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise NotHere(f"the cache {folder} cannot be written")
    return folder


def save(
    stream: Readable, file: MnistFile, target: Path, shown: str, count: Callable[[int], None]
) -> None:
    """Copy ``stream`` to ``target``, which appears only if it is the original ``file``.

    Parameters
    ----------
    stream : plain or gzip bytes; no more than the size of ``file`` is taken, and one block
    file : what it has to be
    target : its folder exists
    shown : what to call the stream in an error
    count : told how many bytes have come

    Raises
    ------
    SourceError : it is not the original; nothing is left behind
    """
    done = 0
    with _replacing(target) as part:
        with part.open("wb") as out:
            while done <= file.size and (block := stream.read(BLOCK)):
                done += out.write(block)
                count(done)
        read(part, file, shown)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a file to write; it becomes ``target`` at the end, or vanishes on any exception."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
