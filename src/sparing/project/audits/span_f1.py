"""How good a model is at spans or boxes, by an audit: F1 with its interval, and recall."""

import math
from collections.abc import Iterable

import numpy as np

from sparing.annotations.overlap import LEAST_IOU
from sparing.audit.evaluation import Estimate
from sparing.project.audits.box_precision import audited_precision
from sparing.project.audits.draws import Draw
from sparing.project.log.boxed import n_common
from sparing.project.settings import BOXES, SPANS
from sparing.stats.crowded import most_wrong
from sparing.stats.f1 import ROUGH, Counts, Share, f1_interval, precision_interval, recall_interval
from sparing.store.contents import units_in
from sparing.types import FloatArray, IntArray

_Units = frozenset[tuple[object, ...]]
ITEMS = {SPANS: "texts", BOXES: "pictures"}


def audited_f1(
    drawn: Draw, answers: Iterable[tuple[int, str | None]], kind: str = SPANS
) -> Estimate:
    """Return F1 of spans, exact in ends and class, or of boxes, of what an audit covers.

    Boxes are right that have one of their class at their place, one to one.

    Only what was drawn for the first look counts, as further draws depend on what was seen there. A
    text without an answer, or one on which people differ, counts as if nothing that the model says
    of it were right. What the model expects of each text is a control variate.

    Parameters
    ----------
    drawn : the audit, and what it froze
    answers : (row, content) of the answered items; None: skipped
    kind : of the answers
    """
    audit, frozen = drawn.audit, drawn.frozen
    p = frozen.predictions
    rows = np.asarray(audit.drawn[: audit.looks[0]], dtype=np.int64)
    told = _said(answers)
    said = [frozen.class_ids[int(code)] for code in p.codes[rows]]
    truth = [told.get(row, "[]") for row in rows.tolist()]
    common = n_common if kind == BOXES else _n_equal
    here = Counts(
        _numbers(common(a, b) for a, b in zip(said, truth, strict=True)),
        _numbers(len(_units(one)) for one in said),
        _numbers(len(_units(one)) for one in truth),
    )
    sizes = _numbers(len(_units(content)) for content in frozen.class_ids)
    pool = np.flatnonzero(audit.eligible)
    told_here, told_there = (_expected(drawn, sizes, at) for at in (rows, pool))
    kinds = (f1_interval, recall_interval, precision_interval)
    f1, found, precise = (f(here, told_here, told_there) for f in kinds)
    empty = float(np.mean(here.true == 0))
    about = (
        f"F1 of {kind} in the {len(pool):,} {ITEMS[kind]} that the check covers;"
        f" {_share(found.value)} of the {kind} there are found ({_share(found.low)} to"
        f" {_share(found.high)}), and {_share(empty)} of these {ITEMS[kind]} have none"
    )
    if kind == BOXES:
        about += (
            f"; {_share(precise.value)} of its boxes are right ({_share(precise.low)} to"
            f" {_share(precise.high)}), which is an intersection over union of {LEAST_IOU} or more"
            f"{_ranked(audited_precision(frozen, rows.tolist(), truth))}"
        )
    about += _surely_right(drawn, sizes, here, kind)
    n_wrong = int(np.sum((here.right != here.predicted) | (here.right != here.true)))
    return Estimate(
        0.0 if np.isnan(f1.value) else f1.value, f1.low, f1.high, 0.95, about,
        "prediction-powered", len(rows), n_wrong, rough=len(rows) < ROUGH,
    )  # fmt: skip


def _ranked(found: Share | None) -> str:
    """Say mAP50 as far as it is known."""
    if found is None:
        return ""
    limits = f"{_share(found.low)} to {_share(found.high)}"
    return (
        f"; mAP50 of what it shows is {_share(found.value)} ({limits}, by a bootstrap: approximate)"
    )


def _surely_right(drawn: Draw, sizes: FloatArray, here: Counts, kind: str) -> str:
    """Say how many of the units are right at least, which nothing but the draw decides."""
    audit = drawn.audit
    drawn_from = np.flatnonzero(audit.eligible)
    given = sizes[drawn.frozen.predictions.codes[drawn_from].astype(np.int64)].astype(np.int64)
    if not given.sum():
        return ""
    at = np.searchsorted(drawn_from, audit.drawn[: len(here.predicted)])
    most = most_wrong(given, at, (here.predicted - here.right).astype(np.int64), 0.05)
    return f"; by an exact limit {_floor(1 - most / given.sum())} or more of its {kind} are right"


def _said(answers: Iterable[tuple[int, str | None]]) -> dict[int, str]:
    """Return what is said of each item on which people do not differ."""
    found: dict[int, set[str | None]] = {}
    for row, content in answers:
        found.setdefault(row, set()).add(content)
    agreed = {row: contents.pop() for row, contents in found.items() if len(contents) == 1}
    return {row: content for row, content in agreed.items() if content is not None}


def _n_equal(content: str, other: str) -> int:
    return len(_units(content) & _units(other))


def _units(content: str) -> _Units:
    return frozenset(units_in(content))


def _numbers(values: Iterable[int]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)


def _expected(drawn: Draw, sizes: FloatArray, at: IntArray) -> Counts:
    p = drawn.frozen.predictions
    predicted = sizes[p.codes[at].astype(np.int64)]
    return Counts(predicted * p.confidence[at], predicted, predicted)


def _floor(share: float) -> str:
    return f"{math.floor(100 * share):d} %"


def _share(value: float) -> str:
    return "?" if np.isnan(value) else f"{100 * value:.0f} %"
