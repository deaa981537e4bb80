"""Of answers that say several things: about which labels the model was wrong in an audit.

Whether all of an answer is right is one question, whether it is right about one label another: the
same draw answers both.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from sparing.annotations.base import AnnotationKind
from sparing.annotations.values import Unit, Value, value_of
from sparing.audit.findings import Findings
from sparing.project.audits.draws import Draw
from sparing.project.log.classes import Classes
from sparing.store.contents import classes_in, retold, units_in
from sparing.types import BoolArray


def wrong_by_label(
    drawn: Draw,
    said: Sequence[tuple[int, str | None]],
    found: Findings,
    classes: Classes,
    kind: AnnotationKind,
) -> Mapping[str, BoolArray]:
    """Return for each label (n_drawn,) where the model is wrong about it, or nobody knows.

    Labels are those that any answer had when the model was frozen, told apart as they were then:
    what is counted must not depend on what the audit shows.

    Parameters
    ----------
    drawn : the audit, and what it froze
    said : (row, content) of each answer, with keys of classes as they stand in the log
    found : what came of it for whole answers
    classes : as they were at the draw
    kind : of the answers; says when two are the same
    """
    audit, frozen = drawn.audit, drawn.frozen
    told = {row: _resolved(content, classes) for row, content in said if content is not None}
    agreed = found.agreed.tolist()
    model = [frozen.class_ids[code] for code in frozen.predictions.codes[audit.drawn].tolist()]
    pairs = [
        (_by_class(_resolved(one, classes)), _by_class(told[row])) if knows else None
        for row, one, knows in zip(audit.drawn.tolist(), model, agreed, strict=True)
    ]
    keys = sorted({classes.resolve(key) for one in frozen.class_ids for key in classes_in(one)})
    return MappingProxyType({
        classes.name_of(key): np.array([
            pair is None or not kind.is_right(pair[0].get(key, ()), pair[1].get(key, ()))
            for pair in pairs
        ])
        for key in keys
    })  # fmt: skip


def _resolved(content: str, classes: Classes) -> str:
    """Return a content by the classes of then; one that came later stands for itself."""
    return retold(content, lambda key: classes.resolve(key) if key in classes else key)


def _by_class(content: str) -> dict[str, Value]:
    """Return the units of each class; what is compared is where they are."""
    units: dict[str, list[Unit]] = {}
    for *place, key in units_in(content):
        units.setdefault(key, []).append(Unit(tuple(place), 0))
    return {key: value_of(of_class) for key, of_class in units.items()}
