"""The labels of a pool of shards as predictions to be certified: without vectors, and without ids.

In memory are a class, a confidence and a label a row; ids are read where they are asked for, a
shard at a time. The hashes of the manifest stand for what the rows are.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparing.audit.autolabel import MODEL, AutoLabels
from sparing.errors import MissingExtraError, SourceError
from sparing.files import atomic_stream
from sparing.memory import check_memory
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions, items_digest
from sparing.sharded.predicting import FORMAT, NAME
from sparing.sharded.shardpool import hash_of
from sparing.types import Array, IntArray

BYTES_A_ROW = 100  # of codes, ranks, and where each label is from, while it is certified


@dataclass(frozen=True, slots=True)
class LabelPart:
    """The labels of one shard.

    Parameters
    ----------
    path : of the Parquet file that ``sparing predict`` wrote
    first, rows : which rows of the pool they are
    """

    path: Path
    first: int
    rows: int

    def ids(self) -> list[str]:
        """Return the ids, one a row."""
        from pyarrow import parquet

        return parquet.read_table(self.path, columns=["id"]).column("id").to_pylist()  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False, slots=True)
class LabeledShards:
    """All labels that a model gave to a pool of shards.

    Parameters
    ----------
    parts : the files, in the order of the shards; rows are numbered through them
    predictions : of all rows
    """

    parts: tuple[LabelPart, ...]
    predictions: Predictions

    def names_of(self, rows: IntArray) -> list[str]:
        """Return the ids of some rows, in their order."""
        names = dict[int, str]()
        for part in self.parts:
            inside = rows[(rows >= part.first) & (rows < part.first + part.rows)]
            if len(inside):
                ids = part.ids()
                names.update((row, ids[row - part.first]) for row in inside.tolist())
        return [names[row] for row in rows.tolist()]

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
                parquet.write_table(_certified(part, labels), stream)

    def has_labels(self, folder: Path, labels: AutoLabels) -> bool:
        """Tell whether a folder holds just these labels, but for what was handed back since."""
        from pyarrow import parquet

        paths = [folder / part.path.name for part in self.parts]
        return all(path.is_file() for path in paths) and all(
            _is_as_certified(parquet.read_table(path), _certified(part, labels))
            for path, part in zip(paths, self.parts, strict=True)
        )


def has_labels_of_shards(folder: Path) -> bool:
    """Tell whether a folder is one that ``sparing predict`` wrote for shards."""
    return (folder / NAME).is_file()


def read_labeled_shards(
    folder: Path, labels_of: Callable[[], Mapping[str, str]], version: int = 0
) -> LabeledShards:
    """Read the labels of a pool of shards, all but the ids.

    Parameters
    ----------
    folder : that ``sparing predict`` wrote
    labels_of : gives what people had labeled before, by id
    version : of the model

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
    parts = tuple(_parts(folder, facts["parts"]))
    codes, confidence = np.empty(facts["rows"], np.int32), np.empty(facts["rows"], np.float32)
    for part in parts:
        inside = slice(part.first, part.first + part.rows)
        codes[inside], confidence[inside] = _read(part, facts["classes"])
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
    what = items_digest([facts["pool"]], [str(one) for one in facts["bad"]])
    return LabeledShards(parts, Predictions(codes, confidence, y, classes, version, what))


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    try:
        facts = json.loads(path.read_bytes())
        if facts["sparing_predictions"] != FORMAT:
            raise SourceError(f"{path} is of format {facts['sparing_predictions']}, not {FORMAT}.")
        if facts["rows"] != sum(rows for _, rows, _ in facts["parts"]):
            raise ValueError("rows")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path} is not what 'sparing predict' writes: make it anew.") from error
    return facts  # type: ignore[no-any-return]


def _parts(folder: Path, told: Iterable[tuple[str, int, str]]) -> Iterator[LabelPart]:
    first = 0
    for name, rows, sha256 in told:
        path = folder / Path(name).name
        if hash_of(path) != sha256:
            raise SourceError(f"{path} was changed after it was written: 'sparing predict' anew.")
        yield LabelPart(path, first, rows)
        first += rows


def _read(part: LabelPart, classes: list[str]) -> tuple[IntArray, Array]:
    from pyarrow import parquet

    table = parquet.read_table(
        part.path, columns=["label", "confidence"], read_dictionary=["label"]
    )
    labels = table.column("label").combine_chunks()
    code_of = {name: code for code, name in enumerate(classes)}
    of_file = np.array([code_of[name] for name in labels.dictionary.to_pylist()], np.int32)
    return of_file[labels.indices.to_numpy()], table.column("confidence").to_numpy()


def _rows_of(parts: Iterable[LabelPart], names: Iterable[str]) -> dict[str, int]:
    wanted, found = set(names), dict[str, int]()
    for part in parts:
        if len(found) == len(wanted):
            break
        found.update(
            (name, row) for row, name in enumerate(part.ids(), part.first) if name in wanted
        )
    return found


def _certified(part: LabelPart, labels: AutoLabels) -> Any:
    """Return the rows of one shard as a table."""
    import pyarrow as pa

    inside = slice(part.first, part.first + part.rows)
    codes, source = labels.codes[inside], labels.source[inside]
    by_model, has_none = source == MODEL, codes < 0
    names = pa.array([str(value) for value in labels.classes.values], pa.string())
    digest = labels.certificate.digest if labels.certificate else ""
    return pa.table(
        {
            "id": pa.array(part.ids(), pa.string()),
            "label": pa.DictionaryArray.from_arrays(
                pa.array(np.where(has_none, 0, codes), mask=has_none), names
            ),
            "source": pa.array(source.tolist(), pa.string()).dictionary_encode(),
            "confidence": pa.array(labels.confidence[inside], mask=~by_model),
            "certificate": pa.array([digest] * part.rows, mask=~by_model).dictionary_encode(),
        }
    )


def _is_as_certified(written: Any, expected: Any) -> bool:
    """Compare two tables; what was left to a person may have a label by now."""
    from sparing.audit.autolabel import HANDED_BACK

    if written.column_names != expected.column_names or len(written) != len(expected):
        return False
    given = np.array(written.column("source").to_pylist(), object) == HANDED_BACK
    was_open = np.array(expected.column("label").is_null())
    same = given & was_open
    for name in expected.column_names:
        one, other = (np.array(t.column(name).to_pylist(), object) for t in (written, expected))
        may_differ = same if name in ("label", "source") else np.zeros(len(same), bool)
        if not ((one == other) | may_differ).all():
            return False
    return True
