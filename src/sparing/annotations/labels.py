"""Several labels an item: a set of classes, which may be empty."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from sparing._validate import invalid
from sparing.annotations.base import AnnotationKind, Examples, checked_unit
from sparing.annotations.values import Value, value_of
from sparing.pool.classes import ClassTable
from sparing.types import Label


class LabelSet(AnnotationKind):
    """Several labels an item: the answer is a set of label values, in no order; none is one too.

    Examples
    --------
    >>> kind, classes = LabelSet(), ClassTable(("sport", "politics", "money"))
    >>> kind.plain(kind.parse({"money", "sport"}, classes), classes)
    ['sport', 'money']
    >>> kind.parse([], classes)
    ()
    """

    name: ClassVar[str] = "labels"
    column: ClassVar[str] = "labels"
    examples: ClassVar[Examples] = Examples(
        ("sport", "politics", "money", 4),
        "a text",
        (["money", "sport"], [], {"politics"}, ("money",), frozenset({4, "money"})),
        (None, "sport", ["sport", "sport"], ["weather"], 4, {"sport": 1}),
    )

    def parse(self, raw: Any, classes: ClassTable, item: Any = None) -> Value:
        """Return the value of a set, list or tuple of distinct label values."""
        labels = self.labels_in(raw)
        value = value_of(checked_unit((), label, classes) for label in labels)
        if len(value) < len(labels):
            raise invalid("labels", "an answer", "distinct labels of an item", raw)
        return value

    def labels_in(self, raw: Any) -> list[Label]:
        """Return the labels, those of a set sorted by their text."""
        if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Iterable):
            raise invalid("labels", "an answer", "a set or list of the labels of an item", raw)
        return sorted(raw, key=str) if isinstance(raw, set | frozenset) else list(raw)

    def plain(self, value: Value, classes: ClassTable) -> list[Label]:
        """Return the label values in the order of the classes."""
        return [classes.values[unit.class_id] for unit in value]

    def columns(
        self, values: Sequence[Value | None], classes: ClassTable
    ) -> Mapping[str, list[Any]]:
        """Return ``labels``, a list an item, and a column of 0 and 1 a label: ``labels.sport``."""
        lists = [None if value is None else self.plain(value, classes) for value in values]
        names = [classes.values[code] for code in sorted(set(classes.alias or ()))]
        return {self.column: lists} | {
            f"{self.column}.{name}": [None if some is None else int(name in some) for some in lists]
            for name in names
        }
