"""Files that are there whole or not at all."""

import math
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from sparing.errors import SourceError
from sparing.system import lock, open_to_lock, open_without_waiting

if TYPE_CHECKING:
    import numpy.typing as npt

Waits = Callable[[], None]  # called where another process is waited for, before that
STAGING = ".sparing-part"
TOKEN = 4  # bytes that tell an unfinished file from others


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write ``content`` to ``path`` so that nobody ever sees a half-written file.

    Folders on the way are made. The bytes are on the disk before the name points at them.

    Parameters
    ----------
    path : of the file
    content : of it
    private : only this user can read it; else whoever can read the folder, as far as the user's
        umask lets them

    Raises
    ------
    SourceError : the path cannot be written; what was there before stays
    """
    with atomic_stream(path, private=private) as stream:
        stream.write(content)


@contextmanager
def atomic_stream(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under ``path`` whole when the block ends, or never.

    What is ``private`` is for this user alone, as in :func:`write_atomically`.

    Raises
    ------
    SourceError : the path cannot be written; what was there before stays
    """
    try:
        make_folder(path.parent)
        descriptor, temporary = _new_beside(path, 0o600 if private else _as_open_as(path.parent))
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def write_arrays(path: Path, arrays: "Mapping[str, npt.ArrayLike]") -> None:
    """Write named arrays as one .npz file; whoever reads sees all of them or none.

    Raises
    ------
    SourceError : the path cannot be written; what was there before stays
    """
    import numpy as np

    plain: dict[str, Any] = dict(arrays)
    with atomic_stream(path) as stream:
        np.savez(stream, allow_pickle=False, **plain)


def read_arrays(path: Path, kind: str) -> "dict[str, npt.NDArray[Any]]":
    """Read what :func:`write_arrays` wrote; objects, which would have to be unpickled, are refused.

    Parameters
    ----------
    path : the file
    kind : what it should be, for the message: "a saved model"

    Raises
    ------
    SourceError : there is no such file, or it is damaged or something else
    """
    import numpy as np

    try:
        with path.open("rb") as stream:
            _check_sizes(stream)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.") from error
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile, RuntimeError) as error:
        raise SourceError(f"{path} is not {kind}, or it is damaged.") from error


def _check_sizes(stream: BufferedReader) -> None:
    """Refuse arrays that say they are larger than the file: memory would be taken for nothing.

    What :func:`write_arrays` writes is not compressed, so that all of it together is smaller.

    Raises
    ------
    ValueError, BadZipFile : they do, or this is no such file
    """
    from numpy.lib import format as npy

    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    left = os.fstat(stream.fileno()).st_size
    with ZipFile(stream) as archive:
        for entry in archive.infolist():
            left -= entry.file_size
            if left < 0:
                raise ValueError("the arrays are larger than the file")
            with archive.open(entry) as array:
                shape, _, dtype = headers[npy.read_magic(array)](array)
            if math.prod(shape) * max(1, dtype.itemsize) > entry.file_size:
                raise ValueError("an array is larger than what is there of it")


def anew(path: Path) -> BinaryIO:
    """Open a new file for writing, for this user alone, in place of whatever bore its name.

    A link is taken away, not followed.

    Raises
    ------
    SourceError : the path cannot be written
    """
    try:
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """Make a folder beside ``target``, for this user alone, to make it in; it is gone at the end.

    What a killed process has left of the same target is removed; what a living one is at is not.

    Raises
    ------
    SourceError : nothing can be written there
    """
    prefix = f".{target.name}."
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f"{escape(prefix)}*{STAGING}"):
            with _held(left) as is_ours:
                if is_ours:
                    shutil.rmtree(left)
        with (
            tempfile.TemporaryDirectory(STAGING, prefix, target.parent) as here,
            _held(Path(here)),
        ):
            yield Path(here)
    except OSError as error:
        raise _unwritable(target, error) from error


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Lock a folder as long as this process lives; tell whether no other holds it. No link."""
    try:
        handle = open_to_lock(folder)
    except OSError:
        yield False
        return
    try:
        is_ours = lock(handle)
    except OSError:
        is_ours = False
    try:
        yield is_ours
    finally:
        os.close(handle)


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Tell whether a file that is there is one of others, by whatever name or link."""
    return path.is_file() and any(other.is_file() and path.samefile(other) for other in others)


def file_fault(path: Path, most_bytes: int | None = None) -> str | None:
    """Return in a few words why a file cannot be read whole, without opening it, or None.

    A pipe or a device would be waited for without end; of a huge file nobody wants to read all.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return "not there"
    except (OSError, ValueError):  # ValueError: a zero byte in its name
        return "not readable by you"
    if not stat.S_ISREG(found.st_mode):
        return "no regular file"
    if most_bytes is not None and found.st_size > most_bytes:
        return f"more than {most_bytes >> 20:,} MB"
    return None if found.st_size else "empty"


def open_regular(path: Path, most_bytes: int | None = None) -> BufferedReader:
    """Open a file to read it, if it is one; a pipe that was put in its place is not waited for.

    Raises
    ------
    SourceError : it is none, empty or has more bytes; the message is as of ``file_fault``
    """
    if fault := file_fault(path, most_bytes):
        raise SourceError(fault)
    try:
        return os.fdopen(open_without_waiting(path), "rb")
    except PermissionError:
        raise SourceError("not readable by you") from None
    except OSError as error:
        raise SourceError(error.strerror or str(error)) from error


def check_writable(folder: Path) -> None:
    """See that files can be written to ``folder``, before long work starts; leave no trace.

    Raises
    ------
    SourceError : the folder cannot be made or written to
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        for path in made:
            if path.is_dir():
                path.rmdir()


def _unwritable(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{path} cannot be written: {error.strerror or error}.")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, none of them more open than the one that it lies in.

    Raises
    ------
    OSError : it cannot be made
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(stat.S_IMODE(folder.parent.stat().st_mode) & 0o777, exist_ok=True)


def unsaid() -> None:
    """Wait without a word."""


@contextmanager
def alone(folder: Path, waits: Waits = unsaid) -> Iterator[None]:
    """Wait until no other process changes what is shared in a folder, and keep it so.

    Parameters
    ----------
    folder : that is locked
    waits : called where another process is there, before it is waited for

    Raises
    ------
    SourceError : there is no such folder
    """
    try:
        handle = open_to_lock(folder)
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror}.") from error
    try:
        with suppress(OSError):  # some shared disks know no locks
            if not lock(handle):
                waits()
                lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


@contextmanager
def resumed(folder: Path, *names: str, waits: Waits = unsaid) -> Iterator[None]:
    """Go on with the files of a folder, :func:`alone`; the folder is made.

    What killed processes were at when they died is removed.

    Parameters
    ----------
    folder : of the files
    names : patterns of those that :func:`atomic_stream` writes there
    waits : as of :func:`alone`

    Raises
    ------
    SourceError : the folder cannot be made
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    with alone(folder.resolve(), waits):
        for name in names:
            for left in folder.glob(f".{name}.{'[0-9a-f]' * 2 * TOKEN}"):
                with suppress(OSError):  # it takes room, and is in nobody's way
                    left.unlink()
        yield


def _as_open_as(folder: Path) -> int:
    """Return the mode of a new file: who cannot read the folder has no business with its files."""
    return stat.S_IMODE(folder.stat().st_mode) & 0o666


def _new_beside(path: Path, mode: int) -> tuple[int, Path]:
    # Not mkstemp: its files are private, and to open them afterwards takes the umask, which is
    # told only by setting it, for all threads.
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(TOKEN)}")
        with suppress(FileExistsError):
            return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), temporary
