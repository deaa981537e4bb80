"""The files of a certification: a pool of predictions, and tables that a person fills in."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.classes import ClassTable
from sparing.datasets.decoding import read_text
from sparing.datasets.delimited import find_delimiter
from sparing.errors import SourceError
from sparing.files import write_atomically
from sparing.pool import UNLABELED
from sparing.predictions import Predictions
from sparing.types import IntArray

ID, PREDICTED, CONFIDENCE, LABEL = "id", "predicted", "confidence", "label"


@dataclass(frozen=True, eq=False, slots=True)
class PoolFile:
    """A pool read from a file: the predictions, and the names of the items."""

    ids: list[str]
    predictions: Predictions

    def row_of(self) -> dict[str, int]:
        """Return the row of each id."""
        return {name: row for row, name in enumerate(self.ids)}


def read_pool(path: Path, *, known: Path | None, classes: str | None, version: int) -> PoolFile:
    """Read a pool of predictions.

    A ``.npy`` file holds (n_items, n_classes) probabilities; items are called 0, 1, 2, ... A
    table has the columns id, predicted and confidence, and may have a column label.

    Parameters
    ----------
    path : the pool
    known : a table id, label of what people had labeled before; None if the pool says it, or none
    classes : names of the columns of a ``.npy`` file, separated by commas; None: 0, 1, 2, ...
    version : of the model

    Raises
    ------
    SourceError : a file is missing, unreadable, or not what it has to be
    """
    labels = {} if known is None else _first_labels(read_answers(known))
    if path.suffix.lower() == ".npy":
        return _from_proba(path, labels, classes, version)
    return _from_table(path, labels, version)


def _from_proba(path: Path, labels: dict[str, str], classes: str | None, version: int) -> PoolFile:
    proba = load_array(path)
    if proba.ndim != 2:
        raise SourceError(f"{path} holds an array of shape {proba.shape}, not (items, classes).")
    names = classes.split(",") if classes else [str(i) for i in range(proba.shape[1])]
    if len(names) != proba.shape[1]:
        raise SourceError(f"{path} has {proba.shape[1]} classes, and {len(names)} are named.")
    ids = [str(row) for row in range(len(proba))]
    table = ClassTable(tuple(names)).with_values(labels.values())
    y = _codes(ids, labels, table, path)
    if len(table) > len(names):  # people used labels that the model does not know
        proba = np.pad(proba, ((0, 0), (0, len(table) - len(names))))
    return PoolFile(ids, Predictions.from_proba(proba, table, y, version))


def load_array(path: Path) -> npt.NDArray[Any]:
    """Read a .npy file; never a pickle."""
    try:
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error


def _from_table(path: Path, labels: dict[str, str], version: int) -> PoolFile:
    table = read_table(path)
    ids, predicted = table.column(ID), table.column(PREDICTED)
    twice = len(ids) - len(set(ids))
    if twice:
        raise SourceError(f"{path} names {twice} items twice: every id has to be there once.")
    if LABEL in table.columns:
        given = zip(ids, table.column(LABEL), strict=True)
        labels = {**labels, **{name: label for name, label in given if label}}
    try:
        confidence = np.array([float(c) for c in table.column(CONFIDENCE)])
    except ValueError as error:
        raise SourceError(f"The column confidence of {path} must be numbers: {error}.") from None
    values = dict.fromkeys(chain(sorted(set(predicted)), labels.values()))
    classes = ClassTable(tuple(values))
    y = _codes(ids, labels, classes, path)
    codes = classes.encode(predicted)
    return PoolFile(ids, Predictions(codes, confidence, y, classes, version))  # type: ignore[arg-type]


def _codes(ids: Sequence[str], labels: dict[str, str], classes: ClassTable, path: Path) -> IntArray:
    unknown = labels.keys() - set(ids)
    if unknown:
        raise SourceError(f"{len(unknown)} labels are for ids that {path} does not have, such as"
                          f" '{min(unknown)}'.")  # fmt: skip
    y = np.full(len(ids), UNLABELED)
    rows = [row for row, name in enumerate(ids) if name in labels]
    y[rows] = classes.encode(labels[ids[row]] for row in rows)
    return y


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A small table of text."""

    path: Path
    columns: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """Return one column, without the spaces around its values."""
        if name not in self.columns:
            there = ", ".join(self.columns)
            raise SourceError(f"{self.path} has no column '{name}'. It has: {there}.")
        i = self.columns.index(name)
        return [row[i].strip() for row in self.rows]


def read_table(path: Path) -> Table:
    """Read a table with a header, as a spreadsheet may have saved it."""
    text, _ = read_text(path)
    rows = list(csv.reader(io.StringIO(text), delimiter=find_delimiter(text)))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise SourceError(f"{path} has no rows below its first line.")
    columns = [name.strip().lower() for name in rows[0]]
    short = [i for i, row in enumerate(rows) if len(row) < len(columns)]
    if short:
        raise SourceError(f"Row {short[0] + 1} of {path} has fewer cells than its first line.")
    return Table(path, columns, rows[1:])


def read_answers(path: Path) -> list[tuple[str, str | None]]:
    """Read pairs of id and label; each column that begins with 'label' is one person's.

    An empty cell is no answer. An id may also stand in several lines.
    """
    table = read_table(path)
    columns = [name for name in table.columns if name.startswith(LABEL)]
    if not columns:
        table.column(LABEL)
    ids = table.column(ID)
    return [
        (name, label or None)
        for column in columns
        for name, label in zip(ids, table.column(column), strict=True)
    ]


def _first_labels(answers: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name, label in answers:
        if label:
            labels.setdefault(name, label)
    return labels


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table so that nobody ever sees half of it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
