"""AnnotationKind: how answers of one kind are read, compared, and written for others."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sparing._validate import check_int, invalid
from sparing.annotations.values import DRAWN, MOST_VERSION, ORIGINS, Unit, Value
from sparing.pool.classes import ClassTable
from sparing.types import Label


@dataclass(frozen=True, slots=True)
class Match:
    """Which units of two values belong together.

    Parameters
    ----------
    pairs : units of the first and the second at the same place with the same class
    moved : those at the same place with another class
    only_a, only_b : units that only one of the two has
    """

    pairs: tuple[tuple[Unit, Unit], ...]
    moved: tuple[tuple[Unit, Unit], ...]
    only_a: Value
    only_b: Value


@dataclass(frozen=True, slots=True)
class Examples:
    """An item with answers that a kind takes and some that it refuses, for the common checks.

    Parameters
    ----------
    classes : known label values
    item : what is annotated
    good : answers as people or files give them, the first with a unit at least
    bad : what has to be refused
    """

    classes: tuple[Label, ...]
    item: Any
    good: tuple[Any, ...]
    bad: tuple[Any, ...]


class AnnotationKind(ABC):
    """What an answer of one kind is.

    ``parse`` is the only place that says what is allowed. An instance holds no state.
    """

    name: ClassVar[str]
    """What the registry calls it, such as ``"spans"``."""
    column: ClassVar[str]
    """Of an export: where the answers stand, as ``plain`` gives them."""
    examples: ClassVar[Examples]
    """What the common checks try."""
    sameness: ClassVar[str] = ""
    """When two answers count as the same, in a sentence; ``""`` where all of them has to be."""

    @abstractmethod
    def parse(self, raw: Any, classes: ClassTable, item: Any = None) -> Value:
        """Return the value that somebody gave, in Python or as JSON.

        Parameters
        ----------
        raw : the answer, with label values of ``classes``
        classes : which labels there are
        item : what it is about; what depends on it is checked only if it is given

        Raises
        ------
        InvalidInputError : it is no answer of this kind, or does not fit the item
        UnknownNameError : a label is not among the classes
        """

    @abstractmethod
    def labels_in(self, raw: Any) -> list[Label]:
        """Return the label values that an answer mentions, known or not, in its order."""

    @abstractmethod
    def plain(self, value: Value, classes: ClassTable) -> Any:
        """Return a value with label values in place of ids; ``parse`` gives it back."""

    def columns(
        self, values: Sequence[Value | None], classes: ClassTable
    ) -> Mapping[str, list[Any]]:
        """Return what an export has of each item; empty where there is no answer."""
        return {self.column: [None if v is None else self.plain(v, classes) for v in values]}

    def from_columns(self, columns: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Return the answers of an export's columns, as ``parse`` takes them; None: no answer."""
        return list(columns[self.column])

    def match(self, a: Value, b: Value) -> Match:
        """Return which units of two values belong together: those at the same place."""
        same = set(a) & set(b)
        twin = {unit: unit for unit in b}
        rest_b = {unit.place: unit for unit in b if unit not in same}
        moved = [(u, rest_b.pop(u.place)) for u in a if u not in same and u.place in rest_b]
        gone = same | {unit for pair in moved for unit in pair}
        return Match(
            tuple((unit, twin[unit]) for unit in a if unit in same),
            tuple(moved),
            tuple(unit for unit in a if unit not in gone),
            tuple(unit for unit in b if unit not in gone),
        )

    def is_right(self, answer: Value, truth: Value) -> bool:
        """Tell whether an answer is the truth: what an audit counts."""
        return answer == truth


def origin_of(unit: Unit) -> dict[str, Any]:
    """Return whence a part of an answer comes, as JSON has it; nothing where a person drew it.

    Examples
    --------
    >>> origin_of(Unit((0, 3), 1)), origin_of(Unit((0, 3), 1, "accepted", 3))
    ({}, {'by': 'accepted', 'version': 3})
    """
    told: dict[str, Any] = {} if unit.by == DRAWN else {"by": unit.by}
    return told if unit.version is None else told | {"version": unit.version}


def checked_unit(
    place: tuple[int, ...], label: Label, classes: ClassTable, by: Any = DRAWN, version: Any = None
) -> Unit:
    """Return a unit of a known class with a known origin.

    Raises
    ------
    UnknownNameError : the label is not among the classes
    InvalidInputError : nobody knows such an origin, or no model can have such a version

    Examples
    --------
    >>> checked_unit((0, 3), "place", ClassTable(("person", "place"))).class_id
    1
    """
    if by not in ORIGINS:
        raise invalid("by", "an answer", f"one of {', '.join(ORIGINS)}", by)
    if version is not None:
        version = check_int("version", "an answer", version, 0, MOST_VERSION)
    return Unit(place, int(classes.encode([label])[0]), by, version)


def labels_of_all(kind: AnnotationKind, raws: Iterable[Any]) -> list[Label]:
    """Return the distinct labels that answers mention, in the order of appearance.

    Examples
    --------
    >>> from sparing.annotations.labels import LabelSet
    >>> labels_of_all(LabelSet(), [["rain", "wind"], [], ["rain", "snow"]])
    ['rain', 'wind', 'snow']
    """
    return list(dict.fromkeys(label for raw in raws for label in kind.labels_in(raw)))
