"""Where shards lie: a folder of this machine, or one that a URL names; the single door to both.

A :class:`RemotePath` has those methods of ``pathlib.Path`` that reading shards needs. Whatever goes
wrong far away is a :class:`~sparing.errors.ShardError` with the place in it.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from sparing.errors import MissingExtraError, ShardError, SourceError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # longer than the letter of a drive
BUFFER = 1 << 23  # bytes of a request
PATIENCE = "retry_limit_seconds=30"  # of Google's store; its library would try for 15 minutes
T = TypeVar("T")


class FileFacts(NamedTuple):
    """What tells a change of a file, by the names of ``os.stat``."""

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True, slots=True)
class RemotePath:
    """A folder that a URL names, or a file directly in it; goes to workers by pickle.

    Parameters
    ----------
    url : of the folder, as it was named; it may have a password in it, and is not shown
    name : of the file in it; empty: the folder itself

    Examples
    --------
    >>> folder = RemotePath("s3://key:secret@bucket/vectors?region=eu-west-1")
    >>> print(folder / "part-0.npy")
    s3://bucket/vectors/part-0.npy
    """

    url: str = field(repr=False)
    name: str = ""

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}{parts.path}".rstrip("/")
        return f"{shown}/{self.name}" if self.name else shown

    def __truediv__(self, name: str) -> "RemotePath":
        if self.name or name in ("", ".", "..") or "/" in name:
            raise SourceError(f"{self} has no '{name}': a shard lies directly in its folder.")
        return replace(self, name=name)

    @property
    def called(self) -> str:
        """The name of the folder, or of its bucket: what is made of it here may be called so.

        Examples
        --------
        >>> RemotePath("s3://bucket/some/vectors/?region=eu-west-1").called
        'vectors'
        """
        parts = urlsplit(self.url)
        return PurePosixPath(parts.path).name or str(parts.hostname)

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return PurePosixPath(self.name).suffix

    def with_name(self, name: str) -> "RemotePath":
        """Return another file of the folder."""
        return RemotePath(self.url) / name

    @property
    def filesystem(self) -> Any:
        """What pyarrow reads the place by."""
        return _root(self.url)[0]

    @property
    def key(self) -> str:
        """What the file system calls the place."""
        root = str(_root(self.url)[1])
        return f"{root.rstrip('/')}/{self.name}" if self.name else root

    def is_file(self) -> bool:
        """Tell whether a file is there."""
        return bool(self._info().is_file)

    def stat(self) -> FileFacts:
        """Return size and time of a file.

        Raises
        ------
        ShardError : there is none
        """
        found = self._info()
        if not found.is_file:
            raise ShardError(f"{self} cannot be read: there is no such file.")
        return FileFacts(found.size, found.mtime_ns or 0)

    def sizes(self) -> dict[str, int]:
        """Return the size of each file that lies directly in the folder, by name."""
        from pyarrow import fs

        found = self._answer(lambda: self.filesystem.get_file_info(fs.FileSelector(self.key)))
        return {info.base_name: info.size for info in found if info.is_file}

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Open a file for reading; ``mode`` is ``"rb"``, as of a path."""
        return io.BufferedReader(self.opened(), BUFFER)

    def opened(self) -> Any:
        """Open a file as pyarrow does."""
        return self._answer(lambda: self.filesystem.open_input_file(self.key))

    def read_bytes(self) -> bytes:
        """Return all of a file."""
        with self.open() as stream:
            return self._answer(stream.read)

    def read_text(self, encoding: str) -> str:
        """Return all of a file, as that of a path does."""
        return io.TextIOWrapper(io.BytesIO(self.read_bytes()), encoding).read()

    def _info(self) -> Any:
        return self._answer(lambda: self.filesystem.get_file_info(self.key))

    def _answer(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (OSError, ValueError) as error:
            raise ShardError(f"{self} cannot be read: {why(error)}.") from error


ShardPlace = Path | RemotePath


def place_of(named: str | PathLike[str] | RemotePath) -> ShardPlace:
    """Return the place that a text names: a URL, or a path of this machine. Nothing is asked yet.

    Examples
    --------
    >>> place_of("file:///data/vectors"), place_of("vectors").name
    (RemotePath(name=''), 'vectors')
    """
    if isinstance(named, RemotePath):
        return named
    return RemotePath(named) if isinstance(named, str) and URL.match(named) else Path(named)


def sizes_in(folder: ShardPlace) -> dict[str, int]:
    """Return the size of each file that lies directly in a folder, by name; none is opened."""
    if isinstance(folder, RemotePath):
        return folder.sizes()
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}


def opened_for_arrow(path: ShardPlace) -> Any:
    """Return what pyarrow reads a file by: its path, or a file that was opened at the URL.

    Raises
    ------
    ShardError : there is none at the URL
    """
    return path.opened() if isinstance(path, RemotePath) else path


def why(error: Exception) -> str:
    """Return what an error of reading says, in one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split()).rstrip(".")


@lru_cache(maxsize=8)
def _root(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the folder in it, once a process."""
    shown = str(RemotePath(url))
    try:
        from pyarrow import fs
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "Shards at a URL") from error
    try:
        system, root = fs.FileSystem.from_uri(_patient(url))
    except (OSError, ValueError) as error:
        # What the library says may repeat the URL, with its password.
        said = why(error).replace(_patient(url), shown).replace(url, shown)
        raise SourceError(f"{shown} cannot be opened: {said}.") from error
    if not root:
        raise SourceError(f"{shown} names no folder: say which, such as s3://bucket/vectors.")
    return system, root


def _patient(url: str) -> str:
    if not url.startswith(("gs://", "gcs://")) or "retry_limit_seconds" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{PATIENCE}"
