"""Data sets of Hugging Face's ``datasets``: a folder that it saved, and what its features mean.

Read by pyarrow alone: a saved folder is Arrow streams beside two JSON files, and the features stand
in the metadata of the schema, in Parquet files too.

References
----------
``datasets`` 4, ``save_to_disk``: https://huggingface.co/docs/datasets/process#save
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparing.datasets.rows import RawTable
from sparing.datasets.unpacked import unpack
from sparing.errors import MissingExtraError, SourceError
from sparing.memory import check_memory

if TYPE_CHECKING:
    import pyarrow as pa

STATE, SPLITS = "state.json", "dataset_dict.json"
METADATA = b"huggingface"
PICTURE = "Image"
BLOBS = {PICTURE: "lists of pictures", "Audio": "sounds", "Video": "films"}

IN = "Column '{name}' has pictures inside the file: unpacked into {folder}."
OUT = "Column '{name}' has {what} inside the file: left out. Save them as files to label them."


def is_saved(folder: Path) -> bool:
    """Tell whether ``datasets`` has saved a folder: one data set, or several splits."""
    return (folder / STATE).is_file() or (folder / SPLITS).is_file()


def read_saved(folder: Path) -> RawTable:
    """Read a data set that ``save_to_disk`` wrote.

    Parameters
    ----------
    folder : of one data set, or of one split of several

    Raises
    ------
    MissingExtraError : pyarrow is not installed
    SourceError : it holds several splits, is damaged, or has no rows
    MemoryBudgetError : it would not fit into memory
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", "data sets of Hugging Face") from error
    if not (folder / STATE).is_file():
        splits = _json(folder / SPLITS).get("splits")
        names = [str(name) for name in splits] if isinstance(splits, list) else []
        raise SourceError(f"{folder} holds several splits: name one of {', '.join(names)} in it.")
    told = _json(folder / STATE)
    listed = told.get("_data_files")
    files = [one.get("filename") for one in listed or () if isinstance(one, Mapping)]
    paths = [folder / name for name in files if isinstance(name, str) and Path(name).name == name]
    if not paths or len(paths) < len(files):
        raise SourceError(f"{folder / STATE} names no files of rows that can be read.")
    try:
        size = sum(path.stat().st_size for path in paths)
        check_memory(6 * size, folder.name, "read a part of it")
        table = pa.concat_tables(
            [pa.ipc.open_stream(path.read_bytes()).read_all() for path in paths]
        )
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{folder} is damaged: {error}.") from error
    return as_table(table, folder.name)


def as_table(table: "pa.Table", source: str) -> RawTable:
    """Return an Arrow table as columns of plain values; classes by their names.

    Pictures inside the file are unpacked, and the column names their files; sounds and films are
    left out. Both are said.

    Raises
    ------
    SourceError : it has no rows, or nothing but such columns
    """
    if not table.num_rows:
        raise SourceError(f"{source} has no rows.")
    features = _features(table.schema.metadata or {})
    notes, columns, unpacked = [], {}, {}
    names = [f"row {i + 1}" for i in range(table.num_rows)]
    for name in table.column_names:
        feature = features.get(name)
        cells = table.column(name).to_pylist()
        if _kind(feature) == PICTURE:
            found = unpack(cells, f"{source}-{name}")
            columns[name], unpacked[name] = found.files, found.folder
            names = found.names if found.are_named and len(unpacked) == 1 else names
            notes.append(IN.format(name=name, folder=found.folder))
        elif (blob := _kind(feature) or _kind(_inner(feature))) in BLOBS:
            notes.append(OUT.format(name=name, what=BLOBS[blob]))
        else:
            columns[name] = _named(cells, feature)
    if not columns:
        raise SourceError(f"{source} has no column that can be read. {' '.join(notes)}")
    return RawTable(columns, names, source, notes=tuple(notes), unpacked=unpacked)


def _kind(feature: Any) -> str | None:
    kind = feature.get("_type") if isinstance(feature, Mapping) else None
    return kind if isinstance(kind, str) else None


def _inner(feature: Any) -> Any:
    """Return the feature of the parts of a list."""
    if isinstance(feature, list) and len(feature) == 1:
        return feature[0]
    return feature.get("feature") if isinstance(feature, Mapping) else feature


def _named(cells: list[Any], feature: Any) -> list[Any]:
    """Return cells with the names of classes in place of their numbers; -1 stands for none."""
    names = _names(feature)
    if names is not None:
        return [_name(cell, names) for cell in cells]
    names = _names(_inner(feature))
    if names is not None:
        return [cell and [_name(one, names) for one in cell] for cell in cells]
    return cells


def _names(feature: Any) -> list[str] | None:
    if not isinstance(feature, Mapping) or feature.get("_type") != "ClassLabel":
        return None
    names = feature.get("names")
    return [str(name) for name in names] if isinstance(names, list) else None


def _name(cell: Any, names: list[str]) -> Any:
    is_number = isinstance(cell, int) and not isinstance(cell, bool)
    if not is_number:
        return cell
    return names[cell] if 0 <= cell < len(names) else None


def _features(metadata: Mapping[bytes, bytes]) -> Mapping[str, Any]:
    try:
        told = json.loads(metadata.get(METADATA, b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return told if isinstance(told, Mapping) else {}


def _json(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error
    if not isinstance(told, Mapping):
        raise SourceError(f"{path} is not what 'datasets' saves.")
    return told
