"""The labels of a pool of shards as predictions to be certified: without vectors, and without ids.

In memory are a class, a confidence and a label a row; ids are read where they are asked for, a
shard at a time. The hashes of the manifest stand for what the rows are, and a hash of the ids of
each shard for how they are called: ids that changed places would be other labels.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from sparing.audit.autolabel import HANDED_BACK, MODEL, SOURCES, AutoLabels
from sparing.errors import MissingExtraError, SourceError, VoidAuditError
from sparing.files import atomic_stream
from sparing.memory import check_memory
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions, items_digest
from sparing.sharded.engine import ALONE, Engine, results
from sparing.sharded.places import ShardPlace, opened_for_arrow
from sparing.sharded.predicting import FORMAT, NAME
from sparing.sharded.shardfile import NOT_KEPT, PARQUET, first_not_kept, is_kept
from sparing.sharded.shardpool import hash_of
from sparing.types import Array, IntArray

NAMES_AT_ONCE = 100_000
REPEATED = ["label", "source", "certificate"]  # columns of few values
BYTES_A_ROW = 40  # of codes, ranks, and where each label is from, while it is certified


@dataclass(frozen=True, slots=True)
class LabelPart:
    """The labels of one shard.

    Parameters
    ----------
    path : of the Parquet file that ``sparing predict`` wrote
    first, rows : which rows of the pool they are
    """

    path: ShardPlace
    first: int
    rows: int

    def ids(self) -> Any:
        """Return the ids, one a row, as an array of Arrow: no text of Python is made of them."""
        import pyarrow as pa

        return read_columns(self.path, "id").column("id").combine_chunks().cast(pa.large_string())


@dataclass(frozen=True, eq=False, slots=True)
class LabeledShards:
    """All labels that a model gave to a pool of shards.

    Parameters
    ----------
    parts : the files, in the order of the shards; rows are numbered through them
    predictions : of all rows
    without_ids : what ``predictions.items`` was before ids had a part in it
    """

    parts: tuple[LabelPart, ...]
    predictions: Predictions
    without_ids: str

    def check_bound(self, digest: str) -> None:
        """Raise VoidAuditError if predictions were frozen just as these are, but for their ids.

        Parameters
        ----------
        digest : of the predictions of an audit
        """
        mine = self.predictions
        if digest != mine.digest and digest == replace(mine, items=self.without_ids).digest:
            raise VoidAuditError(
                "The audit was drawn by a version of sparing that did not freeze which id has which"
                " label, so nobody can tell whether ids have changed places since: draw a new audit"
                " with --again."
            )

    def names_of(self, rows: IntArray) -> Iterator[str]:
        """Yield the ids of some rows, in their order."""
        import pyarrow as pa

        order = np.argsort(rows)
        ends = np.searchsorted(rows[order], [part.first + part.rows for part in self.parts])
        found = [pa.array([], pa.large_string())]
        for part, start, end in zip(self.parts, (0, *ends), ends, strict=False):
            if end > start:
                ids = part.ids().take(pa.array(rows[order[start:end]] - part.first))
                found.append(ids)
        names, place = pa.concat_arrays(found), np.empty_like(order)
        place[order] = np.arange(len(order))
        for first in range(0, len(place), NAMES_AT_ONCE):
            yield from names.take(pa.array(place[first : first + NAMES_AT_ONCE])).to_pylist()

    def rows_of(self, names: Iterable[str]) -> dict[str, int]:
        """Return the row of each of these ids, as far as they are there."""
        return _rows_of(self.parts, names)

    def write_labels(self, folder: Path, labels: AutoLabels) -> None:
        """Write a Parquet file a shard: id, label, whose it is, and what vouches for it.

        Raises
        ------
        SourceError : the folder cannot be written
        """
        from pyarrow import parquet

        for part in self.parts:
            with atomic_stream(folder / part.path.name) as stream:
                # Every id is another: no dictionary is tried for them.
                parquet.write_table(_certified(part, labels), stream, use_dictionary=REPEATED)

    def has_labels(self, folder: Path, forms: Sequence[AutoLabels]) -> bool:
        """Tell whether a folder holds just these labels, but for what was handed back since.

        Each row is as in one of the forms.
        """
        paths = [folder / part.path.name for part in self.parts]
        # A file more would be read as labels, too.
        there = {path for path in folder.rglob("*") if path.suffix.lower() in PARQUET}
        return there == {*paths} and all(
            _is_as_certified(read_columns(path), [_certified(part, form) for form in forms])
            for path, part in zip(paths, self.parts, strict=True)
        )


def has_labels_of_shards(folder: ShardPlace) -> bool:
    """Tell whether a folder is one that ``sparing predict`` wrote for shards."""
    return (folder / NAME).is_file()


def read_labeled_shards(
    folder: ShardPlace,
    labels_of: Callable[[], Mapping[str, str]],
    version: int = 0,
    *,
    engine: Engine = ALONE,
) -> LabeledShards:
    """Read the labels of a pool of shards, all but the ids.

    Parameters
    ----------
    folder : that ``sparing predict`` wrote, or the URL of a copy
    labels_of : gives what people had labeled before, by id
    version : of the model
    engine : who reads and hashes the files; what is read is the same

    Raises
    ------
    SourceError : a file is missing, or is not the one that was written; labels for unknown ids
    MemoryBudgetError : the labels would not fit into memory
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "Labels of shards") from error
    facts = _facts(folder)
    check_memory(BYTES_A_ROW * facts["rows"], str(folder), "certify a part of it")
    tasks = tuple(_tasks(folder, facts))
    parts = tuple(task.part for task in tasks)
    codes, confidence = np.empty(facts["rows"], np.int32), np.empty(facts["rows"], np.float32)
    named = [""] * len(parts)
    for i, read in results(read_part, tasks, {}, engine=engine):
        inside = slice(parts[i].first, parts[i].first + parts[i].rows)
        codes[inside], confidence[inside], named[i] = read
    known = labels_of()
    classes = ClassTable(tuple(facts["classes"])).with_values(sorted(set(known.values())))
    y = np.full(len(codes), UNLABELED, np.int32)
    rows = _rows_of(parts, known)
    if len(rows) < len(known):
        missing = min(known.keys() - rows.keys())
        raise SourceError(
            f"{len(known) - len(rows)} labels are for ids that {folder} does not have, such as"
            f" '{missing}'."
        )
    y[[*rows.values()]] = classes.encode(known[name] for name in rows)
    for array in (codes, confidence, y):
        array.flags.writeable = False  # so no copy is made of it
    rows_are = [facts["pool"]], [str(one) for one in facts["bad"]]
    what = items_digest(*rows_are, named)
    predictions = Predictions(codes, confidence, y, classes, version, what)
    return LabeledShards(parts, predictions, items_digest(*rows_are))


def _facts(folder: ShardPlace) -> dict[str, Any]:
    path = folder / NAME
    try:
        facts = json.loads(path.read_bytes())
        if facts["sparing_predictions"] != FORMAT:
            raise SourceError(f"{path} is of format {facts['sparing_predictions']}, not {FORMAT}.")
        if facts["rows"] != sum(rows for _, rows, _ in facts["parts"]):
            raise ValueError("rows")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path} is not what 'sparing predict' writes: make it anew.") from error
    lost = next((name for name in facts["classes"] if not is_kept(name)), None)
    if lost is not None:
        raise SourceError(
            f"{path} has the class {lost!r}, and {NOT_KEPT}: teach the model another name, and"
            " 'sparing predict' anew."
        )
    return facts  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class ReadTask:
    """The labels of one shard to be read, for a worker."""

    part: LabelPart
    sha256: str
    classes: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.part.path)


def _tasks(folder: ShardPlace, facts: Mapping[str, Any]) -> Iterator[ReadTask]:
    first, classes = 0, tuple(facts["classes"])
    for name, rows, sha256 in facts["parts"]:
        yield ReadTask(LabelPart(folder / Path(name).name, first, rows), sha256, classes)
        first += rows


def read_part(task: ReadTask) -> tuple[IntArray, Array, str]:
    """Return (rows,) codes and confidences of one shard, and the hash of its ids.

    Raises
    ------
    SourceError : its file is not the one that was written, or is not there; it has an id that a
        table of answers would not give back as it is
    """
    part = task.part
    if hash_of(part.path) != task.sha256:
        raise SourceError(f"{part.path} was changed after it was written: 'sparing predict' anew.")
    table = read_columns(part.path, "label", "confidence")
    labels = table.column("label").combine_chunks()
    code_of = {name: code for code, name in enumerate(task.classes)}
    of_file = np.array([code_of[name] for name in labels.dictionary.to_pylist()], np.int32)
    codes, confidence = of_file[labels.indices.to_numpy()], table.column("confidence").to_numpy()
    ids = part.ids()
    if (row := first_not_kept(ids)) >= 0:
        raise SourceError(
            f"{part.path} has the id {ids[row].as_py()!r} in row {row}, and {NOT_KEPT}: give it"
            " another beside the vectors, then 'sparing shards' and 'sparing predict' anew."
        )
    return codes, confidence, _hash_of_ids(ids)


def _hash_of_ids(ids: Any) -> str:
    """Return what names texts in their order, however a file packs them: lengths, then letters."""
    _, offsets, letters = ids.buffers()
    ends = np.frombuffer(offsets, "<i8")[ids.offset : ids.offset + len(ids) + 1]
    digest = hashlib.sha256(np.diff(ends).data)
    digest.update(memoryview(letters or b"")[ends[0] : ends[-1]])
    return digest.hexdigest()


def _rows_of(parts: Iterable[LabelPart], names: Iterable[str]) -> dict[str, int]:
    import pyarrow as pa
    from pyarrow import compute

    wanted, found = pa.array(set(names), pa.large_string()), dict[str, int]()
    for part in parts:
        if len(found) == len(wanted):
            break
        ids = part.ids()
        rows = np.flatnonzero(compute.is_in(ids, value_set=wanted))
        found |= zip(
            ids.take(pa.array(rows)).to_pylist(), (part.first + rows).tolist(), strict=True
        )
    return found


def read_columns(path: ShardPlace, *names: str) -> Any:
    """Read some columns of a part of the labels as a table of Arrow; without names all of them."""
    from pyarrow import parquet

    with parquet.ParquetFile(opened_for_arrow(path), read_dictionary=["label"]) as file:
        return file.read([*names] or None, use_threads=False)


def _certified(part: LabelPart, labels: AutoLabels) -> Any:
    """Return the rows of one shard as a table."""
    import pyarrow as pa

    inside = slice(part.first, part.first + part.rows)
    codes, origin = labels.codes[inside], labels.origin[inside]
    by_model, has_none = origin == MODEL, codes < 0
    names = pa.array([str(value) for value in labels.classes.values], pa.string())
    digest = labels.certificate.digest if labels.certificate else ""
    same = pa.array(np.zeros(part.rows, np.int32), mask=~by_model)
    return pa.table(
        {
            "id": part.ids(),
            "label": pa.DictionaryArray.from_arrays(
                pa.array(np.where(has_none, 0, codes), mask=has_none), names
            ),
            "source": pa.DictionaryArray.from_arrays(
                pa.array(origin.astype(np.int32)), pa.array(SOURCES, pa.string())
            ),
            "confidence": pa.array(labels.confidence[inside], mask=~by_model),
            "certificate": pa.DictionaryArray.from_arrays(same, pa.array([digest], pa.string())),
        }
    )


def _is_as_certified(written: Any, forms: Sequence[Any]) -> bool:
    """Tell whether each row of a table is as in one of others, or has a label since."""
    from pyarrow import compute

    if not all(_is_alike(written, form) for form in forms):
        return False
    return bool(compute.all(reduce(compute.or_, (_same(written, one) for one in forms))).as_py())


def _is_alike(one: Any, other: Any) -> bool:
    """Tell whether two tables have the same columns, and as many rows."""
    types = [[_plain(column).type for column in table] for table in (one, other)]
    return (
        one.column_names == other.column_names and len(one) == len(other) and types[0] == types[1]
    )


def _same(written: Any, expected: Any) -> Any:
    """Compare two tables row by row; what was left to a person may have a label by now."""
    from pyarrow import compute

    given = compute.equal(_plain(written.column("source")), SOURCES[HANDED_BACK])
    since = compute.fill_null(compute.and_(given, expected.column("label").is_null()), False)
    is_same = []
    for name in expected.column_names:
        one, other = (_plain(table.column(name)) for table in (written, expected))
        same = compute.or_(
            compute.fill_null(compute.equal(one, other), False),
            compute.and_(one.is_null(), other.is_null()),
        )
        is_same.append(compute.or_(same, since) if name in ("label", "source") else same)
    return reduce(compute.and_, is_same)


def _plain(column: Any) -> Any:
    """Return a column with its values themselves, not by their places in a dictionary."""
    from pyarrow import types

    return column.cast(column.type.value_type) if types.is_dictionary(column.type) else column
