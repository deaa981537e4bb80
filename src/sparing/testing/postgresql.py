"""A PostgreSQL server for tests and benchmarks: on loopback, thrown away afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

DEBIAN = Path("/usr/lib/postgresql")
USER = "postgres"
WAIT = 60  # seconds for the server to start or to stop


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    found = shutil.which("initdb")
    if found and shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    versions = (path for path in DEBIAN.glob("*/bin") if (path / "initdb").is_file())
    return max(versions, key=lambda path: float(path.parent.name), default=None)


class Server:
    """A server with one database, made by :func:`throwaway_server`.

    Parameters
    ----------
    programs : folder of PostgreSQL's programs
    folder : an empty one, of the user that is to run them
    fsync : False: a power cut may damage it, and tests are quicker
    """

    def __init__(self, programs: Path, folder: Path, *, fsync: bool) -> None:
        self._programs = programs
        self._folder = folder
        self._cluster = folder / "cluster"
        self._fsync = "on" if fsync else "off"
        self._names = count(1)
        self.port = _free_port()
        sync = [] if fsync else ["--no-sync"]
        self._run("initdb", "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", *sync)

    def start(self) -> None:
        """Start; returns once it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self._folder} -c fsync={self._fsync}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-t", str(WAIT), "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop; ``mode`` is ``"fast"``, or ``"immediate"``: as if it had crashed."""
        self._run("pg_ctl", "stop", "-w", "-t", str(WAIT), "-m", mode)

    def is_running(self) -> bool:
        """Tell whether it runs."""
        return (self._cluster / "postmaster.pid").exists()

    def new_url(self) -> str:
        """Return the URL of a project that is not there yet."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{USER}?project=p{next(self._names)}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._cluster), *arguments]
        with tempfile.TemporaryFile() as said:  # a pipe would stay open in the server
            done = subprocess.run(  # noqa: S603  # programs of the system
                command, stdout=said, stderr=said, cwd=self._folder, check=False, **_as_user()
            )
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f"{program} failed: {said.read().decode(errors='replace')}")


@contextmanager
def throwaway_server(programs: Path, *, fsync: bool = False) -> Iterator[Server]:
    """Run a server on a free port of 127.0.0.1; stop it and remove all of it in the end.

    Started by root it runs as the user ``postgres``: as root it refuses to.

    Parameters
    ----------
    programs : as of :func:`find_postgresql`
    fsync : as of :class:`Server`
    """
    with tempfile.TemporaryDirectory(prefix="sparing-pg-") as name:
        folder = Path(name)
        if _as_user():
            shutil.chown(folder, USER, USER)
        server = Server(programs, folder, fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            if server.is_running():
                server.stop("immediate")


def _as_user() -> dict[str, Any]:
    return {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
