"""Whether the model is right about an item: what people said of it, against what it says."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np

from sparing._validate import invalid
from sparing.audit.audit import Audit
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions
from sparing.types import BoolArray, IntArray, Label

T = TypeVar("T", bound=Hashable)


class Verdict(StrEnum):
    """What an audited item says of the model; all but ``RIGHT`` count as an error of it."""

    RIGHT = "right"
    WRONG = "wrong"
    DISPUTED = "disputed"
    UNANSWERED = "unanswered"


def verdict(predicted: Hashable, said: Collection[Hashable]) -> Verdict:
    """Say whether the model is right about one item: the event that every certificate counts.

    Parameters
    ----------
    predicted : what the model says of the item
    said : what people said of it, each different answer once; skips are none

    Examples
    --------
    >>> [verdict("cat", said).value for said in ({"cat"}, {"cat", "dog"}, ())]
    ['right', 'disputed', 'unanswered']
    """
    if not said:
        return Verdict.UNANSWERED
    if len(said) > 1:
        return Verdict.DISPUTED
    return Verdict.RIGHT if predicted in said else Verdict.WRONG


@dataclass(frozen=True, eq=False, slots=True)
class UnitCounts:
    """Of answers that say several things: how many units the model gives, and which are wrong.

    Parameters
    ----------
    noun : what they are called, such as ``"spans"``
    given : (n_items,) in each item; fixed before the draw
    wrong : (n_drawn,) of those in each item drawn; all where there is no agreed answer
    """

    noun: str
    given: IntArray
    wrong: IntArray

    def first(self, n: int) -> "UnitCounts":
        """Return what was found in the first ``n`` items drawn."""
        return replace(self, wrong=self.wrong[:n])


@dataclass(frozen=True, eq=False, slots=True)
class Findings:
    """What people said of the audited items.

    Parameters
    ----------
    codes : (n_drawn,) their class ids; ``UNLABELED`` where unanswered or disputed; 0 for answers
        that are no classes
    wrong : (n_drawn,) True where the model is wrong, and where there is no agreed answer
    disputed : (n_drawn,) True where annotators disagree
    classes : the class table, extended by values that the model does not know
    by_label : of answers that say several things, for each label (n_drawn,) True where the model is
        wrong about it, and where there is no agreed answer; the labels are fixed before the draw
    sameness : when two answers count as the same, in words; ``""`` where all of them has to be
    units : of answers that say several things; None of others, and of certificates of old
    """

    codes: IntArray
    wrong: BoolArray
    disputed: BoolArray
    classes: ClassTable
    by_label: Mapping[str, BoolArray] = field(default_factory=dict)
    sameness: str = ""
    units: UnitCounts | None = None

    @property
    def agreed(self) -> BoolArray:
        """(n_drawn,) True where the person's label is known."""
        return self.codes >= 0

    @property
    def n_disputed(self) -> int:
        """Items on which annotators disagree."""
        return int(self.disputed.sum())

    @property
    def n_unanswered(self) -> int:
        """Items without an answer."""
        return int((~self.agreed & ~self.disputed).sum())

    def first(self, n: int) -> "Findings":
        """Return what was said of the first ``n`` items drawn."""
        by_label = {label: wrong[:n] for label, wrong in self.by_label.items()}
        units = None if self.units is None else self.units.first(n)
        return Findings(
            self.codes[:n], self.wrong[:n], self.disputed[:n], self.classes, by_label,
            self.sameness, units,
        )  # fmt: skip


def judge(
    audit: Audit, predictions: Predictions, answers: Iterable[tuple[int, Label | None]]
) -> Findings:
    """Compare a frozen model with the answers to its audit; without an answer it counts as wrong.

    Parameters
    ----------
    audit : the draw
    predictions : the model as it was frozen
    answers : pairs of row and label; None = skipped; a row that comes several times was answered
        by several people, and where they disagree there is no truth: it counts as wrong

    Raises
    ------
    InvalidInputError : an answer is for a row that was not drawn
    VoidAuditError : the predictions changed after the draw

    Examples
    --------
    >>> p = Predictions([0, 0, 1], [0.9, 0.8, 0.7], [-1, -1, -1], ClassTable(("cat", "dog")))
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.sampling import draw_audit
    >>> audit = draw_audit(p, 3, claim=Claim(0.1))
    >>> found = judge(audit, p, {0: "cat", 1: "dog"}.items())
    >>> dict(zip(audit.drawn.tolist(), found.wrong.tolist())) == {0: False, 1: True, 2: True}
    True
    >>> found.n_unanswered
    1
    """
    audit.check(predictions)
    given = _given(audit, answers)
    classes = predictions.classes.with_values(v for values in given.values() for v in values)
    said = [set(classes.encode(values).tolist()) for values in given.values()]
    predicted = predictions.codes[audit.drawn].tolist()
    return _findings(predicted, said, [next(iter(codes), UNLABELED) for codes in said], classes)


def judged(
    audit: Audit,
    predictions: Predictions,
    answers: Iterable[tuple[int, Label | None]] | Findings,
) -> Findings:
    """Return what people said, whether it was judged already or is yet to be, by classes."""
    return answers if isinstance(answers, Findings) else judge(audit, predictions, answers)


def judge_contents(
    audit: Audit,
    predictions: Predictions,
    contents: Mapping[int, str],
    answers: Iterable[tuple[int, str | None]],
) -> Findings:
    """Compare answers of any kind, such as sets of tags or of spans, with what the model says.

    An item is right where what was said of it is what the model says, by a text that is the same
    for the same content whatever its form. Everything else is as in :func:`judge`, so the
    certificate holds without new mathematics: it asks of an item only whether it is right.

    Parameters
    ----------
    audit, predictions : as in :func:`judge`; the predictions have one class, of all answers, and
        their ``items`` name by hash what the model says of each item
    contents : of each row drawn, what the model says of it
    answers : pairs of row and what a person said of it; None = skipped

    Examples
    --------
    >>> p = Predictions([0, 0, 0], [0.9, 0.8, 0.7], [-1, -1, -1], ClassTable(("answer",)))
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.sampling import draw_audit
    >>> audit = draw_audit(p, 3, claim=Claim(0.1))
    >>> model = {0: "cat+dog", 1: "", 2: "fox"}
    >>> found = judge_contents(audit, p, model, [(0, "cat+dog"), (1, "hen"), (2, "fox")])
    >>> sorted(zip(audit.drawn.tolist(), found.wrong.tolist()))
    [(0, False), (1, True), (2, False)]
    """
    audit.check(predictions)
    given = _given(audit, answers)
    predicted = [contents[row] for row in given]
    return _findings(predicted, list(given.values()), [0] * len(given), predictions.classes)


def _given(audit: Audit, answers: Iterable[tuple[int, T | None]]) -> dict[int, set[T]]:
    given: dict[int, set[T]] = {row: set() for row in audit.drawn.tolist()}
    for row, label in answers:
        if row not in given:
            raise invalid("answers", "judge", "for rows of the draw only", row)
        if label is not None:
            given[row].add(label)
    return given


def _findings(
    predicted: Sequence[Hashable],
    said: Sequence[Collection[Hashable]],
    codes: Sequence[int],
    classes: ClassTable,
) -> Findings:
    verdicts = [verdict(one, answers) for one, answers in zip(predicted, said, strict=True)]
    agreed = np.array([v in (Verdict.RIGHT, Verdict.WRONG) for v in verdicts], dtype=bool)
    return Findings(
        np.where(agreed, np.array(codes, dtype=np.int64), UNLABELED),
        np.array([v is not Verdict.RIGHT for v in verdicts], dtype=bool),
        np.array([v is Verdict.DISPUTED for v in verdicts], dtype=bool),
        classes,
    )
