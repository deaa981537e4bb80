"""Of answers that say several things: in which parts the model was wrong in an audit.

Whether all of an answer is right is one question, whether it is right about one label another, and
how many of its units are right a third: the same draw answers them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from sparing.annotations.base import AnnotationKind
from sparing.annotations.values import Unit, Value, value_of
from sparing.audit.findings import Findings, UnitCounts
from sparing.project.audits.draws import Draw
from sparing.project.log.boxed import values_of
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
    pairs = [
        None if truth is None else (_by_class(model), _by_class(truth))
        for model, truth in _compared(drawn, said, found, classes)
    ]
    named = {key for one in drawn.frozen.class_ids for key in classes_in(one)}
    keys = sorted({classes.resolve(key) for key in named})
    return MappingProxyType({
        classes.name_of(key): np.array([
            pair is None or not kind.is_right(pair[0].get(key, ()), pair[1].get(key, ()))
            for pair in pairs
        ])
        for key in keys
    })  # fmt: skip


def wrong_units(
    drawn: Draw,
    said: Sequence[tuple[int, str | None]],
    found: Findings,
    classes: Classes,
    kind: AnnotationKind,
) -> UnitCounts:
    """Count the units that the model gives, and of the drawn items those that are wrong.

    All of an item are wrong on which nobody or not everybody says the same. Parameters are those
    of :func:`wrong_by_label`.
    """
    wrong = []
    for model, truth in _compared(drawn, said, found, classes):
        mine, theirs = values_of(model, truth or "[]")
        wrong.append(len(mine) - len(kind.match(mine, theirs).pairs))
    sizes = [len(units_in(_resolved(one, classes))) for one in drawn.frozen.class_ids]
    of_all = np.array(sizes)[drawn.frozen.predictions.codes.astype(np.int64)]
    return UnitCounts(kind.name, of_all, np.array(wrong, dtype=np.int64))


def _compared(
    drawn: Draw, said: Sequence[tuple[int, str | None]], found: Findings, classes: Classes
) -> Iterator[tuple[str, str | None]]:
    """Yield of each drawn item what the model says, and what people do; None: no agreed answer."""
    frozen, rows = drawn.frozen, drawn.audit.drawn
    told = {row: _resolved(content, classes) for row, content in said if content is not None}
    codes = frozen.predictions.codes[rows].tolist()
    for row, code, knows in zip(rows.tolist(), codes, found.agreed.tolist(), strict=True):
        yield _resolved(frozen.class_ids[code], classes), told[row] if knows else None


def _resolved(content: str, classes: Classes) -> str:
    """Return a content by the classes of then; one that came later stands for itself."""
    return retold(content, lambda key: classes.resolve(key) if key in classes else key)


def _by_class(content: str) -> dict[str, Value]:
    """Return the units of each class; what is compared is where they are."""
    units: dict[str, list[Unit]] = {}
    for *place, key in units_in(content):
        units.setdefault(key, []).append(Unit(tuple(place), 0))
    return {key: value_of(of_class) for key, of_class in units.items()}
