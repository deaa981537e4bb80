"""Checks of spans that come from a file: refused item by item, each with its reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparing._validate import check_int, invalid
from sparing.annotations.base import labels_of_all
from sparing.annotations.spans import WHERE, SpanSet
from sparing.datasets.decoding import whole_text
from sparing.datasets.items import Skipped
from sparing.datasets.marked.document import Document
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable

POINTS, UTF16 = "points", "utf16"
KIND = SpanSet()


def checked(
    text: Any,
    raws: Sequence[Any] | None,
    name: str,
    offsets: str = POINTS,
    quoted: Sequence[str | None] = (),
) -> Document | Skipped:
    """Return a document, or why it is none.

    Parameters
    ----------
    text : of the item
    raws : its spans, start, end and label each; None where nobody looked
    name : what a person finds it by
    offsets : whether they count code points or UTF-16 units, as browsers and Java do
    quoted : the text of each span, where the file repeats it

    Examples
    --------
    >>> checked("Ada ran", [(0, 9, "person")], "line 1").reason
    "The 'span' parameter of an answer of kind 'spans' must be within its text of 7 characters. ..."
    """
    if not isinstance(text, str):
        return Skipped(name, "it has no text")
    if raws is None:
        return Document(text, None, None, name)
    try:
        raws = [_named(raw) for raw in raws]
        if offsets == UTF16:
            raws = [_in_points(raw, text) for raw in raws]
        value = KIND.parse(raws, ClassTable(tuple(labels_of_all(KIND, [raws]))), text)
        _check_quoted(text, raws, quoted, offsets)
    except InvalidInputError as error:
        return Skipped(name, str(error))
    labels = labels_of_all(KIND, [raws])
    spans = tuple((u.place[0], u.place[1], labels[u.class_id]) for u in value)
    return Document(text, spans, None, name)


def _named(raw: Any) -> tuple[Any, Any, str]:
    """Return a span whose label is a text; a number, as an id is, counts as one."""
    start, end, label = raw
    if isinstance(label, bool) or not isinstance(label, str | int) or not str(label).strip():
        raise invalid("label", WHERE, "a text", label)
    return start, end, whole_text(str(label))


def _check_quoted(
    text: str, raws: Sequence[Any], quoted: Sequence[str | None], offsets: str
) -> None:
    """Refuse spans whose text in the file is another than their offsets give."""
    for raw, said in zip(raws, quoted, strict=False):
        start, end, _ = raw
        if said is None or text[start:end] == said:
            continue
        where = f"{start}-{end} is {text[start:end]!r}, and the file says {said!r}"
        if offsets == POINTS and _slice16(text, start, end) == said:
            where += "; its offsets count UTF-16 units: read it with offsets='utf16'"
        raise InvalidInputError(f"{where}.")


def points_of(text: str) -> np.ndarray[Any, Any]:
    r"""Return (n + 1,) where each code point of a text begins in UTF-16 units.

    Examples
    --------
    >>> points_of("a\U0001f642b")
    array([0, 1, 3, 4])
    """
    return np.cumsum([0, *(2 if ord(c) > 0xFFFF else 1 for c in text)])


def _in_points(raw: Any, text: str) -> tuple[int, int, Any]:
    start, end, label = raw
    for name, place in (("start", start), ("end", end)):
        check_int(name, WHERE, place, 0)
    units = points_of(text)
    at = [int(np.searchsorted(units, unit)) for unit in (start, end)]
    if any(i >= len(units) or units[i] != unit for i, unit in zip(at, (start, end), strict=True)):
        raise InvalidInputError(f"{start}-{end} '{label}' is no place in UTF-16 units.")
    return at[0], at[1], label


def _slice16(text: str, start: int, end: int) -> str:
    units = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return units.decode("utf-16-le", "replace")
