"""Which column of a table holds labels that are there already, and how that is said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sparing.datasets.columns import CATEGORIES, DATES, NUMBERS, VECTORS, column_of
from sparing.datasets.identifiers import LEAST_ROWS, is_fraction, words_of
from sparing.datasets.items import shown_names
from sparing.datasets.rows import RawTable, is_missing, plain_text

SURE = frozenset({"label", "labels"})
"""Words that say so at either end of a name: label_text, trueLabel."""
AT_END = frozenset({"gold", "annotation", "truth"})
"""Words that say so at the end of a name: sentiment_gold."""
ALONE = frozenset(
    {
        "class",
        "category",
        "target",
        "y",
        "gold",
        "annotation",
        "ground truth",
        "klass",
        "sentiment",
        "emotion",
        "intent",
        "stance",
        "toxicity",
    }
)
"""Names that say so alone."""
FEW = 20  # different labels; as many may stand in a column that is hardly filled yet
LONGEST = 100  # characters of a label
LEAST_GAPS = 0.1  # of the cells of a column that somebody has only begun to fill in


def set_aside(raw: RawTable, named: str | None = None) -> RawTable:
    """Return a table that says which column has the labels that are there already, if one does.

    Its name says so, or else that it is the only one that is begun, see :func:`begun_columns`. The
    column is still there: whoever asks for it by name gets it. Others that hold labels too, such as
    those of a second person, are no part of an item either.

    Parameters
    ----------
    raw : the table
    named : the column, where somebody has named it; None: find it

    Raises
    ------
    UnknownNameError : there is no such column
    """
    if named is not None:
        raw.column(named)
        return _with_beside(raw, named, begun_columns(raw))
    beside = [name for name in raw.columns if name not in raw.left_out]
    if len(beside) < 2:  # else nothing would be left to look at
        return raw
    found = next((n for n in beside if is_label_column(n, raw.columns[n])), None)
    begun_there = begun_columns(raw)
    if found is None and len(begun_there) == 1:
        found = begun_there[0]
    return _with_beside(raw, found, begun_there)


def _with_beside(raw: RawTable, label: str | None, begun_there: Sequence[str]) -> RawTable:
    """Return the table with the column of its labels, and those that hold labels beside it."""
    mine = [n for n in raw.columns if n not in raw.left_out and n != label]
    like = begun_there if label is None or label in begun_there else ()
    too = [n for n in mine if n in like or (label and is_surely_labels(n, raw.columns[n]))]
    return replace(
        raw, label_column=label, labels_beside=tuple(too) if len(too) < len(mine) else ()
    )


def begun_columns(raw: RawTable) -> tuple[str, ...]:
    """Return the columns that are filled in part, with values that repeat; none, or others: ().

    Somebody has begun to label there, whatever they are called. Where other columns of numbers,
    dates or categories have gaps too, gaps are usual in this table, and no column is picked out.
    Several are the labels of several people where at most half of each is filled in, and they
    share most of their values.

    Examples
    --------
    >>> texts, x = [f"text {i}" for i in range(9)], ["a", "b", "a", "b", *[None] * 5]
    >>> begun_columns(RawTable({"t": texts, "x": x}, texts, ""))
    ('x',)
    >>> begun_columns(RawTable({"t": texts, "x": x, "y": x[::-1]}, texts, ""))
    ('x', 'y')
    >>> begun_columns(RawTable({"t": texts, "x": x, "size": [1.5, *[None] * 8]}, texts, ""))
    ()
    """
    if len(raw) < LEAST_ROWS:
        return ()
    gappy = [name for name in raw.columns if name not in raw.left_out and _has_gaps(raw, name)]
    filled = [[cell for cell in raw.columns[name] if not is_missing(cell)] for name in gappy]
    if not all(map(_are_few, filled)) or (len(gappy) > 1 and not _are_alike(filled, len(raw))):
        return ()
    return tuple(gappy)


def _are_few(there: Sequence[Any]) -> bool:
    is_few = len({*map(str, there)}) <= FEW and _repeat(there) and all(map(_can_be_label, there))
    return is_few and column_of(there).kind in (CATEGORIES, NUMBERS)


def _are_alike(filled: Sequence[Sequence[Any]], n_rows: int) -> bool:
    """Tell whether several columns are hardly begun, with two values or more that all share."""
    values = [{plain_text(cell) for cell in there} for there in filled]
    shared = len(set.intersection(*values))
    is_begun = all(2 * len(there) <= n_rows for there in filled)
    return is_begun and shared >= 2 and 2 * shared >= len(set.union(*values))


def _has_gaps(raw: RawTable, name: str) -> bool:
    """Tell whether a column of quantities, or of values that repeat, is filled in part."""
    cells = raw.columns[name]
    there = [cell for cell in cells if not is_missing(cell)]
    if not there or len(cells) - len(there) < LEAST_GAPS * len(cells):
        return False
    return _repeat(there) or column_of(there).kind in (NUMBERS, DATES, VECTORS)


def _repeat(there: Sequence[Any]) -> bool:
    return 2 * len({str(cell) for cell in there}) <= len(there)


def is_label_column(name: str, cells: Sequence[Any]) -> bool:
    """Tell whether a column holds labels: its name says so, and its values repeat.

    A column that is not filled yet, or hardly, is one too.

    Examples
    --------
    >>> is_label_column("label", ["pos", "neg", "pos", None]), is_label_column("y", [0.5, 0.25])
    (True, False)
    >>> is_label_column("class_size", [3, 3, 4, 4]), is_label_column("sentiment_gold", ["pos", ""])
    (False, True)
    """
    words = words_of(name)
    return (_says_labels(words) or " ".join(words) in ALONE) and _hold_labels(cells)


def is_surely_labels(name: str, cells: Sequence[Any]) -> bool:
    """Tell whether a column holds labels beside another that does: label_text beside label.

    Names that may be those of a feature as well, such as category, do not count here.
    """
    return _says_labels(words_of(name)) and _hold_labels(cells)


def _says_labels(words: Sequence[str]) -> bool:
    return bool(SURE & {words[0], words[-1]}) or words[-1] in AT_END


def _hold_labels(cells: Sequence[Any]) -> bool:
    there = [cell for cell in cells if not is_missing(cell)]
    if any(not _can_be_label(cell) for cell in there):
        return False
    is_begun = len(there) < len(cells) and len({str(cell) for cell in there}) <= FEW
    return is_begun or _repeat(there)


def _can_be_label(cell: Any) -> bool:
    text = str(cell)
    return len(text) <= LONGEST and not is_fraction(text)


def offered(raw: RawTable, name: str, columns: Sequence[str]) -> str:
    """Return what the person should know of a column with labels that are there already.

    Parameters
    ----------
    raw : the table
    name : of the column
    columns : those that make an item
    """
    n_there = sum(not is_missing(cell) for cell in raw.columns[name])
    options = f"--label-column {name} imports them"
    if is_label_column(name, raw.columns[name]):
        return (
            f"Column '{name}' looks like labels that are there already, {n_there:,} of"
            f" {len(raw):,}: it is no part of the items. {options}."
        )
    both = ",".join([*columns, name])
    return f"{begun(raw, name)}: no part of the items. {options}; no labels: --columns {both}."


def on_beside(raw: RawTable, columns: Sequence[str]) -> list[str]:
    """Return what the person should know of columns with labels that nobody has named.

    Parameters
    ----------
    raw : the table
    columns : those that make an item
    """
    names = [name for name in raw.labels_beside if name in raw.columns and name not in columns]
    if not names:
        return []
    which = f"Column{'s' if len(names) > 1 else ''} {' and '.join(map(repr, names))}"
    parts = f"--columns {','.join([*columns, *names])}"
    like = f"may be labels too, like '{raw.label_column}': no part of the items. No"
    by = (
        f"may be labels by {len(names)} people: no part of the items."
        f" --label-column {names[0]} imports those of one; no"
    )
    return [f"{which} {by if raw.label_column is None else like} labels: {parts}."]


def begun(raw: RawTable, name: str) -> str:
    """Return what a column looks like that somebody may have begun to label in."""
    there = [cell for cell in raw.columns[name] if not is_missing(cell)]
    values = shown_names(sorted({plain_text(cell) for cell in there}))
    return (
        f"Column '{name}', filled in {len(there):,} of {len(raw):,} rows, may be labels that are"
        f" there already ({values})"
    )
