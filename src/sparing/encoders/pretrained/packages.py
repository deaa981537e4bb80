"""Files of models that are installed as Python packages: found by path, checked by hash.

The packages are looked up by what the installer has written down of them. Nothing of their code is
ever imported, and a file of another content is no such file.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from sparing.errors import MissingExtraError, SourceError


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file of a package.

    Parameters
    ----------
    package : its name in the package registry
    ending : of the file's path inside it
    sha256 : of the file's content
    extra : of this project, with which it is installed
    """

    package: str
    ending: str
    sha256: str
    extra: str

    def find(self) -> Path | None:
        """Return where the file is, unread; None if the package is not installed."""
        try:
            files = distribution(self.package).files or []
        except PackageNotFoundError:
            return None
        there = [Path(str(f.locate())) for f in files if str(f).endswith(self.ending)]
        return there[0] if there and there[0].is_file() else None

    def path(self) -> Path:
        """Return where the file is, its content checked.

        Raises
        ------
        MissingExtraError : the package is not installed
        SourceError : its content is another one
        """
        found = self.find()
        if found is None:
            raise MissingExtraError(self.package, self.extra, "Its vectors")
        if file_hash(found) != self.sha256:
            raise SourceError(
                f"{found} is not the file that was tested: its SHA-256 must be {self.sha256}."
                f" Install {self.package} again."
            )
        return found


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content; read anew only when its size or time has changed.

    Raises
    ------
    SourceError : it cannot be read
    """
    try:
        status = path.stat()
        return _hashed(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error


@lru_cache(maxsize=64)
def _hashed(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
