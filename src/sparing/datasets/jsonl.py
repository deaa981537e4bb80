"""JSON Lines: one object a line; broken lines are named and skipped."""

import json
from pathlib import Path
from typing import Any

from sparing.datasets.decoding import read_text
from sparing.datasets.items import Skipped
from sparing.datasets.rows import RawTable
from sparing.errors import SourceError


def read_jsonl(path: Path) -> RawTable:
    """Read a file of JSON objects, one a line; a key that a line lacks is missing there.

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no such line
    """
    text, notes = read_text(path)
    rows: list[dict[str, Any]] = []
    names, skipped = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = _object(line)
        if row is None:
            skipped.append(Skipped(f"line {number}", "not a JSON object"))
        else:
            rows.append(row)
            names.append(f"line {number}")
    if not rows:
        raise SourceError(f"{path} has no line that is a JSON object.")
    keys = dict.fromkeys(key for row in rows for key in row)
    columns = {key: [row.get(key) for row in rows] for key in keys}
    return RawTable(columns, names, path.name, tuple(skipped), notes)


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
