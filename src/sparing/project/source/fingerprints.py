"""What items hold, as hashes: a file that is only saved anew, by another program, has the same."""

import datetime
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from sparing.datasets.columns import is_free_text
from sparing.datasets.images import is_image_name
from sparing.datasets.items import Items
from sparing.datasets.rows import RawTable, is_missing

MAX_DIGITS = 15  # beyond them a float is another number
NOTHING = ""
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_TRUTH = {"true": "True", "false": "False"}


def key_of(content: bytes) -> str:
    """Return 24 hex digits that stand for some bytes.

    Examples
    --------
    >>> key_of(b"a.png")
    'faafae861169165c39459698'
    """
    return blake2b(content, digest_size=12).hexdigest()


def content_hashes(items: Items) -> list[str]:
    """Return a hash of each item: of its cells in the columns that make it, or of its value."""
    if items.table is not None and items.kind != "vectors":
        return row_hashes(items.table, items.columns)
    if isinstance(items.values, np.ndarray):
        return [key_of(_as_bytes(row)) for row in items.values.view(np.ndarray)]
    return [key_of(value.encode("utf-8", "surrogatepass")) for value in items.values]


def row_hashes(table: RawTable, columns: Sequence[str]) -> list[str]:
    """Return a hash of each row by its cells in some columns, in their order."""
    rows = zip(*(table.columns[name] for name in columns), strict=True)
    return [key_of(_joined(cells)) for cells in rows]


def telling_columns(table: RawTable, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that tell an item from all others: texts that people wrote, and files.

    None where these are all the columns, or none of them is one.
    """
    found = tuple(name for name in columns if _is_telling(table.columns[name]))
    return found if len(found) < len(columns) else ()


def anchors(table: RawTable, columns: Sequence[str]) -> list[str | None]:
    """Return a hash of each row by its telling columns alone; None where they are empty."""
    nothing = key_of(_joined([None] * len(columns)))
    return [None if found == nothing else found for found in row_hashes(table, columns)]


def _is_telling(cells: Sequence[Any]) -> bool:
    there = [cell for cell in cells if not is_missing(cell)]
    return is_free_text(cells) or (bool(there) and all(map(is_image_name, there)))


def _joined(cells: Sequence[Any]) -> bytes:
    return "\0".join(map(canonical, cells)).encode("utf-8", "surrogatepass")


def canonical(cell: Any) -> str:
    r"""Return a cell as a text that does not depend on how a program saves it.

    Examples
    --------
    >>> canonical("1"), canonical("1.0"), canonical(1), canonical(1.0), canonical("007")
    ('1', '1', '1', '1', '7')
    >>> canonical(" a\r\nb "), canonical(None), canonical(float("nan")), canonical("0.50")
    ('a\nb', '', '', '0.5')
    >>> canonical("12345678901234567890")
    '12345678901234567890'
    """
    if isinstance(cell, str):
        return _text(cell)
    if is_missing(cell) if not isinstance(cell, list | Mapping) else False:
        return NOTHING
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, int | float | np.number):
        return _number(repr(cell) if isinstance(cell, int | float) else str(cell))
    if isinstance(cell, list | tuple):
        return json.dumps([canonical(part) for part in cell])
    if isinstance(cell, Mapping):
        return json.dumps({str(k): canonical(v) for k, v in cell.items()}, sort_keys=True)
    if isinstance(cell, datetime.datetime | datetime.date):
        return cell.isoformat()
    return str(cell)


def _text(cell: str) -> str:
    text = cell.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        return unicodedata.normalize("NFC", text)
    if len(text) <= MAX_DIGITS + 8 and _NUMBER.fullmatch(text):
        return _number(text)
    if is_missing(text):
        return NOTHING
    return _TRUTH.get(text.lower(), text) if len(text) <= 5 else text


def _number(text: str) -> str:
    if sum(c.isdigit() for c in text.partition("e")[0]) > MAX_DIGITS + 2:
        return text
    number = float(text)
    if not np.isfinite(number):
        return text
    is_whole = number.is_integer() and abs(number) < 10**MAX_DIGITS
    return str(int(number)) if is_whole else repr(number)


def _as_bytes(row: Any) -> bytes:
    whole = row.astype(np.float32) if row.dtype.kind == "f" else row
    return bytes(whole.tobytes())
