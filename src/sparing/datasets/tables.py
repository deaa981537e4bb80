"""From columns to items: which column is the label, and what the others are."""

import datetime
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.images import image_faults, image_file_fault, is_image_name
from sparing.datasets.items import Items, Kind, Labeled, Skipped, rows_where
from sparing.datasets.labels import one_label
from sparing.datasets.rows import RawTable, is_missing
from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.types import BoolArray

FaultsOf = Callable[[Sequence[Path]], list[str | None]]
LEAST_WORDS = 3  # fewer on average are names or categories
LEAST_DISTINCT = 0.5  # of the values of a column; below it they are categories


def table_items(
    raw: RawTable,
    columns: Sequence[str],
    folder: Path,
    kind: Kind | None = None,
    *,
    opened: bool = True,
) -> Items:
    """Return the items that some columns stand for.

    If nobody says the kind: one column of lists of numbers is vectors, one column of file names
    that end like images is images, free text only (or one column of text, if it was asked for)
    is texts, several of them joined by line breaks. Anything else is a table.

    Parameters
    ----------
    raw : the table
    columns : names of the columns that make an item; none: all that do not identify rows
    folder : where relative file names start
    kind : what the items are, if it is known
    opened : whether images are opened, to leave out those that cannot be read

    Raises
    ------
    UnknownNameError : there is no such column
    SourceError : no rows are left, or vectors or images of more than one column
    """
    aside = {*raw.left_out, raw.label_column}
    names = columns or [name for name in raw.columns if name not in aside]
    used = {name: raw.column(name) for name in names}
    if not used:
        beside = " and ".join(["the label", *map(repr, raw.left_out)])
        raise SourceError(f"{raw.source} has no column beside {beside}.")
    raw = replace(raw, notes=(*raw.notes, *_on_names(raw, names)))
    kind = kind or _kind(list(used.values()), asked=bool(columns))
    if kind == "texts":
        return _texts(raw, used)
    if kind == "table":
        return _cells(raw, used)
    if len(used) > 1:
        raise SourceError(f"{raw.source}: name the one column with the {kind} by --columns.")
    (only,) = used.values()
    if kind == "vectors":
        return _vectors(raw, only, tuple(used))
    images = _images(raw, only, folder, image_faults if opened else _not_there)
    return replace(images, columns=tuple(used))


def _on_names(raw: RawTable, used: Sequence[str]) -> list[str]:
    """Return what the person should know of the columns that identify rows."""
    lost = [name for name in raw.left_out if name in raw.columns and name not in used]
    if raw.named_by is None:
        gone = " and ".join(map(repr, lost))
        return [f"{gone} cannot name the items: a cell is empty or there twice."] if lost else []
    if raw.named_by in used or not lost:
        return [f"Column '{raw.named_by}' names the items."]
    others = " and ".join(repr(name) for name in lost if name != raw.named_by)
    like = f", like {others}," if others else ""
    told = f"Column '{raw.named_by}' names the items and is{like} no part of them"
    return [f"{told}: --columns makes it one."]


def _kind(columns: Sequence[Sequence[Any]], *, asked: bool) -> Kind:
    """Tell what columns make; a single one of text that was asked for is text, however short."""
    only = columns[0] if len(columns) == 1 else None
    if only is not None and _all(only, _is_vector):
        return "vectors"
    if only is not None and _all(only, is_image_name):
        return "images"
    asked_text = only is not None and asked and _all(only, _is_word)
    return "texts" if asked_text or all(map(is_free_text, columns)) else "table"


def labeled_table(
    raw: RawTable,
    label_column: str,
    columns: Sequence[str],
    folder: Path,
    kind: Kind | None = None,
) -> Labeled:
    """Return the items of the other columns, or of those named, and the labels of one.

    Rows without a label are skipped.

    Raises
    ------
    UnknownNameError : there is no such column; if the first line holds values and no names, the
        message says so
    InvalidInputError : the label is a column of the item too
    """
    labels = _label_column(raw, label_column)
    if label_column in columns:
        raise InvalidInputError(f"Column '{label_column}' is the label: it cannot be the item too.")
    read, refused = _read_labels(raw, labels)
    there = np.array([label is not None for label in read])
    if not there.any():
        why = f": {refused[0].reason}" if refused else ""
        raise SourceError(f"{raw.source} has no label in column '{label_column}'{why}.")
    without = [raw.names[row] for row in rows_where(~there)]
    told = {one.name: one.reason for one in refused}
    skipped = [Skipped(name, told.get(name, "no label")) for name in without]
    kept = _with_labels(replace(raw, skipped=(*raw.skipped, *skipped)), label_column, there)
    items = table_items(kept, columns, folder, kind)
    by_name = dict(zip(raw.names, read, strict=True))
    return Labeled(items, [by_name[name] or "" for name in items.names])


def _read_labels(raw: RawTable, cells: Sequence[Any]) -> tuple[list[str | None], list[Skipped]]:
    """Return the label of each row, None where there is none, and the cells that are no label."""
    read, refused = [], []
    for name, cell in zip(raw.names, cells, strict=True):
        try:
            read.append(one_label(cell))
        except InvalidInputError as error:
            read.append(None)
            refused.append(Skipped(name, str(error)))
    return read, refused


def _label_column(raw: RawTable, name: str) -> Sequence[Any]:
    try:
        return raw.column(name)
    except UnknownNameError as error:
        if any(_number(column) is not None for column in raw.columns) and not name.isdigit():
            hint = f"{error} If its first line holds no names, say --no-header."
            raise InvalidInputError(hint) from None
        raise


def _with_labels(raw: RawTable, label_column: str, there: BoolArray) -> RawTable:
    """Return the rows that have a label, and the columns beside it."""
    columns = {name: cells for name, cells in raw.columns.items() if name != label_column}
    return replace(raw, columns=columns).take(rows_where(there))


def is_free_text(values: Sequence[Any]) -> bool:
    """Tell whether a column is text that people wrote: several words, mostly distinct.

    Examples
    --------
    >>> is_free_text(["the cat sat down", "a dog ran away"]), is_free_text(["red", "blue"])
    (True, False)
    """
    texts = [value for value in values if not is_missing(value)]
    if not texts or not all(isinstance(text, str) for text in texts):
        return False
    words = sum(len(text.split()) for text in texts) / len(texts)
    return words >= LEAST_WORDS and len(set(texts)) >= LEAST_DISTINCT * len(texts)


def _all(values: Sequence[Any], test: Any) -> bool:
    present = [value for value in values if not is_missing(value)]
    return bool(present) and all(map(test, present))


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and _number(value[0]) is not None


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _number(value) is None


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or "_" in str(value):  # Python's 1_000 is no number elsewhere
        return None
    if not isinstance(value, str | numbers.Real):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None


def _text(value: Any) -> str:
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return str(value)


def _vectors(raw: RawTable, column: Sequence[Any], used: tuple[str, ...]) -> Items:
    sizes = [len(v) if isinstance(v, list) else 0 for v in column]
    width = max(set(sizes), key=sizes.count)
    rows, vectors, skipped = [], [], []
    for i, value in enumerate(column):
        vector = None if sizes[i] != width else [_number(part) for part in value]
        if vector is None or None in vector:
            skipped.append(Skipped(raw.names[i], f"not {width} finite numbers"))
        else:
            rows.append(i)
            vectors.append(vector)
    kept = _rows(raw, rows, skipped)
    return replace(kept, kind="vectors", values=np.array(vectors, np.float32), columns=used)


def _cells(raw: RawTable, used: Mapping[str, Sequence[Any]]) -> Items:
    """Return the rows as cells; the encoder finds out what a column holds."""
    cells = np.empty((len(raw), len(used)), dtype=object)
    for i, (name, column) in enumerate(used.items()):
        bad = next((value for value in column if isinstance(value, list | dict | bytes)), None)
        if bad is not None:
            raise SourceError(
                f"Column '{name}' of {raw.source} holds values of type {type(bad).__name__}, "
                "which make no table: name the columns to use with --columns."
            )
        cells[:, i] = [None if is_missing(value) else value for value in column]
    kept = _rows(raw, range(len(raw)), ())
    return replace(kept, kind="table", values=cells, columns=tuple(used))


def _not_there(paths: Sequence[Path]) -> list[str | None]:
    return list(map(image_file_fault, paths))


def _images(raw: RawTable, column: Sequence[Any], folder: Path, faults_of: FaultsOf) -> Items:
    paths = {i: folder / name for i, name in enumerate(column) if not is_missing(name)}
    faults = dict(zip(paths, faults_of(list(paths.values())), strict=True))
    rows = [i for i in paths if faults[i] is None]
    skipped = [
        Skipped(raw.names[i], faults.get(i) or "no file name")
        for i in range(len(column))
        if i not in paths or faults[i]
    ]
    kept = _rows(raw, rows, skipped)
    return replace(kept, kind="images", values=[paths[i] for i in rows])


def _texts(raw: RawTable, used: Mapping[str, Sequence[Any]]) -> Items:
    joined = [
        "\n".join(_text(part) for part in parts if not is_missing(part))
        for parts in zip(*used.values(), strict=True)
    ]
    rows = [i for i, text in enumerate(joined) if text.strip()]
    empty = sorted({*range(len(joined))} - {*rows})
    kept = _rows(raw, rows, [Skipped(raw.names[i], "no text") for i in empty])
    return replace(kept, values=[joined[i] for i in rows], columns=tuple(used))


def _rows(raw: RawTable, rows: Sequence[int], skipped: Sequence[Skipped]) -> Items:
    """Return items without values yet: some rows of the table, and all that was left out."""
    if not rows:
        raise SourceError(f"{raw.source} has no usable rows.")
    table = raw.take(rows)
    return Items(
        "texts",
        [],
        table.names,
        raw.source,
        (*raw.skipped, *skipped),
        raw.notes,
        named_by=raw.named_by,
        left_out=raw.left_out,
        label_column=raw.label_column,
        table=table,
    )
