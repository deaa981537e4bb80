"""How good a tagger is, by answers to texts that were drawn at random and held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import tags_of
from sparing.annotations.values import Unit, Value, value_of
from sparing.learner.sequences import SequenceLearner
from sparing.learner.span_scores import counted, expected
from sparing.models.crf.features import WordTable
from sparing.models.crf.tagger import CrfTagger
from sparing.models.crf.tagging import Tagging
from sparing.stats.f1 import Counts, f1_interval
from sparing.store.contents import units_in
from sparing.types import BoolArray, IntArray

N_FOLDS = 3
NOTHING_KNOWN = 0.0, 0.0, 1.0
COUNTED = ("right", "predicted", "true")


@dataclass(frozen=True, eq=False, slots=True)
class HeldOut:
    """What texts that were drawn at random say of a tagger.

    Parameters
    ----------
    f1 : of spans, exact in ends and class, with limits, and the number of texts
    right : (n_drawn,) whether all spans of a text are right
    codes : (n_drawn,) which texts were answered alike
    """

    f1: tuple[float, float, float, int]
    right: BoolArray
    codes: IntArray


Fold = tuple[IntArray, Counts, Counts]
"""Texts that were held out; what was counted in each, and what the model expected of it."""


class Folds:
    """Models of all answers but some: each is asked about the drawn texts that it has not seen.

    A text stays in its fold, so that each model goes on from where it was and has never seen what
    it is asked about.

    Parameters
    ----------
    n_texts : of the project
    seed : of the folds
    """

    def __init__(self, n_texts: int, seed: int) -> None:
        self._fold_of = np.random.default_rng(seed).integers(N_FOLDS, size=n_texts)
        self._taggers: dict[int, tuple[CrfTagger, IntArray]] = {}

    def held_out(
        self, learner: SequenceLearner, known: Sequence[str | int], drawn: BoolArray
    ) -> HeldOut | None:
        """Return what models say of drawn texts that they have not seen; None without any.

        Parameters
        ----------
        learner : knows the answers
        known : (n_texts,) content of each that is taught; else an int
        drawn : (n_texts,) True where a text was drawn at random
        """
        labeled = learner.labeled
        taught = values_in(learner, known, labeled)
        values = dict(zip(labeled.tolist(), taught, strict=True))
        rows = labeled[drawn[labeled]]
        tests = [rows[self._fold_of[rows] == fold] for fold in range(N_FOLDS)]
        parts = [
            self._fold(fold, learner, values, test)
            for fold, test in enumerate(tests)
            if 0 < len(test) < len(labeled)
        ]
        if not parts:
            return None
        here = joined([counts for _, counts, _ in parts])
        told = joined([counts for _, _, counts in parts])
        pool = Counts(*expected(learner.sentences, learner.tagging))
        contents = [str(known[row]) for test, _, _ in parts for row in test.tolist()]
        return HeldOut(
            limits(here, told, pool),
            (here.right == here.predicted) & (here.right == here.true),
            np.unique(contents, return_inverse=True)[1],
        )

    def _fold(
        self, fold: int, learner: SequenceLearner, values: dict[int, Value], test: IntArray
    ) -> Fold:
        """Fit on all other labeled texts, and count what the model gets right of these."""
        train = np.setdiff1d(learner.labeled, test)
        known, unseen = learner.sentences.take(train), learner.sentences.take(test)
        tags = tags_in(known, [values[row] for row in train.tolist()])
        tagger = self._tagger(fold, learner, test)
        told: Tagging = tagger.fit(known, tags, len(learner.classes)).tag(unseen)
        self._taggers[fold] = tagger, train
        said = [values[row] for row in test.tolist()]
        here = counted(unseen, told, np.arange(len(test)), said)
        return test, here, Counts(*expected(unseen, told))

    def _tagger(self, fold: int, learner: SequenceLearner, test: IntArray) -> CrfTagger:
        """Return the model of the fold; a new one where it was taught what it is asked now."""
        if fold in self._taggers:
            tagger, taught = self._taggers[fold]
            if not np.isin(test, taught).any():
                return tagger
        return CrfTagger(table=table_of(learner))


def table_of(learner: SequenceLearner) -> WordTable | None:
    """Return what a learner of a project knows of the words."""
    fitted = learner.fitted
    assert isinstance(fitted, CrfTagger)  # noqa: S101  # a project has no other
    return fitted.table


def values_in(learner: SequenceLearner, known: Sequence[str | int], rows: IntArray) -> list[Value]:
    """Return what is taught of some texts, from the contents of all."""
    place = {key: code for code, key in enumerate(learner.classes)}
    units = (units_in(str(known[row])) for row in rows.tolist())
    return [value_of(Unit((s, e), place[key]) for s, e, key in spans) for spans in units]


def tags_in(sentences: Sentences, values: Sequence[Value]) -> IntArray:
    """Return (n_tokens,) tags of some texts, a value each."""
    edges = np.split(sentences.offsets, sentences.starts[1:-1])
    each = [tags_of(value, at) for value, at in zip(values, edges, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *each])


def joined(parts: Sequence[Counts]) -> Counts:
    """Return counts of several lists of texts, one after the other."""
    return Counts(*(np.concatenate([getattr(p, name) for p in parts]) for name in COUNTED))


def limits(drawn: Counts, told: Counts, pool: Counts) -> tuple[float, float, float, int]:
    """Return F1 with its limits, and the number of texts; nothing is known of a single one."""
    n = len(drawn.right)
    if n < 2 or not (drawn.predicted + drawn.true).any():
        return *NOTHING_KNOWN, n
    found = f1_interval(drawn, told, pool)
    return found.value, found.low, found.high, n
