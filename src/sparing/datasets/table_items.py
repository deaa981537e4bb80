"""From columns to items: which column is the label, and what the others are."""

import datetime
import numbers
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sparing.datasets.columns import (
    TEXT,
    VECTORS,
    Told,
    as_text,
    column_of,
    is_free_text,
    parted,
    said_of,
    told,
    vector_of,
)
from sparing.datasets.identifiers import called, counts_rows
from sparing.datasets.images import image_faults, image_file_fault, is_image_name
from sparing.datasets.items import (
    ItemKind,
    Items,
    Labeled,
    Skipped,
    rows_where,
    shown_names,
    summarize_skipped,
)
from sparing.datasets.label_cells import read_cells, read_label_sets
from sparing.datasets.label_columns import on_beside, set_aside
from sparing.datasets.rows import RawTable, is_missing
from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.types import BoolArray

NOT_FETCHED = "an address, and nothing is fetched: copy the pictures beside the table"
FaultsOf = Callable[[Sequence[Path]], list[str | None]]


def table_items(
    raw: RawTable,
    columns: Sequence[str],
    folder: Path,
    kind: ItemKind | None = None,
    *,
    opened: bool = True,
    as_before: bool = False,
) -> Items:
    """Return the items that some columns stand for.

    If nobody says the kind: one column of lists of numbers is vectors, a column of file names
    that end like images is images, whatever stands beside it, free text only (or one column of
    text, if it was asked for) is texts, several of them joined by line breaks. Anything else is a
    table.

    Parameters
    ----------
    raw : the table
    columns : names of the columns that make an item, perhaps with what they hold,
        ``"zip:categories"``; none: all that do not identify rows
    folder : where relative file names start
    kind : what the items are, if it is known
    opened : whether images are opened, to leave out those that cannot be read
    as_before : whether the kind is found as it was by versions that knew less of columns

    Raises
    ------
    UnknownNameError : there is no such column, or no such kind of one
    SourceError : no rows are left, or vectors or images of more than one column
    """
    aside = {*raw.left_out, raw.label_column, *raw.labels_beside}
    pairs = parted(columns or [name for name in raw.columns if name not in aside], raw.columns)
    used = {name: told(raw.column(name), kind_told) for name, kind_told in pairs}
    if not used:
        beside = " and ".join(["the label", *map(repr, raw.left_out)])
        raise SourceError(f"{raw.source} has no column beside {beside}.")
    said = (*_on_names(raw, [*used]), *on_beside(raw, [*used]))
    raw = replace(raw, notes=(*raw.notes, *said))
    if kind is None:
        find = _kind_before if as_before else _kind
        kind = find([*used.values()], asked=bool(columns))
    items = _items(raw, used, folder, kind, image_faults if opened else _not_there)
    return replace(items, kinds=tuple(kind_told for _, kind_told in pairs))


def _items(
    raw: RawTable,
    used: Mapping[str, Sequence[Any]],
    folder: Path,
    kind: ItemKind,
    faults_of: FaultsOf,
) -> Items:
    if kind == "texts":
        return _texts(raw, used)
    if kind == "table":
        return _cells(raw, used)
    if kind == "images":
        name = _files(used)
        if name is None:
            raise SourceError(f"{raw.source}: name the one column with the images by --columns.")
        raw = replace(raw, notes=(*raw.notes, *_on_files(name, used)))
        folder = raw.unpacked.get(name, folder)
        return replace(_images(raw, used[name], folder, faults_of), columns=(name,))
    if len(used) > 1:
        raise SourceError(f"{raw.source}: name the one column with the {kind} by --columns.")
    (only,) = used.values()
    return _vectors(raw, only, tuple(used))


def _files(used: Mapping[str, Sequence[Any]]) -> str | None:
    """Return the one column that names images; the only column, whatever it names."""
    names = [*used] if len(used) == 1 else [n for n, c in used.items() if _all(c, is_image_name)]
    return names[0] if len(names) == 1 else None


def _on_files(name: str, used: Mapping[str, Any]) -> list[str]:
    others = shown_names([other for other in used if other != name])
    if not others:
        return []
    return [f"Column '{name}' names the images; no part of them: {others}."]


def _on_names(raw: RawTable, used: Sequence[str]) -> list[str]:
    """Return what the person should know of the columns that identify or count rows."""
    lost = [name for name in raw.left_out if name in raw.columns and name not in {*used}]
    told = _on_counters([n for n in lost if n != raw.named_by and counts_rows(n, raw.columns[n])])
    naming = [name for name in lost if name == raw.named_by or name not in told]
    sentences = [*told.values()][:1]
    if raw.named_by is None:
        gone = " and ".join(map(repr, naming))
        odd = [f"{gone} cannot name the items: a cell is empty or there twice."] if gone else []
        return odd + sentences
    first = called(raw.named_by)
    if raw.named_by in {*used} or not naming:
        return [f"{first} names the items.", *sentences]
    others = " and ".join(repr(name) for name in naming if name != raw.named_by)
    like = f", like {others}," if others else ""
    how = f"--columns {raw.named_by},... makes it one"
    return [f"{first} names the items and is{like} no part of them: {how}.", *sentences]


def _on_counters(names: Sequence[str]) -> dict[str, str]:
    """Return for each column that counts the rows the sentence that speaks of all of them."""
    many = len(names) > 1
    which = f"Columns {shown_names(names)} only count" if many else ""
    said = which or "".join(f"{called(name)} only counts" for name in names)
    return dict.fromkeys(names, f"{said} the rows, no part of the items: --columns makes it one.")


def _kind(columns: Sequence[Sequence[Any]], *, asked: bool) -> ItemKind:
    """Tell what columns make; a single one of text that was asked for is text, however short."""
    only = columns[0] if len(columns) == 1 else None
    named = [cells for cells in columns if _all(cells, is_image_name)]
    if len(named) == 1 and not _is_told(named[0], TEXT):
        return "images"
    if only is not None and (_all(only, _is_vector) or column_of(only).kind == VECTORS):
        return "vectors"
    asked_text = only is not None and asked and _all(only, _is_word)
    texts = asked_text or all(_is_text(cells) for cells in columns)
    return "texts" if texts else "table"


def _is_text(cells: Sequence[Any]) -> bool:
    return _is_told(cells, TEXT) or (not _is_told(cells) and is_free_text(cells))


def _is_told(cells: Sequence[Any], kind: str | None = None) -> bool:
    """Tell whether somebody told what a column holds, and that it is of this kind."""
    first = next((cell for cell in cells if not is_missing(cell)), None)
    return isinstance(first, Told) and kind in (None, first.kind)


def _kind_before(columns: Sequence[Sequence[Any]], *, asked: bool) -> ItemKind:
    """Tell what columns made in projects of older versions, whose items stay what they are."""
    only = columns[0] if len(columns) == 1 else None
    if only is not None and _all(only, _is_vector):
        return "vectors"
    if only is not None and _all(only, is_image_name):
        return "images"
    asked_text = only is not None and asked and _all(only, _is_word)
    texts = asked_text or all(is_free_text(c, lambda text: len(text.split())) for c in columns)
    return "texts" if texts else "table"


def labeled_table(
    raw: RawTable,
    label_column: str,
    columns: Sequence[str],
    folder: Path,
    kind: ItemKind | None = None,
    separator: str | None = None,
) -> Labeled:
    """Return the items of the other columns, or of those named, and the labels of one.

    Rows without a label are skipped. With a ``separator`` an item has a tuple of labels.

    Raises
    ------
    UnknownNameError : there is no such column; if the first line holds values and no names, the
        message says so
    InvalidInputError : the label is a column of the item too
    """
    labels = _label_column(raw, label_column)
    if label_column in {name for name, _ in parted(columns, raw.columns)}:
        raise InvalidInputError(f"Column '{label_column}' is the label: it cannot be the item too.")
    read = read_cells(labels) if separator is None else read_label_sets(labels, separator)
    there = np.array([label is not None for label in read.labels])
    if not there.any():
        why = f": {next(iter(read.refused.values()))}" if read.refused else ""
        raise SourceError(f"{raw.source} has no label in column '{label_column}'{why}.")
    skipped = [
        Skipped(raw.names[row], read.refused.get(row, "no label")) for row in rows_where(~there)
    ]
    raw = raw if columns else set_aside(raw, label_column)
    told = replace(raw, skipped=(*raw.skipped, *skipped), notes=(*raw.notes, *read.notes))
    items = table_items(_with_labels(told, label_column, there), columns, folder, kind)
    by_name = dict(zip(raw.names, read.labels, strict=True))
    return Labeled(items, [by_name[name] for name in items.names])


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
    found = [vector_of(cell) for cell in column]
    sizes = [len(vector) for vector in found if vector]
    if not sizes:
        raise SourceError(f"{raw.source} has no vectors in column '{used[0]}'.")
    width = max(set(sizes), key=sizes.count)
    rows = [i for i, vector in enumerate(found) if vector and len(vector) == width]
    bad = sorted({*range(len(found))} - {*rows})
    kept = _rows(raw, rows, [Skipped(raw.names[i], f"not {width} finite numbers") for i in bad])
    values = np.array([found[i] for i in rows], np.float32)
    return replace(kept, kind="vectors", values=values, columns=used)


def _cells(raw: RawTable, used: Mapping[str, Sequence[Any]]) -> Items:
    """Return the rows as cells; the encoder reads them by what a column was taken for."""
    cells = np.empty((len(raw), len(used)), dtype=object)
    for i, (name, column) in enumerate(used.items()):
        if any(isinstance(value, bytes) for value in column):
            raise SourceError(
                f"Column '{name}' of {raw.source} holds bytes, which make no table: name the"
                " columns to use with --columns."
            )
        cells[:, i] = [None if is_missing(value) else _cell(value) for value in column]
    taken = said_of({name: column_of(cells[:, i].tolist()) for i, name in enumerate(used)})
    kept = _rows(raw, range(len(raw)), ())
    return replace(kept, kind="table", values=cells, columns=tuple(used), taken=tuple(taken))


def _cell(value: Any) -> Any:
    """Return a cell that can be read; lists and objects are shown, and read, as JSON."""
    return as_text(value) if isinstance(value, list | dict) else value


def _not_there(paths: Sequence[Path]) -> list[str | None]:
    return list(map(image_file_fault, paths))


def _images(raw: RawTable, column: Sequence[Any], folder: Path, faults_of: FaultsOf) -> Items:
    there = {i: str(name) for i, name in enumerate(column) if not is_missing(name)}
    paths = {i: _path(folder, name) for i, name in there.items() if not _is_address(name)}
    faults = dict(zip(paths, faults_of(list(paths.values())), strict=True))
    rows = [i for i in paths if faults[i] is None]
    skipped = [
        Skipped(raw.names[i], faults.get(i) or (NOT_FETCHED if i in there else "no file name"))
        for i in range(len(column))
        if i not in paths or faults[i]
    ]
    kept = _rows(raw, rows, skipped)
    return replace(kept, kind="images", values=[paths[i] for i in rows])


def _is_address(name: str) -> bool:
    return name.startswith(("http://", "https://", "s3://", "gs://"))


def _path(folder: Path, name: str) -> Path:
    """Return the file that a table names, though its accents or slashes are written otherwise."""
    slashes = name.replace("\\", "/")
    ways = (name, slashes, *(unicodedata.normalize(form, slashes) for form in ("NFC", "NFD")))
    return next((folder / way for way in ways if (folder / way).exists()), folder / name)


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
        why = " ".join(summarize_skipped([*raw.skipped, *skipped]))
        raise SourceError(f"{raw.source} has no usable rows. {why}".rstrip())
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
