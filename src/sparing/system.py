"""What differs between operating systems: the one place that knows which of them this is.

Windows has no ``flock``, opens no folder, follows no flag against links, lets nobody read the
bytes that are locked, replaces and removes no file that somebody has open or mapped, and keeps
who may read a file in lists that its mode says nothing of. Everything else of the package is
written as if there were no difference.
"""

import errno
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from mmap import mmap
from pathlib import Path
from typing import Any, Literal

WINDOWS = os.name == "nt"
NICENESS = 10
LOCKED_BYTES = 0x10000 if WINDOWS else 0  # from the start of a locked file: nobody can read them
MAPPED: Literal["r"] | None = None if WINDOWS else "r"  # of a file that may be replaced meanwhile
START_METHOD: Literal["forkserver", "spawn"] = "forkserver" if sys.platform == "linux" else "spawn"
"""How workers are started: macOS has libraries that may not be copied into another process."""
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)  # for a pipe that nobody writes to
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_POPULATE_READ = 22 if sys.platform == "linux" else None  # which the module mmap does not name


def open_itself(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file that is there under its own name; a link is not followed.

    Parameters
    ----------
    path : of the file
    flags : as of :func:`os.open`
    mode : of a file that is made: for this user alone

    Raises
    ------
    OSError : it is a link, or cannot be opened
    """
    if not _NO_LINK and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return os.open(path, flags | _NO_LINK, mode)


def open_without_waiting(path: Path) -> int:
    """Open a file to read it; a pipe is not waited for.

    Raises
    ------
    OSError : it cannot be opened
    """
    return os.open(path, os.O_RDONLY | _WITHOUT_WAITING)


def load_mapped(file: mmap) -> None:
    """Read what is mapped of a file now, where the system can: no signal comes of it later.

    Raises
    ------
    OSError : it cannot be read
    """
    if _POPULATE_READ is None:
        return
    try:
        file.madvise(_POPULATE_READ)
    except OSError as error:
        if error.errno != errno.EINVAL:  # which Linux before 5.14 says
            raise


def open_to_lock(folder: Path) -> int:
    """Open what stands for a folder where it is locked: the folder itself, where that can be.

    Elsewhere it is a file of the same user's temporary folder that bears the folder's hash: one
    inside the folder would be in the way of whoever moves or removes it.

    Raises
    ------
    OSError : there is no such folder, or it is a link
    """
    if not WINDOWS:
        return open_itself(folder, os.O_RDONLY | os.O_DIRECTORY)
    if not folder.is_dir() or folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    name = os.path.normcase(folder.resolve())
    mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    stands_for_it = Path(tempfile.gettempdir(), f"sparing-{mark}.lock")
    return os.open(stands_for_it, os.O_RDWR | os.O_CREAT, 0o600)


def lock(handle: int, *, wait: bool = False) -> bool:
    """Lock a file for this process, until it closes the handle or dies; tell whether it has it.

    Versions before this one took the same lock: each keeps the other out.

    Parameters
    ----------
    handle : of the file, open for writing
    wait : until whoever has it lets go

    Raises
    ------
    OSError : the disk knows no locks, as some network disks do
    """
    import portalocker

    flags = portalocker.LockFlags.EXCLUSIVE
    try:
        portalocker.lock(handle, flags if wait else flags | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.AlreadyLocked:
        return False
    except portalocker.LockException as error:
        why = error.__cause__
        raise why if isinstance(why, OSError) else OSError(errno.ENOLCK, str(error)) from error
    return True


def stand_back() -> None:
    """Let all others go first from now on: this process computes while somebody labels."""
    import psutil

    own = psutil.Process()
    own.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if WINDOWS else max(NICENESS, own.nice()))


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let a Ctrl-C wait until something is started whole; what is started does not hear of it.

    It hears of those to come once it calls :func:`end_when_interrupted`.
    """
    if WINDOWS or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a new process inherits it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def end_when_interrupted() -> None:
    """Let a Ctrl-C end this worker without a word: who started it says that it was one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not WINDOWS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def split_command(line: str) -> list[str]:
    """Return a command line as program and arguments, by the quotes of this system's shell.

    Raises
    ------
    ValueError : a quote is not closed

    Examples
    --------
    >>> split_command("python train.py --epochs 5")
    ['python', 'train.py', '--epochs', '5']
    """
    parts = shlex.split(line, posix=not WINDOWS)
    return [part.strip('"') for part in parts] if WINDOWS else parts


def start_apart(arguments: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a program as the first of a group of its own: a Ctrl-C in the terminal passes it by.

    Parameters
    ----------
    arguments : the program and what it is given, without a shell
    options : of :class:`subprocess.Popen`

    Raises
    ------
    OSError : it cannot be started
    """
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(  # noqa: S603  # who starts the server has typed it
        list(arguments), start_new_session=not WINDOWS, creationflags=flags, **options
    )


def end_apart(process: "subprocess.Popen[bytes]", patience: float) -> None:
    """End a program that :func:`start_apart` has started, with all that it has started itself.

    Parameters
    ----------
    process : the first of its group; it may be gone already
    patience : seconds that it may take to end by itself
    """
    import psutil

    children = _children(process.pid)
    with suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    for child in children:  # one that has made a group of its own
        with suppress(psutil.Error):
            child.kill()
    process.wait()


def _children(pid: int) -> list[Any]:
    import psutil

    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def is_open_to_others(found: os.stat_result) -> bool:
    """Tell whether other users can read or change a file, as far as its mode says that."""
    return not WINDOWS and bool(stat.S_IMODE(found.st_mode) & 0o077)


def is_own(found: os.stat_result) -> bool:
    """Tell whether a file is of the user who asks; on Windows every file that they can read."""
    return WINDOWS or found.st_uid == os.getuid()


def bind_alone(listener: socket.socket, address: tuple[str, int]) -> None:
    """Bind a socket to an address that nobody listens on.

    A server that has just ended is in nobody's way. Windows lets a second one in by the option
    that says so elsewhere.

    Raises
    ------
    OSError : somebody does listen there
    """
    option = "SO_EXCLUSIVEADDRUSE" if WINDOWS else "SO_REUSEADDR"
    listener.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
    listener.bind(address)


def has_screen() -> bool:
    """Tell whether a browser can show itself: one in the terminal would take that over."""
    has_windows = WINDOWS or sys.platform == "darwin"
    return has_windows or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
