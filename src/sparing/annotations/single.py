"""One class an item."""

from typing import Any, ClassVar

from sparing._validate import invalid
from sparing.annotations.base import AnnotationKind, Examples, checked_unit
from sparing.annotations.values import Value
from sparing.pool.classes import ClassTable
from sparing.types import Label


class SingleClass(AnnotationKind):
    """One class an item: the answer is a label value.

    Examples
    --------
    >>> kind, classes = SingleClass(), ClassTable(("cat", "dog"))
    >>> kind.parse("dog", classes)
    (Unit(place=(), class_id=1, by='drawn', version=None),)
    >>> kind.plain(kind.parse("dog", classes), classes)
    'dog'
    """

    name: ClassVar[str] = "class"
    column: ClassVar[str] = "label"
    examples: ClassVar[Examples] = Examples(
        ("cat", "dog", 7), "a picture", ("cat", "dog", 7), (None, float("nan"), ["cat"], {"a": 1})
    )

    def parse(self, raw: Any, classes: ClassTable, item: Any = None) -> Value:
        """Return the value of a label."""
        return (checked_unit((), raw, classes),)

    def labels_in(self, raw: Any) -> list[Label]:
        """Return the label itself."""
        return [raw]

    def plain(self, value: Value, classes: ClassTable) -> Label:
        """Return the label value."""
        if len(value) != 1:
            raise invalid("value", "an answer of kind 'class'", "of one class", value)
        return classes.values[value[0].class_id]
