"""What every kind of annotation has to keep to, as small named checks."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from sparing.annotations.base import AnnotationKind
from sparing.annotations.values import Value, digest, dump, load, resolved, value_of
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable

AnnotationCheck = Callable[[AnnotationKind], None]


def yield_annotation_checks() -> Iterator[AnnotationCheck]:
    """Yield the checks that a kind of annotation has to pass, on its own examples.

    Each is a function of a kind that returns None or raises AssertionError.

    Examples
    --------
    >>> from sparing.annotations.registry import get_kind
    >>> for check in yield_annotation_checks():
    ...     check(get_kind("labels"))
    """
    yield check_says_its_name
    yield check_values_are_sorted_and_hashable
    yield check_plain_form_is_read_back
    yield check_stored_form_is_read_back
    yield check_digest_is_of_what_is_said
    yield check_bad_answers_are_refused
    yield check_unknown_labels_are_refused
    yield check_input_is_not_written
    yield check_match_is_a_partition
    yield check_right_is_right_only_with_itself
    yield check_columns_are_read_back
    yield check_merged_classes_are_one


def check_says_its_name(kind: AnnotationKind) -> None:
    """The registry calls it by a name, and its class says what it is."""
    _expect(bool(kind.name) and bool(type(kind).__doc__), "it has no name or no docstring")
    _expect(len(kind.examples.good) > 1 and bool(kind.examples.bad), "too few examples")


def check_values_are_sorted_and_hashable(kind: AnnotationKind) -> None:
    """A value is canonical: sorted units, each once."""
    for value in _values(kind):
        _expect(value == value_of(value), f"{value} is not sorted")
        hash(value)


def check_plain_form_is_read_back(kind: AnnotationKind) -> None:
    """What is written for others is read as the same value, where it came from included."""
    classes = _classes(kind)
    for value in _values(kind):
        again = kind.parse(kind.plain(value, classes), classes, kind.examples.item)
        _expect(dump(again) == dump(value), f"{value} came back as {again}")


def check_stored_form_is_read_back(kind: AnnotationKind) -> None:
    """JSON holds a value whole."""
    for value in _values(kind):
        _expect(dump(load(dump(value))) == dump(value), f"{value} is not stored whole")


def check_digest_is_of_what_is_said(kind: AnnotationKind) -> None:
    """Equal values have one digest, and different ones two."""
    for a, b in product(_values(kind), repeat=2):
        _expect((digest(a) == digest(b)) == (a == b), f"digests of {a} and {b}")


def check_bad_answers_are_refused(kind: AnnotationKind) -> None:
    """What is no answer of this kind is refused in one line."""
    for raw in kind.examples.bad:
        try:
            kind.parse(raw, _classes(kind), kind.examples.item)
        except InvalidInputError as error:
            _expect("\n" not in str(error), f"more than a line for {raw!r}")
        else:
            raise AssertionError(f"{raw!r} is taken for an answer")


def check_unknown_labels_are_refused(kind: AnnotationKind) -> None:
    """A label that is not among the classes is not taken."""
    raw = kind.examples.good[0]
    try:
        kind.parse(raw, ClassTable(("none of them",)), kind.examples.item)
    except InvalidInputError:
        _expect(bool(kind.labels_in(raw)), "the first example has no label")
        return
    raise AssertionError("a label that nobody knows is taken")


def check_input_is_not_written(kind: AnnotationKind) -> None:
    """The caller's lists and sets stay as they are."""
    for raw in kind.examples.good:
        before = repr(raw)
        kind.parse(raw, _classes(kind), kind.examples.item)
        _expect(repr(raw) == before, f"{before} was changed")


def check_match_is_a_partition(kind: AnnotationKind) -> None:
    """Each unit of two values is matched once, or is one side's alone; the other way round too."""
    for a, b in product(_values(kind), repeat=2):
        match, back = kind.match(a, b), kind.match(b, a)
        both = [*match.pairs, *match.moved]
        _expect(value_of([*(x for x, _ in both), *match.only_a]) == a, f"units of {a}")
        _expect(value_of([*(y for _, y in both), *match.only_b]) == b, f"units of {b}")
        _expect(len(match.pairs) == len(back.pairs), f"pairs of {a} and {b}")
        _expect(len(match.moved) == len(back.moved), f"moved of {a} and {b}")


def check_right_is_right_only_with_itself(kind: AnnotationKind) -> None:
    """An answer is right if all its units match and no other is missing."""
    for a, b in product(_values(kind), repeat=2):
        match = kind.match(a, b)
        apart = match.moved or match.only_a or match.only_b
        _expect(kind.is_right(a, b) == (not apart), f"{a} against {b}")
        _expect(kind.is_right(a, a), f"{a} is not right against itself")


def check_columns_are_read_back(kind: AnnotationKind) -> None:
    """An export has one cell an item in each column, of what JSON holds, and is read back."""
    classes, values = _classes(kind), [*_values(kind), None]
    columns = kind.columns(values, classes)
    _expect(all(len(cells) == len(values) for cells in columns.values()), "cells are missing")
    raws = kind.from_columns(json.loads(json.dumps(columns)))
    again = [raw if raw is None else kind.parse(raw, classes, kind.examples.item) for raw in raws]
    _expect(again == values, f"{values} came back as {again}")


def check_merged_classes_are_one(kind: AnnotationKind) -> None:
    """After a merge of all classes no unit is of another, and the value is canonical."""
    for value in _values(kind):
        merged = resolved(value, (0,) * len(kind.examples.classes))
        _expect(all(unit.class_id == 0 for unit in merged), f"{merged} has two classes")
        _expect(merged == value_of(merged), f"{merged} is not sorted")


def _classes(kind: AnnotationKind) -> ClassTable:
    return ClassTable(kind.examples.classes)


def _values(kind: AnnotationKind) -> list[Value]:
    examples: Any = kind.examples
    return [kind.parse(raw, _classes(kind), examples.item) for raw in examples.good]


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
