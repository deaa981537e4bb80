"""How good a model is at spans, by the texts of an audit: F1 with its interval, and recall."""

from collections.abc import Iterable

import numpy as np

from sparing.audit.evaluation import Estimate
from sparing.project.audits.draws import Draw
from sparing.stats.f1 import ROUGH, Counts, f1_interval, recall_interval
from sparing.store.contents import units_in
from sparing.types import FloatArray, IntArray

_Units = frozenset[tuple[object, ...]]


def audited_f1(drawn: Draw, answers: Iterable[tuple[int, str | None]]) -> Estimate:
    """Return F1 of spans, exact in ends and class, of the texts that an audit covers.

    Only what was drawn for the first look counts, as further draws depend on what was seen there. A
    text without an answer, or one on which people differ, counts as if nothing that the model says
    of it were right. What the model expects of each text is a control variate.

    Parameters
    ----------
    drawn : the audit, and what it froze
    answers : (row, content) of the answered texts; None: skipped
    """
    audit, frozen = drawn.audit, drawn.frozen
    p = frozen.predictions
    rows = np.asarray(audit.drawn[: audit.looks[0]], dtype=np.int64)
    told = _said(answers)
    said = [_units(frozen.class_ids[int(code)]) for code in p.codes[rows]]
    truth = [told.get(row, frozenset()) for row in rows.tolist()]
    here = Counts(
        _numbers(len(a & b) for a, b in zip(said, truth, strict=True)),
        _numbers(map(len, said)),
        _numbers(map(len, truth)),
    )
    sizes = _numbers(len(_units(content)) for content in frozen.class_ids)
    pool = np.flatnonzero(audit.eligible)
    told_here, told_there = (_expected(drawn, sizes, at) for at in (rows, pool))
    f1, found = (f(here, told_here, told_there) for f in (f1_interval, recall_interval))
    empty = float(np.mean([not units for units in truth]))
    about = (
        f"F1 of spans in the {len(pool):,} texts that the check covers; {_share(found.value)} of"
        f" the spans there are found ({_share(found.low)} to {_share(found.high)}), and"
        f" {_share(empty)} of these texts have none"
    )
    n_wrong = sum(a != b for a, b in zip(said, truth, strict=True))
    return Estimate(
        0.0 if np.isnan(f1.value) else f1.value, f1.low, f1.high, 0.95, about,
        "prediction-powered", len(rows), n_wrong, rough=len(rows) < ROUGH,
    )  # fmt: skip


def _said(answers: Iterable[tuple[int, str | None]]) -> dict[int, _Units]:
    """Return what is said of each text on which people do not differ."""
    found: dict[int, set[str | None]] = {}
    for row, content in answers:
        found.setdefault(row, set()).add(content)
    agreed = {row: contents.pop() for row, contents in found.items() if len(contents) == 1}
    return {row: _units(content) for row, content in agreed.items() if content is not None}


def _units(content: str) -> _Units:
    return frozenset(units_in(content))


def _numbers(values: Iterable[int]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)


def _expected(drawn: Draw, sizes: FloatArray, at: IntArray) -> Counts:
    p = drawn.frozen.predictions
    predicted = sizes[p.codes[at].astype(np.int64)]
    return Counts(predicted * p.confidence[at], predicted, predicted)


def _share(value: float) -> str:
    return "?" if np.isnan(value) else f"{100 * value:.0f} %"
