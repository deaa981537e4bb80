"""The forms of an export that are one table: CSV, JSON Lines, Parquet."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparing.datasets.formulas import csv_text
from sparing.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

INTEGERS = frozenset({"model_version", "guidelines"})
BOOLEANS = frozenset({"flagged", "present"})
NUMBERS = frozenset({"propensity", "confidence", "guess_confidence", "seconds"})


@dataclass(frozen=True, eq=False, slots=True)
class ExportTable:
    """What is exported.

    Parameters
    ----------
    columns : first ours, then those of the source
    n_own : how many are ours
    rows : one value a column
    """

    columns: Sequence[str]
    n_own: int
    rows: Sequence[Sequence[Any]]


def to_csv(table: ExportTable) -> bytes:
    """Return a table as CSV; cells that begin like a formula are disarmed by an apostrophe.

    Examples
    --------
    >>> to_csv(ExportTable(["item", "text"], 1, [["=1+1.png", None]])).decode().splitlines()[1]
    "'=1+1.png,"
    """
    return csv_text(table.columns, [[*map(_cell, row)] for row in table.rows]).encode()


def _cell(value: Any) -> Any:
    """Return several labels as the JSON of a list."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def to_jsonl(table: ExportTable) -> bytes:
    """Return a table as JSON Lines."""
    rows = (dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows)
    lines = (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
    return "".join(lines).encode("utf-8", "replace")


def to_parquet(table: ExportTable) -> bytes:
    """Return a table as a Parquet file.

    Raises
    ------
    MissingExtraError : pyarrow is not installed
    """
    whole = to_arrow(table, "Parquet files")
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(whole, out)
    return out.getvalue()


def to_arrow(table: ExportTable, wanted_for: str) -> "pa.Table":
    """Return a table as Arrow has it; ``wanted_for`` is what it is for, should pyarrow be missing.

    Raises
    ------
    MissingExtraError : pyarrow is not installed
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("pyarrow", "tables", wanted_for) from error
    kinds = {
        **dict.fromkeys(INTEGERS, pa.int64()),
        **dict.fromkeys(BOOLEANS, pa.bool_()),
        **dict.fromkeys(NUMBERS, pa.float64()),
    }
    values = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    arrays = [
        pa.array(column, kinds.get(name, pa.string())) if i < table.n_own else _array(column)
        for i, (name, column) in enumerate(zip(table.columns, values, strict=True))
    ]
    return pa.table(arrays, names=list(table.columns))


def _array(column: Sequence[Any]) -> Any:
    """Return a column of the source as it is, or as text where its values are of several types."""
    import pyarrow as pa

    plain = [_plain(value) for value in column]
    if all(value is None for value in plain):
        return pa.array(plain, pa.string())
    try:
        return pa.array(plain)
    except (pa.ArrowException, UnicodeError):
        as_text = [None if v is None else str(v).encode("utf-8", "replace").decode() for v in plain]
        return pa.array(as_text, pa.string())


def _plain(value: Any) -> Any:
    return None if value != value else value  # NaN is no JSON


@dataclass(frozen=True, slots=True)
class Form:
    """How a table is written.

    Parameters
    ----------
    write : makes the bytes of a file
    media_type : of the file, for a browser
    """

    write: Callable[[ExportTable], bytes]
    media_type: str


FORMS: dict[str, Form] = {
    "csv": Form(to_csv, "text/csv; charset=utf-8"),
    "jsonl": Form(to_jsonl, "application/x-ndjson"),
    "parquet": Form(to_parquet, "application/vnd.apache.parquet"),
}
"""Each form by its name, which is the suffix of its files."""
