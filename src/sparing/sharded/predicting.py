"""Labels of a model for a pool of shards, written a shard at a time; a second run resumes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparing.encoders.base import nobody
from sparing.errors import InvalidInputError, MissingExtraError, SourceError
from sparing.files import (
    Waits,
    atomic_stream,
    check_writable,
    resumed,
    unsaid,
    write_atomically,
)
from sparing.models.saved import load_model
from sparing.sharded.blocks import blocks_of_shard
from sparing.sharded.engine import ALONE, Engine, run_all
from sparing.sharded.manifest import ENCODING, Shard, ShardManifest, has_manifest
from sparing.sharded.places import ShardPlace
from sparing.sharded.quick import QuickLinear
from sparing.sharded.shardfile import id_column
from sparing.sharded.shardpool import check_shard, check_sizes, hash_of
from sparing.sharded.worker_model import check_width, worker_model
from sparing.types import Tick

FORMAT = 1
NAME, ENDING = "predictions.json", ".labels.parquet"
OF = b"sparing.of"  # in a part: the hashes of what it was made of


@dataclass(frozen=True, slots=True)
class PartTask:
    """One shard to be labeled, for a worker."""

    folder: ShardPlace
    shard: Shard
    model: Path
    model_hash: str
    out: Path

    def __str__(self) -> str:
        return str(self.folder / self.shard.file)

    @property
    def part(self) -> Path:
        """The file of the labels."""
        return self.out / f"{Path(self.shard.file).name}{ENDING}"

    @property
    def of(self) -> bytes:
        """What the labels are made of."""
        return f"{self.shard.sha256} {self.shard.ids} {self.model_hash}".encode()


@dataclass(frozen=True, slots=True)
class ShardLabels:
    """What was done for one shard."""

    file: str
    rows: int
    sha256: str
    is_new: bool


@dataclass(frozen=True, eq=False, slots=True)
class ShardedLabels:
    """What was done for all.

    Parameters
    ----------
    parts : the files, in the order of the shards
    bad : why a shard was skipped, one sentence each
    """

    parts: tuple[ShardLabels, ...]
    bad: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many labels there are."""
        return sum(part.rows for part in self.parts)


def predict_shards(
    folder: ShardPlace,
    manifest: ShardManifest,
    model: Path,
    out: Path,
    *,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
    waits: Waits = unsaid,
) -> ShardedLabels:
    """Write a Parquet file a shard with id, label, confidence and the model's hash.

    Whatever a killed run has written whole is kept, and what it had begun is removed; a second run
    at the same time waits for the first. ``predictions.json`` is written last: where it is, all
    parts are there.

    Parameters
    ----------
    folder, manifest : the pool
    model : file of a saved model
    out : folder of the labels
    engine, skip_bad, progress : as in :func:`sparing.sharded.selecting.select_rows`
    waits : called before another run is waited for

    Raises
    ------
    InvalidInputError : the model is of another width, or ``out`` holds vectors
    ShardError : a shard cannot be read
    SourceError : ``out`` cannot be written
    MissingExtraError : pyarrow is not installed
    """
    _check_arrow()
    saved = load_model(model)
    check_width(saved, manifest, model)
    if not skip_bad:
        check_sizes(folder, manifest)
    check_labels_folder(out)
    named = hash_of(model)
    tasks = [PartTask(folder, shard, model, named, out) for shard in manifest.shards]
    with resumed(out, f"*{ENDING}", waits=waits):
        (out / NAME).unlink(missing_ok=True)  # till all is there again, it speaks of other labels
        parts, bad = run_all(
            label_shard, tasks, engine=engine, skip_bad=skip_bad, progress=progress
        )
        done = ShardedLabels(tuple(parts), bad)
        facts: dict[str, Any] = {
            "sparing_predictions": FORMAT,
            "pool": manifest.digest,
            "model": named,
            "classes": saved.classes,
            "rows": done.rows,
            "parts": [[part.file, part.rows, part.sha256] for part in done.parts],
            "bad": bad,
        }
        write_atomically(out / NAME, json.dumps(facts, indent=1, ensure_ascii=False).encode())
    return done


def check_labels_folder(out: Path) -> None:
    """Refuse a folder of vectors: among its shards labels would be taken for some.

    Raises
    ------
    InvalidInputError : it is one
    SourceError : it cannot be written
    """
    if has_manifest(out) or (out / ENCODING).is_file():
        raise InvalidInputError(
            f"{out} holds vectors, and labels need a folder of their own: name another by --out."
        )
    check_writable(out)


def _check_arrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "Labels of shards") from error


def label_shard(task: PartTask) -> ShardLabels:
    """Write the labels of one shard, unless they are there.

    Raises
    ------
    ShardError : the shard cannot be read, or is not the one of the manifest
    SourceError : the labels cannot be written
    """
    is_new = not _is_there(task)
    if is_new:
        _write(task)
    return ShardLabels(task.part.name, task.shard.rows, hash_of(task.part), is_new)


def _is_there(task: PartTask) -> bool:
    from pyarrow import ArrowException, parquet

    try:
        metadata = parquet.read_metadata(task.part)
    except (OSError, ArrowException):
        return False
    is_whole = metadata.num_rows == task.shard.rows
    return is_whole and (metadata.metadata or {}).get(OF) == task.of


def _write(task: PartTask) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = check_shard(task.folder, task.shard)
    saved = worker_model(task.model)
    codes = np.empty(task.shard.rows, np.int32)
    confidence = np.empty(task.shard.rows, np.float32)
    quick = QuickLinear.of(saved)
    for block in blocks_of_shard(path, task.shard.longest):
        span, unsure = slice(block.first, block.first + len(block)), np.arange(len(block))
        if quick is not None:
            codes[span], confidence[span], unsure = quick.labels(block)
        if len(unsure):
            proba = saved.proba_of(block.vectors(unsure))
            codes[block.first + unsure] = proba.argmax(axis=1)
            confidence[block.first + unsure] = proba.max(axis=1)
    labels = pa.DictionaryArray.from_arrays(codes, pa.array(saved.classes, pa.string()))
    same = np.zeros(task.shard.rows, np.int32)
    model = pa.DictionaryArray.from_arrays(same, pa.array([task.model_hash], pa.string()))
    columns = {
        "id": id_column(path),
        "label": labels,
        "confidence": pa.array(confidence),
        "model": model,
    }
    table = pa.table(columns).replace_schema_metadata({OF: task.of})
    with atomic_stream(task.part) as stream:
        try:
            # Every id is another, and of classes the least and the largest say nothing.
            parquet.write_table(
                table, stream, use_dictionary=["label", "model"], write_statistics=["confidence"]
            )
        except pa.ArrowException as error:
            raise SourceError(f"{task.part} cannot be written: {error}.") from error
