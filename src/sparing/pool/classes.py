"""ClassTable: stable integer ids for label values of any hashable type."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from unicodedata import normalize

import numpy as np

from sparing._validate import invalid, is_null
from sparing.errors import UnknownNameError
from sparing.pool.labels import goes_by_identity, plain
from sparing.types import IntArray, Label


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Which integer id stands for which label value; append-only, a merge is an alias.

    Values that compare equal (``1``, ``1.0`` and ``True``) are one class, as in a dict; so are
    texts that differ only in how their accents are put together. The one that came first stays.

    Parameters
    ----------
    values : label values; the position is the id
    alias : for each id, the id that it stands for; ``None`` where no class was merged

    Examples
    --------
    >>> table = ClassTable(("cat", "dog"))
    >>> table = table.with_values(["dog", "fox"])
    >>> table.values
    ('cat', 'dog', 'fox')
    >>> table.encode(["fox", "cat"])
    array([2, 0])
    >>> table.with_merge("fox", into="dog").encode(["fox"])
    array([1])
    """

    values: tuple[Label, ...] = ()
    alias: tuple[int, ...] | None = None
    _ids: dict[Label, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = tuple(_checked(value) for value in self.values)
        ids = {_composed(value): i for i, value in reversed([*enumerate(values)])}
        ids |= {value: i for i, value in enumerate(values)}
        if len(set(values)) < len(values):
            raise invalid("values", "ClassTable", "distinct label values", list(values))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "_ids", ids)
        if self.alias is None:
            object.__setattr__(self, "alias", tuple(range(len(values))))

    def __len__(self) -> int:
        return len(self.values)

    def with_values(self, labels: Iterable[Label]) -> "ClassTable":
        """Return a table that also knows ``labels``; ids already given stay as they are."""
        ways = dict.fromkeys(map(_checked, labels))
        first = {_composed(v): v for v in reversed(ways) if self._known(v) not in self._ids}
        new = [value for value in ways if first.get(_composed(value)) is value]
        if not new:
            return self
        n = len(self.values)
        return ClassTable((*self.values, *new), (*self._alias, *range(n, n + len(new))))

    def with_merge(self, old: Label, into: Label) -> "ClassTable":
        """Return a table in which ``old``, and all merged into it, stand for ``into``."""
        source, target = (int(self.encode([value])[0]) for value in (old, into))
        return ClassTable(self.values, tuple(target if a == source else a for a in self._alias))

    def encode(self, labels: Iterable[Label]) -> IntArray:
        """Turn label values into ids, merged classes into the id they stand for.

        Raises
        ------
        UnknownNameError : a value is not in the table
        """
        try:
            codes = [self._alias[self._ids[self._known(label)]] for label in labels]
        except KeyError as error:
            raise self._unknown(error.args[0]) from None
        return np.array(codes, dtype=np.int64)

    def _known(self, label: Label) -> Label:
        """Return a label as the table knows it; itself where it does not."""
        value = _checked(label)
        return value if value in self._ids else _composed(value)

    def _unknown(self, label: Label) -> UnknownNameError:
        known = list(map(str, self.values))
        for value in self.values:
            if str(value) == str(label):
                kinds = f"{value!r} is of type {type(value).__name__}"
                hint = f"{kinds}, not {type(label).__name__}."
                return UnknownNameError("class", repr(label), known, hint)
        return UnknownNameError("class", label, known)

    def decode(self, codes: IntArray) -> list[Label]:
        """Turn ids into label values."""
        return [self.values[code] for code in codes]

    @property
    def _alias(self) -> tuple[int, ...]:
        return self.alias or ()


def _composed(value: Label) -> Label:
    """Return a text with its accents put together in one way; any other value as it is."""
    return normalize("NFC", value) if isinstance(value, str) else value


def _checked(label: Label) -> Label:
    """Return a plain Python value; refuse what cannot name a class."""
    value = plain(label)
    if not isinstance(value, Hashable) or is_null(value) or goes_by_identity(value):
        raise invalid("labels", "ClassTable", "hashable values other than None and NaN", label)
    return value
