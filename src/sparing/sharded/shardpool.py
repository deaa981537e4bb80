"""A folder of shards as one pool: its manifest is made once, and holds afterwards."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sparing.encoders.base import nobody
from sparing.errors import ShardError, SourceError
from sparing.sharded.blocks import blocks_of_shard, longest_of
from sparing.sharded.manifest import Shard, ShardManifest, read_manifest
from sparing.sharded.places import ShardPlace, sizes_in, why
from sparing.sharded.shardfile import (
    NOT_KEPT,
    SCALES,
    ShardHeader,
    beside,
    header_of,
    ids_of,
    is_kept,
    is_shard,
)
from sparing.types import Tick


def index_shards(folder: Path, progress: Tick = nobody) -> ShardManifest:
    """Read all shards of a folder once, check them, and write their manifest.

    Parameters
    ----------
    folder : with .npy or Parquet shards, of the same width and type
    progress : told how many shards are read

    Raises
    ------
    SourceError : no shards, one that cannot be read, differs from the first, or has NaN; an id
        that occurs twice, or that a table would not give back as it is. No manifest is written then
    """
    paths = sorted(path for path in folder.glob("*") if is_shard(path) and path.is_file())
    if not paths:
        raise SourceError(f"{folder} has no shards: files that end in .npy or .parquet.")
    first, shards, hashes = header_of(paths[0]), [], []
    for n, path in enumerate(paths, 1):
        _check_alike(path, header_of(path), paths[0], first)
        longest = max(longest_of(block.vectors()) for block in blocks_of_shard(path))
        ids = ids_of(path)
        _check_kept(path, ids)
        hashes.append(np.fromiter(map(hash, ids), np.int64, len(ids)))
        shards.append(_shard(path, ids, longest))
        progress(n, len(paths))
    _check_distinct(paths, hashes)
    manifest = ShardManifest(first.columns, first.dtype, tuple(shards))
    manifest.write(folder)
    return manifest


def _shard(path: Path, ids: Sequence[str], longest: float) -> Shard:
    found = path.stat()
    named = hashlib.sha256("\n".join(ids).encode("utf-8", "surrogatepass"))
    if (scales := beside(path, SCALES)).is_file():
        named.update(bytes.fromhex(hash_of(scales)))
    of_file, of_ids = hash_of(path), named.hexdigest()
    size, time = found.st_size, found.st_mtime_ns
    return Shard(path.name, len(ids), size, time, of_file, of_ids, longest)


def hash_of(path: ShardPlace) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    ShardError : it cannot be read
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ShardError(f"{path} cannot be read: {why(error)}.") from error


def _check_alike(path: Path, found: ShardHeader, first_path: Path, first: ShardHeader) -> None:
    if (found.columns, found.dtype) != (first.columns, first.dtype):
        raise ShardError(
            f"{path} has {found.columns} columns of {found.dtype}, and {first_path.name}"
            f" {first.columns} of {first.dtype}: all shards must be alike."
        )


def _check_kept(path: Path, ids: Sequence[str]) -> None:
    """Refuse ids that a table would lose, or take for those of other items."""
    row = next((row for row, name in enumerate(ids) if not is_kept(name)), None)
    if row is not None:
        raise ShardError(
            f"{path} has the id {ids[row]!r} in row {row}, and {NOT_KEPT}: give it another."
        )


def _check_distinct(paths: Sequence[Path], hashes: Sequence[np.typing.NDArray[np.int64]]) -> None:
    """Refuse ids that occur twice; equal hashes are few, and only their ids are compared."""
    values, counts = np.unique(np.concatenate(hashes), return_counts=True)
    suspects = values[counts > 1]
    if not len(suspects):
        return
    seen: Counter[str] = Counter()
    for path, own in zip(paths, hashes, strict=True):
        rows = np.flatnonzero(np.isin(own, suspects))
        if len(rows):
            ids = ids_of(path)
            seen.update(ids[row] for row in rows.tolist())
    name, times = seen.most_common(1)[0]
    if times > 1:
        raise SourceError(f"Id '{name}' occurs {times} times: every id has to be there once.")


def open_shards(folder: ShardPlace) -> ShardManifest:
    """Return the manifest of a folder whose shards are those that it names; none is read.

    Raises
    ------
    SourceError : no manifest; a shard is missing, or is there and not in it
    """
    manifest = read_manifest(folder)
    named = {shard.file for shard in manifest.shards}
    there = {name for name in sizes_in(folder) if is_shard(folder / name)}
    for name, what in ((named - there, "is not there"), (there - named, "is not in the manifest")):
        if name:
            raise SourceError(
                f"{folder / min(name)} {what}: put it right, or 'sparing shards {folder}' anew."
            )
    return manifest


def check_sizes(folder: ShardPlace, manifest: ShardManifest) -> None:
    """Refuse shards of another size than in the manifest, before the work begins; none is opened.

    Raises
    ------
    ShardError : one is longer or shorter
    """
    sizes = sizes_in(folder)
    for shard in manifest.shards:
        size = sizes.get(shard.file, 0)
        if size != shard.n_bytes:
            raise ShardError(
                f"{folder / shard.file} has {size:,} bytes, and {shard.n_bytes:,} in the manifest:"
                f" copy it again, or 'sparing shards {folder}' anew; --skip-bad goes on without it."
            )


def check_shard(folder: ShardPlace, shard: Shard) -> ShardPlace:
    """Return where a shard is, if it is the one that the manifest names.

    Its hash is taken only where size or time of the file are not as they were.

    Raises
    ------
    ShardError : it is another
    """
    path = folder / shard.file
    try:
        found = path.stat()
    except OSError as error:
        raise ShardError(f"{path} cannot be read: {why(error)}.") from error
    is_same = found.st_size == shard.n_bytes
    if is_same and found.st_mtime_ns != shard.mtime_ns:
        is_same = hash_of(path) == shard.sha256
    if not is_same:
        raise ShardError(
            f"{path} is not the shard that the manifest names: 'sparing shards {folder}' anew."
        )
    return path
