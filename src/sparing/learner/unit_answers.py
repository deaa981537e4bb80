"""UnitAnswers: which items were answered, and with which spans or boxes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sparing.annotations.base import AnnotationKind, labels_of_all
from sparing.annotations.values import Value
from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.types import BoolArray, IntArray, Label

LABELED = 0


@dataclass(frozen=True, eq=False, slots=True)
class UnitAnswers:
    """What is known of each item where an answer has any number of units.

    As ``Pool`` is of one label an item. It never changes; the ``with_...`` methods return new ones.

    Parameters
    ----------
    state : (n_items,) ``LABELED``, ``UNLABELED`` or ``SKIPPED``
    classes : the labels behind the class ids of the units
    classes_are_fixed : whether other labels are refused
    values : the answers by row; one without a unit is an answer, too

    Examples
    --------
    >>> answers = UnitAnswers.of(3, ["cat"]).with_values(np.array([2]), [()])
    >>> answers.labeled, answers.with_skips(np.array([0])).eligible
    (array([2]), array([False,  True, False]))
    """

    state: IntArray
    classes: ClassTable
    classes_are_fixed: bool
    values: Mapping[int, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, n_items: int, classes: Iterable[Label] | None) -> "UnitAnswers":
        """Return that nothing is answered; None: whatever is answered becomes a class."""
        table = ClassTable(tuple(classes or ()))
        return cls(np.full(n_items, UNLABELED), table, classes is not None)

    @property
    def labeled(self) -> IntArray:
        """Rows that have an answer, ascending."""
        return np.flatnonzero(self.state == LABELED)

    @property
    def skipped(self) -> IntArray:
        """Rows that are no part of the pool any more, ascending."""
        return np.flatnonzero(self.state == SKIPPED)

    @property
    def eligible(self) -> BoolArray:
        """(n_items,) True where a row may be asked."""
        return np.equal(self.state, UNLABELED)

    def with_classes_in(self, kind: AnnotationKind, raws: Iterable[Any]) -> "UnitAnswers":
        """Return answers whose classes have the labels in ``raws``, unless others are refused."""
        if self.classes_are_fixed:
            return self
        return replace(self, classes=self.classes.with_values(labels_of_all(kind, raws)))

    def with_values(self, rows: IntArray, values: Iterable[Value]) -> "UnitAnswers":
        """Return answers in which ``rows`` have these, some maybe in place of others."""
        return self._moved(rows, LABELED, dict(zip(rows.tolist(), values, strict=True)))

    def with_skips(self, rows: IntArray) -> "UnitAnswers":
        """Return answers in which ``rows`` are skipped: they have none and are not asked again."""
        return self._moved(rows, SKIPPED, {})

    def without_values(self, rows: IntArray) -> "UnitAnswers":
        """Return answers in which ``rows`` have none and may be asked (again)."""
        return self._moved(rows, UNLABELED, {})

    def _moved(self, rows: IntArray, mark: int, values: dict[int, Value]) -> "UnitAnswers":
        state, gone = self.state.copy(), set(rows.tolist())
        state[rows] = mark
        kept = {row: value for row, value in self.values.items() if row not in gone}
        return replace(self, state=state, values=kept | values)


def read_values(
    kind: AnnotationKind,
    rows: IntArray,
    raws: Sequence[Any],
    classes: ClassTable,
    item_of: Callable[[int], Any],
) -> list[Value]:
    """Return answers as they are kept; what is wrong is said with its row.

    Parameters
    ----------
    kind : of the answers
    rows : (k,) which items they are of
    raws : (k,) as people give them
    classes : the labels that they may have
    item_of : of a row, what an answer has to fit: a text, the size of a picture

    Raises
    ------
    InvalidInputError : one is no such answer, or does not fit its item
    UnknownNameError : a label is none of ``classes``

    Examples
    --------
    >>> from sparing.annotations.spans import SpanSet
    >>> said, names = [[(0, 3, "person")]], ClassTable(("person",))
    >>> read_values(SpanSet(), np.array([0]), said, names, ["Ada ran"].__getitem__)[0][0].place
    (0, 3)
    """
    return [
        _read(kind, row, raw, classes, item_of)
        for row, raw in zip(rows.tolist(), raws, strict=True)
    ]


def _read(
    kind: AnnotationKind, row: int, raw: Any, classes: ClassTable, item_of: Callable[[int], Any]
) -> Value:
    try:
        return kind.parse(raw, classes, item_of(row))
    except ValueError as error:
        error.args = (f"Row {row}: {error}",)
        raise
