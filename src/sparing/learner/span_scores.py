"""How good a tagger is, from sentences that a person read and nothing had chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import begins, segments
from sparing.annotations.values import Value
from sparing.models.crf.tagging import Tagging
from sparing.stats.f1 import (
    Counts,
    Share,
    f1_interval,
    precision_interval,
    recall_interval,
)
from sparing.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Precision, recall and F1 of spans, exact in ends and class, over all that were not taught.

    Parameters
    ----------
    f1, precision, recall : with 95 % intervals; rough below 100 sentences
    n_sentences : that were drawn
    right, predicted, true : spans in them: right ones, predicted ones, those that there are
    without_spans : the share of sentences that have none: what saying nothing gets exactly right
    """

    f1: Share
    precision: Share
    recall: Share
    n_sentences: int
    right: int
    predicted: int
    true: int
    without_spans: float

    def __str__(self) -> str:
        return (
            f"F1 {self.f1}, precision {self.precision}, recall {self.recall}; "
            f"{self.n_sentences} sentences, {self.without_spans:.0%} of them without a span"
        )


def span_scores(
    sentences: Sentences, told: Tagging, rows: IntArray, values: Sequence[Value], pool: IntArray
) -> SpanScores:
    """Compare what a model says of some sentences with what a person says.

    Parameters
    ----------
    sentences, told : all of them, and what the model says
    rows : those that were drawn
    values : (n_rows,) what the person says of each
    pool : rows that could have been drawn
    """
    drawn, model = counted(sentences, told, rows, values), expected(sentences, told)
    here, there = (Counts(*(part[at] for part in model)) for at in (rows, pool))
    return SpanScores(
        f1_interval(drawn, here, there),
        precision_interval(drawn, here, there),
        recall_interval(drawn, here, there),
        len(rows),
        int(drawn.right.sum()),
        int(drawn.predicted.sum()),
        int(drawn.true.sum()),
        float(np.mean(drawn.true == 0)),
    )


def counted(sentences: Sentences, told: Tagging, rows: IntArray, values: Sequence[Value]) -> Counts:
    """Return how many spans are right, predicted and true in each of the rows."""
    first, after, classes = segments(told.tags, sentences.starts)
    where = sentences.rows[first]
    starts, ends = sentences.offsets[first, 0], sentences.offsets[after - 1, 1]
    said: dict[int, set[tuple[int, int, int]]] = {}
    for row, *span in zip(*(a.tolist() for a in (where, starts, ends, classes)), strict=True):
        said.setdefault(row, set()).add((span[0], span[1], span[2]))
    truth = [{(*unit.place, unit.class_id) for unit in value} for value in values]
    found = [said.get(row, set()) for row in rows.tolist()]
    right = [len(a & b) for a, b in zip(found, truth, strict=True)]
    sizes = ([len(spans) for spans in part] for part in (found, truth))
    return Counts(*(np.array(part, dtype=np.float64) for part in (right, *sizes)))


def expected(sentences: Sentences, told: Tagging) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what the model expects of each sentence: right, predicted and true spans."""
    n, rows = len(sentences), sentences.rows
    where = rows[segments(told.tags, sentences.starts)[0]]
    opening = told.proba[:, begins(np.arange(told.proba.shape[1]))].sum(axis=1)
    one = np.ones(len(where))
    each = ((where, told.certainty), (where, one), (rows, opening))
    right, predicted, true = (np.bincount(at, part, n).astype(np.float64) for at, part in each)
    return right, predicted, true
