"""Which kind of annotation a name stands for."""

from collections.abc import Mapping
from types import MappingProxyType

from sparing.annotations.base import AnnotationKind
from sparing.annotations.boxes import BoxSet
from sparing.annotations.labels import LabelSet
from sparing.annotations.single import SingleClass
from sparing.annotations.spans import SpanSet
from sparing.errors import UnknownNameError

KINDS: Mapping[str, AnnotationKind] = MappingProxyType(
    {kind.name: kind for kind in (SingleClass(), LabelSet(), SpanSet(), BoxSet())}
)
"""The kinds of annotation by name."""


def get_kind(name: str) -> AnnotationKind:
    """Return the kind of that name.

    Raises
    ------
    UnknownNameError : there is no such kind

    Examples
    --------
    >>> get_kind("spans").name
    'spans'
    """
    if name in KINDS:
        return KINDS[name]
    raise UnknownNameError("kind of annotation", name, KINDS)
