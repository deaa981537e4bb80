"""The file of one model version: what it says of every item, and whom to ask next."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from sparing.errors import SourceError
from sparing.files import read_arrays, write_arrays
from sparing.store.facts import AskedRow
from sparing.types import FloatArray, IntArray, StrArray

NOT_NAMED, NO_IDS = np.zeros((0, 0), np.float32), np.zeros(0, np.str_)
NO_SPANS: IntArray = np.zeros((0, 4), np.int64)
NO_BOXES: IntArray = np.zeros((0, 6), np.int64)
NO_WORDS: IntArray = np.zeros((0, 2), np.int64)
NOT_CERTAIN: FloatArray = np.zeros(0)
NOTHING_LESS_LIKELY: FloatArray = np.zeros(0)


NEWER = {
    "named": NOT_NAMED,
    "named_ids": NO_IDS,
    "spans": NO_SPANS,
    "certainty": NOT_CERTAIN,
    "boxes": NO_BOXES,
    "doubted_words": NO_WORDS,
    "worth_a_look": NOTHING_LESS_LIKELY,
}
"""What files of older versions do not have."""


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """What one model version says; arrays alone, without pickle.

    Parameters
    ----------
    proba : (n_rows, n_classes) float32; (n_rows, 0) before anything is labeled; where spans are
        marked (n_rows, 1): how likely all spans of a text are right together, NaN where none is
    class_ids : (n_classes,) keys of the classes
    rows : (n_asked,) whom to ask next, in this order
    source, propensity, why : (n_asked,) as in :class:`sparing.learner.query.Query`
    strategy : (n_asked,) name of the rule that asks; empty in files of older versions
    doubted : (n_doubted,) labeled rows that are likely mistakes, the likeliest first
    doubt : (n_doubted,) probability that a model which did not see it gives its label
    named : (n_rows, n_named) float32: as long as there is no label, how like each picture is to
        the name of each class, where words are compared with pictures; else (n_rows, 0)
    named_ids : (n_named,) keys of these classes
    spans : (n_spans, 4) where spans are marked: row, start and end in code points, place of the
        class in ``class_ids``; in order
    certainty : (n_spans,) how likely each is right exactly; (n_boxes,) of boxes, within the overlap
        that counts as the same place
    boxes : (n_boxes, 6) where boxes are drawn: row, left, top, right and bottom in 1/16 pixel,
        place of the class in ``class_ids``; in order of the rows; ``proba`` is as of spans
    doubted_words : (n_doubted, 2) where spans are marked: start and end of the word of which
        something else is likelier, whose probability ``doubt`` is then
    worth_a_look : (n_classes,) where items have several labels: from which probability on each is
        named beside those that are likelier than not; empty in files of older versions
    """

    proba: FloatArray
    class_ids: StrArray
    rows: IntArray
    source: StrArray
    propensity: FloatArray
    why: StrArray
    strategy: StrArray
    doubted: IntArray
    doubt: FloatArray
    named: FloatArray
    named_ids: StrArray
    spans: IntArray = field(default_factory=lambda: NO_SPANS)
    certainty: FloatArray = field(default_factory=lambda: NOT_CERTAIN)
    boxes: IntArray = field(default_factory=lambda: NO_BOXES)
    doubted_words: IntArray = field(default_factory=lambda: NO_WORDS)
    worth_a_look: FloatArray = field(default_factory=lambda: NOTHING_LESS_LIKELY)


def within(scores: Scores, n_rows: int) -> Scores:
    """Return what is said of the first rows: another process may know items that came later."""
    if len(scores.proba) <= n_rows:
        return scores
    asked, doubted = scores.rows < n_rows, scores.doubted < n_rows
    there = scores.spans[:, 0] < n_rows
    drawn = scores.boxes[:, 0] < n_rows
    known = there if len(scores.spans) else drawn
    return replace(
        scores,
        proba=scores.proba[:n_rows],
        rows=scores.rows[asked],
        source=scores.source[asked],
        propensity=scores.propensity[asked],
        why=scores.why[asked],
        strategy=scores.strategy[asked],
        doubted=scores.doubted[doubted],
        doubt=scores.doubt[doubted],
        named=scores.named[:n_rows],
        spans=scores.spans[there],
        certainty=scores.certainty[known],
        boxes=scores.boxes[drawn],
        doubted_words=scores.doubted_words[doubted] if len(scores.doubted_words) else NO_WORDS,
    )


def asked_rows(scores: Scores) -> tuple[AskedRow, ...]:
    """Return by what each row is asked that a version asks: answers name it alone."""
    told = zip(scores.rows, scores.source, scores.propensity, scores.strategy, strict=True)
    return tuple((int(r), str(s), None if np.isnan(p) else float(p), str(n)) for r, s, p, n in told)


def write_scores(path: Path, scores: Scores) -> None:
    """Write a model version; whoever reads sees all of it or nothing."""
    write_arrays(path, {f.name: getattr(scores, f.name) for f in fields(Scores)})


def read_scores(path: Path) -> Scores:
    """Read what :func:`write_scores` wrote.

    Raises
    ------
    SourceError : there is no such file, or it is damaged
    """
    try:
        stored = read_arrays(path, "a model version")
        newer = NEWER | {"strategy": np.full(len(stored["rows"]), "")}
        return Scores(**{f.name: (newer | stored)[f.name] for f in fields(Scores)})
    except (SourceError, KeyError) as error:
        raise SourceError(f"{path} is not there or damaged: it will be made again.") from error
