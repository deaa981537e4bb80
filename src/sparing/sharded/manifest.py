"""The manifest of a folder of shards: what each holds, by hash; size and time tell a change."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparing.errors import SourceError
from sparing.files import write_atomically
from sparing.sharded.places import RemotePath, ShardPlace

FORMAT = 1
NAME = "manifest.json"
ENCODING = "encoding.json"  # of a folder whose shards are being encoded, or were


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of vectors.

    Parameters
    ----------
    file : its name in the folder
    rows : how many vectors it has
    n_bytes, mtime_ns : of the file; where both are as they were, its hash is not taken again
    sha256 : of the file
    ids : hash of the ids of its rows, one a line, and of the scales beside it
    longest : no vector is longer; None in manifests of before
    """

    file: str
    rows: int
    n_bytes: int
    mtime_ns: int
    sha256: str
    ids: str
    longest: float | None = None


@dataclass(frozen=True, slots=True)
class ShardManifest:
    """All that a folder of shards is.

    Parameters
    ----------
    columns : how long the vectors are
    dtype : ``"float32"``, ``"float64"``, ``"float16"`` or ``"int8"``
    shards : in the order of their names
    """

    columns: int
    dtype: str
    shards: tuple[Shard, ...]

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return sum(shard.rows for shard in self.shards)

    @property
    def digest(self) -> str:
        """Names all contents and ids, wherever the folder lies."""
        parts = [[s.file, s.rows, s.sha256, s.ids] for s in self.shards]
        text = json.dumps([self.columns, self.dtype, parts])
        return hashlib.sha256(text.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write the manifest beside its shards, whole or not at all.

        Raises
        ------
        SourceError : the folder cannot be written
        """
        facts = {"sparing_shards": FORMAT, **asdict(self), "digest": self.digest}
        write_atomically(folder / NAME, json.dumps(facts, indent=1).encode())


def has_manifest(folder: Path) -> bool:
    """Tell whether a folder says that it is a pool of shards.

    Examples
    --------
    >>> has_manifest(Path("nowhere"))
    False
    """
    path = folder / NAME
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return b'"sparing_shards"' in stream.read(64)


def read_manifest(folder: ShardPlace) -> ShardManifest:
    """Read the manifest of a folder.

    Raises
    ------
    SourceError : there is none, or it is damaged or of another version
    """
    path = folder / NAME
    if not path.is_file():
        how = f"'sparing shards {folder}' makes it"
        if isinstance(folder, RemotePath):
            how = "'sparing shards' makes it where the folder is on a disk, before it is copied"
        raise SourceError(f"{folder} has no {NAME}: {how}.")
    try:
        facts = json.loads(path.read_text("utf-8"))
        version = facts["sparing_shards"]
        manifest = _manifest(facts) if version == FORMAT else None
        fits = manifest is None or manifest.digest == facts["digest"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise SourceError(f"{path} is not a manifest of shards, or it is damaged.") from error
    if manifest is None:
        raise SourceError(f"{path} was written in format {version}; this version reads {FORMAT}.")
    if not fits:
        raise SourceError(f"{path} was changed by hand: its hash does not fit.")
    return manifest


def _manifest(facts: dict[str, Any]) -> ShardManifest:
    shards = tuple(Shard(**shard) for shard in facts["shards"])
    if any(Path(shard.file).name != shard.file for shard in shards):
        raise ValueError("a shard outside the folder")
    return ShardManifest(int(facts["columns"]), str(facts["dtype"]), shards)
