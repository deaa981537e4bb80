"""The folder of a project: what lies where, its secret, and the lock that one process holds."""

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sparing.errors import ConflictError, InvalidInputError, StoreError
from sparing.files import alone, write_atomically
from sparing.project.source.items import MNIST
from sparing.store import Version
from sparing.store.engine import shown_url, sqlite_url
from sparing.system import LOCKED_BYTES, is_own, lock, open_itself

SUFFIX = ".sparing"
SECRET_BYTES, SECRET = 32, re.compile(r"[A-Za-z0-9_-]{43}")
MARK = re.compile(r"(-[0-9a-f]+)?")
PRINCIPAL, NEIGHBORS = "principal", "neighbors"  # the kinds of a map


def default_folder(source: str) -> Path:
    """Return where the project of a source lies if nobody says otherwise: beside it.

    Examples
    --------
    >>> default_folder("some/photos").as_posix(), default_folder("mnist").as_posix()
    ('some/photos.sparing', 'mnist.sparing')

    Raises
    ------
    InvalidInputError : nothing lies beside it, as it is a whole disk
    """
    if source == MNIST and not Path(source).exists():
        return Path(MNIST + SUFFIX)
    path = Path(source).resolve() if Path(source).name in ("", "..") else Path(source)
    if not path.name:
        raise InvalidInputError(
            f"{path} is no project, and nothing lies beside a whole disk: name the folder of the"
            " project."
        )
    return path.with_name(path.name + SUFFIX)


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """Names of all that a project keeps.

    Parameters
    ----------
    path : of the folder
    url : of the database where it is a PostgreSQL one; then several processes share the folder
    """

    path: Path
    url: str = ""

    @property
    def database(self) -> Path:
        """Settings, items, events and model versions, where they lie in the folder."""
        return self.path / "project.db"

    @property
    def store_url(self) -> str:
        """The URL of the database; may have a password."""
        return self.url or sqlite_url(self.database)

    @property
    def is_shared(self) -> bool:
        """Whether several processes may write to the project at once."""
        return bool(self.url)

    @property
    def name(self) -> str:
        """What the project is called in messages; never has a password."""
        return shown_url(self.url) if self.url else self.path.name

    @property
    def vectors(self) -> Path:
        """The items as float32 vectors, one row an item."""
        return self.path / "vectors.npy"

    @property
    def contents(self) -> Path:
        """What was found when the items were encoded: hashes, faults."""
        return self.path / "contents.npz"

    @property
    def predictions(self) -> Path:
        """Predictions of others, which are shown as guesses."""
        return self.path / "predictions.json"

    @property
    def clusters(self) -> Path:
        """Which items are alike, as far as that shows without labels."""
        return self.path / "clusters.npz"

    @property
    def trainer_log(self) -> Path:
        """What the trainer said before it died, if it did."""
        return self.path / "trainer.log"

    def scores(self, version: Version) -> Path:
        """What one model version says of every item."""
        return self.new_scores(version.version, version.facts.mark)

    def new_scores(self, version: int, mark: str) -> Path:
        """Where a model version is written; ``mark`` keeps apart what two processes make."""
        if not MARK.fullmatch(str(mark)):  # it would lead out of the folder
            raise StoreError(f"Model version {version} of {self.name} has a mark that is none.")
        return self.path / "snapshots" / f"{version}{mark}.npz"

    def map(self, kind: str, mark: str) -> Path:
        """Where the items with this fingerprint lie on a map, float32 (n_rows, 2)."""
        return self.path / "maps" / f"{kind}-{mark}.npy"

    def map_work(self, mark: str) -> Path:
        """How far a map has come that is not done."""
        return self.path / "maps" / f"work-{mark}.npz"

    def sights(self, mark: str) -> Path:
        """What a network that reads words too makes of the items with this fingerprint."""
        return self.path / "maps" / f"sights-{mark}.npy"

    def audit(self, attempt: int) -> Path:
        """A draw, without its predictions."""
        return self.path / "audits" / f"{attempt}.json"

    def frozen(self, attempt: int) -> Path:
        """The predictions that a draw froze."""
        return self.path / "audits" / f"{attempt}.npz"

    def certificate(self, attempt: int) -> Path:
        """The certificate of a draw."""
        return self.path / "certificates" / f"{attempt}.json"

    def labels(self, attempt: int) -> Path:
        """The labels as they were certified."""
        return self.path / "certificates" / f"{attempt}.npz"

    def exists(self) -> bool:
        """Tell whether there is a project here."""
        return self.database.is_file()

    def secret(self) -> str:
        """Return the project's secret; it is made, for this user alone, when first asked for.

        One that is damaged, as by a disk that was full, is no secret, and is made anew; so is one
        of another folder, as in a copy: who knows the secret of the one does not know the other's.
        """
        path = self.path / "secret"
        with alone(self.path):
            lines = _secret_lines(path)
            found, *bound = lines or [secrets.token_urlsafe(SECRET_BYTES)]
            here = [] if self.is_shared else self._identity()  # others may see it at other places
            if bound and here and not {*bound} & {*here}:
                found = secrets.token_urlsafe(SECRET_BYTES)
            if lines != [found, *here]:
                write_atomically(path, "\n".join([found, *here]).encode(), private=True)
        return found

    def has_own_secret(self) -> bool:
        """Tell whether a secret lies here that this user made in this very folder.

        One that came with a folder from elsewhere is bound to another: nobody knows beforehand
        which number a folder will have.
        """
        path = self.path / "secret"
        try:
            is_mine = is_own(path.lstat())
        except OSError:
            return False
        return is_mine and not self.is_shared and _secret_lines(path)[1:] == self._identity()

    def _identity(self) -> list[str]:
        """Return what tells this folder from a copy: one of the two stays when it is moved."""
        return [str(self.path.stat().st_ino), ascii(str(self.path.resolve()))]


def _secret_lines(path: Path) -> list[str]:
    """Return a secret and of which folder it is, where that stands there; nothing: it is none."""
    try:
        lines = path.read_bytes().decode("ascii", "replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    return lines if SECRET.fullmatch(lines[0]) and len(lines) in (1, 3) else []


class Lock:
    """Says who writes to a project; it is let go by the system when that process dies.

    Parameters
    ----------
    folder : of the project

    Raises
    ------
    ConflictError : another process holds it; the message names that process and its address
    StoreError : the folder cannot be written, or its disk knows no locks, as some network disks do
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        try:
            handle = open_itself(folder / "lock", os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
        file = os.fdopen(handle, "r+b", buffering=0)
        try:
            is_ours = lock(handle)
        except OSError as error:
            file.close()
            raise StoreError(
                f"The disk of {folder} cannot lock files ({error.strerror}): keep the project"
                " on a disk of this machine, by --project."
            ) from error
        if not is_ours:
            with file:
                raise ConflictError(
                    f"{folder.name} is in use by {_holder(file)}. One process at a time writes to"
                    " it: stop that one first, which loses no answer."
                )
        self._file = file
        try:
            self.announce(None)
        except OSError as error:
            self.release()
            raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error

    def announce(self, url: str | None) -> None:
        """Write down where this process can be found."""
        if self._file is not None:
            self._file.seek(LOCKED_BYTES)
            self._file.truncate()
            self._file.write(json.dumps({"pid": os.getpid(), "url": url}).encode())

    def release(self) -> None:
        """Let go; may be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(file: BinaryIO) -> str:
    try:
        file.seek(LOCKED_BYTES)
        told = json.loads(file.read() or b"{}")
        where = f" at {told['url']}" if told.get("url") else ""
        return f"process {told['pid']}{where}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "another process"
