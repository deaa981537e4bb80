"""JSON: one object a line, or one array of them; what is broken is named and skipped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparing.datasets.decoding import read_text
from sparing.datasets.items import Skipped
from sparing.datasets.rows import RawTable, Reading
from sparing.errors import SourceError

DEEPEST = 8  # objects inside objects that become columns


def read_jsonl(path: Path, reading: Reading) -> RawTable:
    """Read a file of JSON objects, one a line; a key that a line lacks is missing there.

    Objects inside are columns of their own: ``meta.title``.

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no such line
    """
    text, notes, encoding = read_text(path, reading.encoding, as_before=reading.as_before)
    lines = enumerate(text.split("\n"), start=1)
    found = [(f"line {number}", _parsed(line)) for number, line in lines if line.strip()]
    table = _table(path, found, "line that is a JSON object", "not a JSON object")
    return replace(table, notes=notes, reading=replace(reading, encoding=encoding))


def read_json(path: Path, reading: Reading) -> RawTable:
    """Read a file with one array of JSON objects, or of texts; or with one object that holds it.

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no such array
    """
    text, notes, encoding = read_text(path, reading.encoding, as_before=reading.as_before)
    whole = _parsed(text)
    if isinstance(whole, dict):
        arrays = [part for part in whole.values() if isinstance(part, list)]
        whole = arrays[0] if len(arrays) == 1 else None
    if not isinstance(whole, list):
        raise SourceError(f"{path} has no array of JSON objects: write it so, or as .jsonl.")
    texts = all(isinstance(part, str) for part in whole)
    objects = [{"text": part} if texts else part for part in whole]
    found = [(f"item {i + 1}", part) for i, part in enumerate(objects)]
    table = _table(path, found, "JSON object in its array", "not a JSON object")
    return replace(table, notes=notes, reading=replace(reading, encoding=encoding))


def _table(path: Path, found: list[tuple[str, Any]], what: str, reason: str) -> RawTable:
    rows = [row for _, row in found if isinstance(row, dict)]
    if not rows:
        raise SourceError(f"{path} has no {what}.")
    names = [name for name, row in found if isinstance(row, dict)]
    skipped = [Skipped(name, reason) for name, row in found if not isinstance(row, dict)]
    return RawTable(_columns(rows), names, path.name, tuple(skipped))


def _columns(rows: Sequence[Mapping[str, Any]], depth: int = 0) -> dict[str, list[Any]]:
    """Return a column for each key; what holds objects throughout gives the columns of these.

    Examples
    --------
    >>> _columns([{"a": 1, "meta": {"title": "b", "by": {"name": "c"}}}, {"a": {}}])
    {'a': [1, {}], 'meta.title': ['b', None], 'meta.by.name': ['c', None]}
    """
    columns: dict[str, list[Any]] = {}
    for key in dict.fromkeys(key for row in rows for key in row):
        cells = [row.get(key) for row in rows]
        there = [cell for cell in cells if cell is not None]
        if depth < DEEPEST and there and all(isinstance(cell, dict) and cell for cell in there):
            inner = _columns([cell or {} for cell in cells], depth + 1)
            columns |= {f"{key}.{name}": values for name, values in inner.items()}
        else:
            columns[key] = cells
    return columns


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
