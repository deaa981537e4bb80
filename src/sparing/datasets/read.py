"""Two functions that read anything: items with labels, and items alone."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparing.datasets.csv_tables import first_row_of_data, read_delimited
from sparing.datasets.folders import read_class_folders, read_folder
from sparing.datasets.hugging_face import is_saved, read_saved
from sparing.datasets.identifiers import identified
from sparing.datasets.items import ItemKind, Items, Labeled
from sparing.datasets.jsonl import read_json, read_jsonl
from sparing.datasets.label_columns import set_aside
from sparing.datasets.marked.read import COLUMNS
from sparing.datasets.parquet import read_parquet
from sparing.datasets.rows import AS_BEFORE, RawTable, Reading
from sparing.datasets.sheets import SUFFIXES as SHEETS
from sparing.datasets.sheets import read_sheet
from sparing.datasets.table_items import labeled_table, table_items
from sparing.datasets.vectors import read_vector_pair, read_vectors
from sparing.errors import InvalidInputError, SourceError

TABULAR = ".csv, .tsv, .txt, .json, .jsonl, .xlsx, .ods, .parquet"
KNOWN = f"a folder, or a file that ends in {TABULAR} or .npy"
TABLES = (".csv", ".tsv", ".tab", ".txt")
FOUND_OUT = Reading()
PAIR = "X.npy"  # of a folder that holds vectors and labels


def read_labeled(
    source: str | os.PathLike[str],
    label_column: str | None = None,
    *,
    columns: Sequence[str] = (),
    labels: str | os.PathLike[str] | None = None,
    reading: Reading = FOUND_OUT,
    kind: ItemKind | None = None,
    separator: str | None = None,
) -> Labeled:
    r"""Read items with their labels; what cannot be read is skipped, named and counted.

    Parameters
    ----------
    source : a folder with a folder a class, of images or .txt files; a CSV, TSV, JSONL or Parquet
        file; a .npy file, or a folder with X.npy and y.npy
    label_column : of a table: the name of the column with the labels
    columns : of a table: the columns that make an item, perhaps with what they hold:
        ``"zip:categories"``; none: all others but those that identify or count rows, such as
        ``id``; see ``sparing.datasets.identifiers``
    labels : of a .npy file: the file with the labels
    reading : of a table: whether its first line names the columns (if not, their names are
        1, 2, 3, ...), the encoding, the sheet of a workbook; what is not said is found out. Of a
        folder: whether links out of it are followed
    kind : of a table: what its items are; found out by the columns if not given
    separator : of a table whose items have several labels: what stands between two in a cell; lists
        are taken as they are. An item's label is a tuple then

    Returns
    -------
    Labeled, whose ``items.said()`` lists what the person should know

    Raises
    ------
    SourceError : nothing there, or nothing that can be read
    UnknownNameError : there is no such column; the message names the closest one
    InvalidInputError : no label column for a table, or not one label an item
    MissingExtraError : Parquet without pyarrow

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "pets.csv")
    >>> _ = path.write_text("animal,legs,weight\ncat,4,3.5\nbird,2,\n")
    >>> pets = read_labeled(path, "animal")
    >>> pets.labels, pets.items.kind, pets.items.values[0].tolist()
    (['cat', 'bird'], 'table', ['4', '3.5'])
    """
    path = Path(source)
    if separator is not None and (path.is_dir() or path.suffix.lower() == ".npy"):
        raise InvalidInputError(f"{path} is no table: only a table's cells hold several labels.")
    pair = path / PAIR if path.is_dir() else path
    if pair.suffix.lower() == ".npy" and pair.is_file():
        return read_vector_pair(pair, None if labels is None else Path(labels))
    if path.is_dir() and not is_saved(path):
        return read_class_folders(
            path, follow_links=reading.follow_links, encoding=reading.encoding
        )
    raw = read_table(path, reading)
    if label_column is None and len(raw.columns) < 2:
        raise InvalidInputError(
            f"{path.name} has nothing beside its items: labels are another column of a table, or"
            " the names of the folders that the items are in."
        )
    if label_column is None:
        names = ", ".join(raw.columns)
        raise InvalidInputError(
            f"{path.name} is a table: say with --label-column which column has the labels. "
            f"It has: {names}."
        )
    return labeled_table(identified(raw), label_column, columns, path.parent, kind, separator)


def read_items(
    source: str | os.PathLike[str],
    *,
    columns: Sequence[str] = (),
    reading: Reading = FOUND_OUT,
    kind: ItemKind | None = None,
    opened: bool = True,
    left_out: Sequence[str] | None = None,
    label_column: str | None = None,
) -> Items:
    """Read items without labels; what cannot be read is skipped, named and counted.

    Parameters
    ----------
    source : a folder of images or .txt files, at any depth; or a file as in ``read_labeled``
    columns, reading, kind : as in ``read_labeled``
    opened : of a table that names images: whether they are opened, to leave out those that cannot
        be read
    left_out : of a table: the columns that were found to identify rows before; None: find them,
        and the column with labels that are there already, which is no part of an item either
    label_column : of a table: the column with these labels, where somebody has named it

    Raises
    ------
    SourceError, UnknownNameError, MissingExtraError : as in ``read_labeled``
    """
    path = Path(source)
    pair = path / PAIR if path.is_dir() else path
    if pair.suffix.lower() == ".npy" and pair.is_file():
        return read_vectors(pair)
    if path.is_dir() and not is_saved(path):
        return read_folder(path, **folder_options(reading))
    as_before = left_out is not None
    raw = identified(read_table(path, AS_BEFORE if as_before else reading), left_out)
    if label_column in columns:
        raise InvalidInputError(f"Column '{label_column}' is the label: it cannot be the item too.")
    if label_column is not None or (not columns and left_out is None):
        raw = set_aside(raw, label_column)
    return table_items(raw, columns, path.parent, kind, opened=opened, as_before=as_before)


def folder_options(reading: Reading) -> dict[str, Any]:
    """Return what was said of the reading of a folder.

    Raises
    ------
    InvalidInputError : something that only tables have
    """
    for name in ("header", "sheet"):
        if getattr(reading, name) is not None:
            raise InvalidInputError(f"--{name} is for tables: the source is a folder.")
    return {"follow_links": reading.follow_links, "encoding": reading.encoding}


def data_in_first_row(path: Path, reading: Reading = FOUND_OUT) -> list[str] | None:
    """Return the first row of a file where it is found to be data, not names; else None.

    Raises
    ------
    SparingError : as of :func:`read_table`
    """
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return first_row_of_data(path, reading)
    if suffix in SHEETS:
        raw = read_sheet(path, reading)
        is_data = not raw.reading.header
        return [str(cells[0]) for cells in raw.columns.values()] if is_data else None
    return None


def read_table(path: Path, reading: Reading = FOUND_OUT) -> RawTable:
    """Read a table as columns of plain values: CSV, TSV, JSON, JSONL, Parquet, .xlsx, .ods.

    Or a folder that Hugging Face's ``datasets`` has saved.

    Raises
    ------
    SourceError : the file is missing, unreadable or of another kind
    MissingExtraError : what reads this kind is not installed
    InvalidInputError : a workbook of several sheets, and none is named
    """
    if not path.exists():
        raise SourceError(f"There is no file or folder {path}.")
    if path.is_dir() and is_saved(path):
        return read_saved(path)
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return read_delimited(path, reading)
    if suffix in (".jsonl", ".ndjson"):
        return read_jsonl(path, reading)
    if suffix == ".json":
        return read_json(path, reading)
    if suffix in SHEETS:
        return read_sheet(path, reading)
    if suffix == ".parquet":
        return read_parquet(path)
    if suffix in COLUMNS:
        raise SourceError(f"{path} is of texts with spans, and no table: --kind spans reads it.")
    if path.is_dir():
        raise SourceError(f"{path} is a folder, not a table: name a file in it, one of {TABULAR}.")
    raise SourceError(f"{path} is not {KNOWN}.")
