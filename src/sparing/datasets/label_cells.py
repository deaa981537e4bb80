"""What the cells of a column with labels say: one label each, or several."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.annotations.values import MOST_SECONDS
from sparing.datasets.rows import is_missing, plain_text
from sparing.errors import InvalidInputError
from sparing.pool.class_names import kept_name, one_spelling, renamed

LONGEST_LIST = 1000  # characters of a list of labels that was printed into a cell
WITH_PARTS = ("[", "(", "{", "b'", 'b"')  # how Python prints lists, objects and bytes


def one_label(cell: Any) -> str | None:
    """Return the label that a cell holds; None where there is none.

    A list of one label, as some tools write it, is that label, also where it was printed into a
    cell; an accent is one however it is put together.

    Raises
    ------
    InvalidInputError : several labels, or something with parts, such as spans

    Examples
    --------
    >>> one_label(["neg"]), one_label(3.0), one_label(b"cat"), one_label([]), one_label("NaN")
    ('neg', '3', 'cat', None, None)
    >>> one_label("['neg']"), one_label("b'cat'"), one_label("[unknown]")
    ('neg', 'cat', '[unknown]')
    >>> one_label(["pos", "neg"])
    Traceback (most recent call last):
        ...
    sparing.errors.InvalidInputError: 2 labels, where an item has one
    """
    if isinstance(cell, str) and (parts := printed(cell)) is not None:
        return one_label(parts)
    if isinstance(cell, list | tuple | set):
        if len(cell) > 1:
            raise InvalidInputError(f"{len(cell)} labels, where an item has one")
        return one_label(next(iter(cell))) if cell else None
    if isinstance(cell, Mapping):
        raise InvalidInputError("an object, where a label is one word")
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    return None if is_missing(cell) else kept_name(plain_text(cell)) or None


def printed(text: str) -> Any:
    """Return the list, object or bytes that somebody has printed into a cell; None: it is text.

    Examples
    --------
    >>> printed("['sun', 'rain']"), printed("sun")
    (['sun', 'rain'], None)
    """
    text = text.strip()
    if not text.startswith(WITH_PARTS) or len(text) > LONGEST_LIST:
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list | tuple | set | dict | bytes) else None


def several_labels(cell: Any, separator: str) -> tuple[str, ...] | None:
    """Return the labels that a cell holds, sorted; None where nobody said anything.

    An empty list says that the item has none of them.

    Raises
    ------
    InvalidInputError : one of them has parts, such as a span

    Examples
    --------
    >>> several_labels("sport; money;", ";"), several_labels(["b", "a"], ";")
    (('money', 'sport'), ('a', 'b'))
    >>> several_labels([], ";"), several_labels("", ";")
    ((), None)
    """
    if isinstance(cell, str):
        listed = printed(cell)
        parts = cell.split(separator) if listed is None else listed
    else:
        parts = [cell] if cell is None or is_missing(cell) else cell
    if not isinstance(parts, list | tuple | set):
        parts = [parts]
    names = [one_label(part) for part in parts]
    found = tuple(sorted({name for name in names if name is not None}))
    return None if names and not found else found


@dataclass(frozen=True, slots=True)
class LabelsRead:
    """The labels of some cells.

    Parameters
    ----------
    labels : (n,) None where there is none; a tuple of them where an item has several
    refused : place -> why a cell holds none that can be taken
    notes : sentences on what was written in another way
    """

    labels: list[Any]
    refused: dict[int, str]
    notes: tuple[str, ...]


def read_label_sets(cells: Sequence[Any], separator: str) -> LabelsRead:
    """Read the labels of a column whose items have several.

    Examples
    --------
    >>> read_label_sets(["Sport|money", "sport", "sport", None], "|").labels
    [('money', 'sport'), ('sport',), ('sport',), None]
    """
    read: list[tuple[str, ...] | None] = []
    refused = {}
    for place, cell in enumerate(cells):
        try:
            read.append(several_labels(cell, separator))
        except InvalidInputError as error:
            read.append(None)
            refused[place] = str(error)
    flat = [name for names in read for name in names or ()]
    one = one_spelling(flat)
    labels = [None if names is None else tuple(sorted({one[n] for n in names})) for names in read]
    return LabelsRead(labels, refused, renamed(flat, [one[name] for name in flat]))


def read_cells(cells: Sequence[Any]) -> LabelsRead:
    """Read the labels of a column; one name for each class, however it is written.

    Examples
    --------
    >>> read = read_cells(["Cat", "cat", "cat", ["dog", "cat"], None])
    >>> read.labels, read.refused
    (['cat', 'cat', 'cat', None, None], {3: '2 labels, where an item has one'})
    >>> read.notes
    ("Classes written in another way: 'Cat' is taken for 'cat'.",)
    """
    read: list[str | None] = []
    refused = {}
    for place, cell in enumerate(cells):
        try:
            read.append(one_label(cell))
        except InvalidInputError as error:
            read.append(None)
            refused[place] = str(error)
    names = one_spelling(read)
    labels = [None if name is None else names[name] for name in read]
    pairs = zip(cells, read, strict=True)
    written = [cell.strip() if isinstance(cell, str) else label for cell, label in pairs]
    return LabelsRead(labels, refused, renamed(written, labels))


def seconds_of(raw: Any) -> float | None:
    """Return how long something took; None where it is no such number.

    Examples
    --------
    >>> seconds_of(4.2), seconds_of("4.2"), seconds_of(float("nan")), seconds_of(None)
    (4.2, 4.2, None, None)
    """
    try:
        seconds = float(raw)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= MOST_SECONDS else None
