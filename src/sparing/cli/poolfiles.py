"""The files of a certification: a pool of predictions, and tables that a person fills in."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.cli.predict import COLUMNS as PREDICT
from sparing.datasets.csv_tables import column_names, find_delimiter
from sparing.datasets.decoding import read_text
from sparing.datasets.formulas import armed, write_csv
from sparing.datasets.lines import rows_in
from sparing.errors import InvalidInputError, SourceError
from sparing.files import atomic_stream
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions, items_digest
from sparing.sharded.engine import ALONE, Engine
from sparing.sharded.labeled import (
    LabeledShards,
    has_labels_of_shards,
    read_labeled_shards,
)
from sparing.sharded.places import RemotePath, ShardPlace
from sparing.types import FloatArray, IntArray

ID, PREDICTED, CONFIDENCE, LABEL = "id", "predicted", "confidence", "label"
OURS = {"source", "model_version", CONFIDENCE, "certificate"}  # columns of all labels we write
BY_MODEL = (("source", "model"), ("provenance", "automatic"))  # of certify, and of an export


@dataclass(frozen=True, eq=False, slots=True)
class PoolFile:
    """A pool read from a file.

    Parameters
    ----------
    ids : (n_items,) names of the items, sorted: the order of a file has no part in any draw
    predictions : of the items
    place : (n_items,) where each is in the file
    """

    ids: list[str]
    predictions: Predictions
    place: IntArray

    def names_of(self, rows: IntArray) -> list[str]:
        """Return the ids of some rows, in their order."""
        return [self.ids[row] for row in rows.tolist()]

    def rows_of(self, names: Iterable[str]) -> dict[str, int]:
        """Return the row of each of these ids, as far as they are there."""
        row_of = {name: row for row, name in enumerate(self.ids)}
        return {name: row_of[name] for name in names if name in row_of}


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A small table of text."""

    path: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]  # where in the file each row begins

    def place(self, row: int) -> str:
        """Return where a row is, in words."""
        return f"Line {self.lines[row]} of {self.path}"

    def column(self, name: str) -> list[str]:
        """Return one column, without the spaces around its values."""
        if name not in self.columns:
            there = ", ".join(self.columns)
            raise SourceError(f"{self.path} has no column '{name}'. It has: {there}.")
        i = self.columns.index(name)
        return [row[i].strip() for row in self.rows]


AnyPool = PoolFile | LabeledShards


def read_pool(
    path: ShardPlace,
    *,
    known: Path | None,
    classes: str | None,
    version: int,
    engine: Engine = ALONE,
) -> AnyPool:
    """Read a pool of predictions.

    A ``.npy`` file holds (n_items, n_classes) probabilities; items are called 0, 1, 2, ... A
    table has the columns id, predicted and confidence, and may have a column label; or it is what
    ``sparing predict`` writes, whose labels are the model's: a table, or of shards a folder.

    Parameters
    ----------
    path : the pool; at a URL what ``sparing predict`` wrote of shards
    known : a table id, label of what people had labeled before; None if the pool says it, or none
    classes : names of the columns of a ``.npy`` file, separated by commas; None: 0, 1, 2, ...
    version : of the model
    engine : who reads what 'predict' wrote of shards

    Raises
    ------
    SourceError : a file is missing, unreadable, or not what it has to be
    """
    if has_labels_of_shards(path):
        told = partial(_known, known)
        return read_labeled_shards(path, told, version, engine=engine)
    if isinstance(path, RemotePath):
        raise SourceError(f"{path} has no labels of shards that 'sparing predict' wrote.")
    if path.is_dir():
        raise SourceError(
            f"{path} is a folder. A pool is a table id, predicted, confidence, a .npy of"
            " probabilities, or for 'certify' a labeling project."
        )
    labels = _known(known)
    if path.suffix.lower() == ".npy":
        return _from_proba(path, labels, classes, version)
    return _from_table(path, labels, version)


def _known(table: Path | None) -> dict[str, str]:
    return {} if table is None else agreed(read_answers(table), str(table))


def _from_proba(path: Path, labels: dict[str, str], classes: str | None, version: int) -> PoolFile:
    proba = load_array(path)
    if proba.ndim != 2 or not len(proba) or proba.shape[1] < 2 or proba.dtype.kind not in "fiub":
        raise SourceError(
            f"{path} must hold numbers of shape (items, classes), a column a class, at least two."
            f" It holds {proba.dtype} of shape {proba.shape}."
        )
    # Without spaces around them, as answers are read.
    named = [name.strip() for name in classes.split(",")] if classes else []
    names = named or [str(i) for i in range(proba.shape[1])]
    if len(names) != proba.shape[1]:
        raise SourceError(f"{path} has {proba.shape[1]} classes, and {len(names)} are named.")
    if len(set(names)) < len(names) or "" in names:
        raise SourceError(f"Each class needs a name of its own. --classes says '{classes}'.")
    ids, order = _sorted([str(row) for row in range(len(proba))])
    proba = proba[order]
    table = ClassTable(tuple(names)).with_values(sorted(set(labels.values())))
    y = _codes(ids, labels, table, path)
    if len(table) > len(names):  # people used labels that the model does not know
        proba = np.pad(proba, ((0, 0), (0, len(table) - len(names))))
    try:
        predictions = Predictions.from_proba(proba, table, y, version, items_digest(ids))
    except InvalidInputError as error:
        raise SourceError(f"{path}: {error}") from error
    return PoolFile(ids, predictions, order)


def _sorted(ids: list[str]) -> tuple[list[str], IntArray]:
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return [ids[i] for i in order], np.array(order, dtype=np.int64)


def load_array(path: Path) -> npt.NDArray[Any]:
    """Read a .npy file; never a pickle."""
    try:
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error


def _from_table(path: Path, labels: dict[str, str], version: int) -> PoolFile:
    table = _pool_table(path)
    ids, predicted = table.column(ID), table.column(PREDICTED)
    if "" in ids:
        raise SourceError(f"{table.place(ids.index(''))} has no id.")
    if "" in predicted:
        raise SourceError(f"{table.place(predicted.index(''))} has no predicted label.")
    if len(set(ids)) < len(ids):
        name, times = Counter(ids).most_common(1)[0]
        raise SourceError(f"{path} names '{name}' {times} times: every id has to be there once.")
    if LABEL in table.columns:
        _check_by_people(table)
        given = zip(ids, table.column(LABEL), strict=True)
        labels = agreed([*labels.items(), *given], f"{path} and --known" if labels else str(path))
    confidence = _confidence(table)
    values = dict.fromkeys(chain(sorted(set(predicted)), sorted(set(labels.values()))))
    classes = ClassTable(tuple(values))
    codes = classes.encode(predicted)
    ids, order = _sorted(ids)
    y = _codes(ids, labels, classes, path)
    codes, confidence = codes[order], confidence[order].astype(np.float32)
    named = items_digest(ids)
    predictions = Predictions(
        codes.astype(np.int32), confidence, y.astype(np.int32), classes, version, named
    )
    return PoolFile(ids, predictions, order)


def _pool_table(path: Path) -> Table:
    """Read a table, with the columns of a pool where it has those that ``sparing predict`` writes.

    Just these and in that order: in any other table a label is a person's.
    """
    table = read_pool_table(path)
    if tuple(table.columns) == PREDICT:
        return replace(table, columns=[ID, PREDICTED, CONFIDENCE])
    return table


def _confidence(table: Table) -> FloatArray:
    values = np.array([_number(text) for text in table.column(CONFIDENCE)])
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(wrong):
        row = int(wrong[0])
        percent = " Divide percentages by 100." if 1 < values[row] <= 100 else ""
        raise SourceError(
            f"{table.place(row)} must have a confidence from 0 to 1."
            f" It has '{table.column(CONFIDENCE)[row]}'.{percent}"
        )
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _codes(ids: Sequence[str], labels: dict[str, str], classes: ClassTable, path: Path) -> IntArray:
    unknown = labels.keys() - set(ids)
    if unknown:
        raise SourceError(f"{len(unknown)} labels are for ids that {path} does not have, such as"
                          f" '{min(unknown)}'.")  # fmt: skip
    y = np.full(len(ids), UNLABELED)
    rows = [row for row, name in enumerate(ids) if name in labels]
    y[rows] = classes.encode(labels[ids[row]] for row in rows)
    return y


def read_pool_table(path: Path) -> Table:
    """Read a table with a header, as a spreadsheet may have saved it."""
    text = read_text(path)[0]
    lines, rows = [], []
    for row in rows_in(text, find_delimiter(text)):
        lines.append(row.line)
        rows.append([armed(cell) for cell in row.cells])
    if len(rows) < 2:
        raise SourceError(f"{path} has no rows below its first line.")
    columns = column_names([name.lower() for name in rows[0]], path)
    table = Table(path, columns, rows[1:], lines[1:])
    short = [row for row, cells in enumerate(table.rows) if len(cells) < len(columns)]
    if short:
        raise SourceError(f"{table.place(short[0])} has fewer cells than its first line.")
    return table


def read_answers(path: Path) -> list[tuple[str, str | None]]:
    """Read pairs of id and label; each column that begins with 'label' is one person's.

    An empty cell is no answer. An id may also stand in several lines.
    """
    return [(name, label) for _, name, label in answers_by_column(path)]


def answers_by_column(path: Path) -> list[tuple[str, str, str | None]]:
    """Read triples of column, id and label; see :func:`read_answers`."""
    table = read_pool_table(path)
    columns = [name for name in table.columns if name.startswith(LABEL)]
    if not columns:
        table.column(LABEL)
    _check_by_people(table)
    ids = table.column(ID)
    return [
        (column, name, label or None)
        for column in columns
        for name, label in zip(ids, table.column(column), strict=True)
    ]


def _check_by_people(table: Table) -> None:
    """Refuse a table of ours with labels by a model: they are no person's word."""
    if not set(table.columns) >= OURS:
        return
    for column, value in BY_MODEL:
        told = table.column(column) if column in table.columns else []
        if value in told:
            raise SourceError(
                f"{table.path} has {told.count(value):,} labels by a model, which are no person's"
                f" word, the first in line {table.lines[told.index(value)]}: take the lines out"
                f" whose '{column}' is '{value}'."
            )


def is_blank(path: Path) -> bool:
    """Tell whether a file is a table id, label without a row, or empty."""
    text = read_text(path)[0]
    rows = list(islice(rows_in(text, find_delimiter(text)), 2))
    return not rows or (len(rows) == 1 and [c.lower() for c in rows[0].cells] == [ID, LABEL])


def agreed(answers: Iterable[tuple[str, str | None]], where: str) -> dict[str, str]:
    """Return the one label of each id that has any.

    Raises
    ------
    SourceError : an id has two
    """
    labels: dict[str, str] = {}
    for name, label in answers:
        if label and labels.setdefault(name, label) != label:
            raise SourceError(
                f"'{name}' has two labels in {where}, '{labels[name]}' and '{label}':"
                " settle it, or leave both out."
            )
    return labels


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table so that nobody ever sees half of it."""
    with atomic_stream(path) as stream:
        text = TextIOWrapper(stream, "utf-8", newline="")
        write_csv(text, columns, rows)
        text.detach()
