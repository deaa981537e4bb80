"""A Python that lacks what Windows lacks, for a process and those that it starts.

Whoever puts this folder on PYTHONPATH gets: no ``fcntl`` and no other POSIX module for sparing, no
flag and no call that the os, signal and socket modules of Windows do not have, no folder that can
be opened, no file replaced or removed that some process has open or mapped, no console in UTF-8,
and text files in the code page of Western Europe for whoever names no encoding. ``sparing.system``
believes to be on Windows; libraries go on knowing better.
"""

import builtins
import os
import signal
import socket
import stat
import sys
import tempfile
from pathlib import Path

import platformdirs.unix  # noqa: F401  # asks for getuid where it is imported
import portalocker  # noqa: F401  # takes its locks by fcntl here; on Windows by msvcrt
import psutil

POSIX_MODULES = {"fcntl", "grp", "pwd", "resource", "termios", "posix"}
LACKING = {
    os: ("O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_CLOEXEC", "nice", "getuid", "geteuid",
         "getgid", "chown", "fchmod", "killpg", "getpgid", "setsid", "mkfifo"),
    signal: ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD"),
    socket: ("SO_REUSEPORT",),
}  # fmt: skip


def held_open(path: str) -> bool:
    """Tell whether a process of this user has a file open, or mapped."""
    try:
        found = Path(path).lstat()
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode):
        return False
    whole = os.path.realpath(path)
    return any(_has(process, found, whole) for process in Path("/proc").glob("[0-9]*"))


def _has(process: Path, found: os.stat_result, whole: str) -> bool:
    try:
        for handle in (process / "fd").iterdir():
            try:
                if os.path.samestat(handle.stat(), found):
                    return True
            except OSError:
                continue
        return any(line.rstrip().endswith(f" {whole}") for line in (process / "maps").open())
    except OSError:
        return False


def unless_open(name: str) -> None:
    """Refuse a call on files that are open, as Windows does."""
    call = getattr(os, name)

    def refused(*places, **options):
        if not options and any(held_open(os.fspath(place)) for place in places):
            raise PermissionError(13, "The process cannot access the file: it is being used")
        return call(*places, **options)

    setattr(os, name, refused)


def open_no_folder(path, flags, *rest, _open=os.open, **options):
    """Open a file; a folder is refused."""
    if not options and isinstance(path, str | os.PathLike) and Path(path).is_dir():
        raise PermissionError(13, "Permission denied", os.fspath(path))
    return _open(path, flags, *rest, **options)


def imported(name, globals=None, *rest, _import=builtins.__import__, **more):  # noqa: A002
    """Import a module, unless Windows has none of the name and sparing asks for it."""
    if name in POSIX_MODULES and str((globals or {}).get("__name__", "")).startswith("sparing"):
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    return _import(name, globals, *rest, **more)


os.name = "nt"
try:
    import sparing.system
finally:
    os.name = "posix"
assert sparing.system.WINDOWS
psutil.BELOW_NORMAL_PRIORITY_CLASS = 10
socket.SO_EXCLUSIVEADDRUSE = socket.SO_REUSEADDR
tempfile.TemporaryFile = tempfile.NamedTemporaryFile
builtins.__import__ = imported
os.open = open_no_folder
for name in ("replace", "rename", "unlink", "remove"):
    unless_open(name)
for module, names in LACKING.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="cp1252")
