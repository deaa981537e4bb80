"""Labels by the model: all at once, the most confident first, or certified.

The first two are the founding article's; they promise nothing. The third keeps only labels that
an audit of the frozen model vouches for, and hands the rest back to the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sparing._validate import check_indices, check_int, invalid
from sparing.audit.audit import Audit
from sparing.audit.certificate import UNKNOWN, Certificate, Origins
from sparing.audit.certifying import auto_labeled, certify
from sparing.audit.cost.plan import AuditPlan, plan_audit
from sparing.audit.findings import Findings, judged
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED, Pool
from sparing.pool.predictions import Predictions
from sparing.pool.snapshot import Refit
from sparing.types import IntArray, Label, StrArray

__all__ = [
    "AuditPlan",
    "AutoLabels",
    "all_at_once",
    "certified",
    "most_confident_first",
    "plan_audit",
]

SOURCES = ("", "person", "audit", "handback", "model")
NOBODY, PERSON, AUDITED, HANDED_BACK, MODEL = range(len(SOURCES))


@dataclass(frozen=True, eq=False, slots=True)
class AutoLabels:
    """A label for every item, and where each came from.

    Parameters
    ----------
    codes : (n_items,) class ids; ``UNLABELED`` where the person is still to label, or ``SKIPPED``
    origin : (n_items,) positions in ``SOURCES``: nobody; a person, for the training, of the audit,
        or of what was handed back; the model. A byte an item
    confidence : (n_items,) the model's, where the label is the model's; NaN elsewhere
    classes : the label values behind the ids
    model_version : of the labels that the model gave
    certificate : what vouches for them; None if nothing does
    """

    codes: npt.NDArray[np.int32]
    origin: npt.NDArray[np.int8]
    confidence: npt.NDArray[np.float32]
    classes: ClassTable
    model_version: int
    certificate: Certificate | None = None

    @property
    def source(self) -> StrArray:
        """(n_items,) ``"person"``, ``"audit"``, ``"handback"``, ``"model"``, or ``""``."""
        return np.array(SOURCES)[self.origin]

    @property
    def remainder(self) -> IntArray:
        """Rows that the person is still to label, ascending."""
        return np.flatnonzero(self.codes == UNLABELED)

    @property
    def n_auto(self) -> int:
        """How many labels the model gave."""
        return int(np.count_nonzero(self.origin == MODEL))

    def labels(self) -> list[Label | None]:
        """Return the label values, None where there is none."""
        values = (*self.classes.values, None, None)  # ids -2 and -1 are no label
        return [values[code] for code in self.codes.tolist()]

    def with_remainder(self, indices: npt.ArrayLike, labels: Iterable[Label]) -> "AutoLabels":
        """Return the labels with the person's answers for (some of) the handed-back rows.

        Raises
        ------
        InvalidInputError : a row was not handed back, or there is not one label a row
        """
        rows = check_indices(indices, "with_remainder", len(self.codes))
        values = list(labels)
        if len(values) != len(rows):
            raise invalid("labels", "with_remainder", f"one a row, {len(rows)}", len(values))
        taken = rows[self.codes[rows] != UNLABELED]
        if len(taken):
            raise invalid("indices", "with_remainder", "rows handed back", int(taken[0]))
        classes = self.classes.with_values(values)
        codes, origin = self.codes.copy(), self.origin.copy()
        codes[rows], origin[rows] = classes.encode(values), HANDED_BACK
        return replace(self, codes=codes, origin=origin, classes=classes)


def all_at_once(predictions: Predictions) -> AutoLabels:
    """Let the model label everything that no person has: the article's first way; no guarantee.

    Examples
    --------
    >>> p = Predictions([0, 1], [0.9, 0.6], [1, -1], ClassTable(("cat", "dog")))
    >>> all_at_once(p).labels()
    ['dog', 'dog']
    """
    return _labeled(predictions, predictions.eligible, None)


def certified(
    predictions: Predictions,
    audit: Audit,
    answers: Iterable[tuple[int, Label | None]] | Findings,
    origins: Origins = UNKNOWN,
) -> AutoLabels:
    """Keep the labels that the answered audit proves; the audited ones are the person's.

    Parameters
    ----------
    predictions : the frozen model
    audit : drawn from it for a claim, by :func:`sparing.audit.sampling.draw_audit`
    answers : pairs of row and label, see :func:`sparing.audit.findings.judge`; or what came of
        judging answers of another kind
    origins : who said so, and how the other labels came

    Returns
    -------
    labels with their certificate; what is neither proven nor answered is handed back

    Raises
    ------
    VoidAuditError : the predictions changed after the draw
    InvalidInputError : an answer for a row that was not drawn; an audit without a claim

    References
    ----------
    Candès, Ilyas & Zrnic (2025), arXiv 2506.10908 (whole data set; here with exact limits);
    Angelopoulos et al. (2021), arXiv 2110.01052 (auto-labels alone).

    Examples
    --------
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.sampling import draw_audit
    >>> p = Predictions(np.zeros(500), np.ones(500), np.full(500, -1), ClassTable(("cat",)))
    >>> plan = plan_audit(p, Claim(0.05))
    >>> audit = draw_audit(p, plan.n_audit, claim=Claim(0.05), cut=plan.cut)
    >>> done = certified(p, audit, [(row, "cat") for row in audit.drawn.tolist()])
    >>> done.n_auto + len(audit.drawn), len(done.remainder)
    (500, 0)
    """
    findings = judged(audit, predictions, answers)
    certificate = certify(predictions, audit, findings, origins)
    return as_certified(certificate, predictions, audit, findings)


def as_certified(
    certificate: Certificate, predictions: Predictions, audit: Audit, findings: Findings
) -> AutoLabels:
    """Return the labels by people, and those that a certificate lets stand."""
    by_model = _labeled(predictions, auto_labeled(predictions, audit, certificate), certificate)
    return with_audited(by_model, audit, findings)


def with_audited(labels: AutoLabels, audit: Audit, findings: Findings) -> AutoLabels:
    """Return labels with those that people gave in the audit in place of what was there."""
    codes, origin = labels.codes.copy(), labels.origin.copy()
    rows = audit.drawn[: len(findings.codes)][findings.agreed]
    codes[rows], origin[rows] = findings.codes[findings.agreed], AUDITED
    return replace(labels, codes=codes, origin=origin, classes=findings.classes)


def _labeled(
    predictions: Predictions, by_model: npt.NDArray[np.bool_], certificate: Certificate | None
) -> AutoLabels:
    origin = np.where(predictions.y >= 0, np.int8(PERSON), np.int8(NOBODY))
    origin[by_model] = MODEL
    return AutoLabels(
        np.where(by_model, predictions.codes, predictions.y),
        origin,
        np.where(by_model, predictions.confidence, np.float32(np.nan)),
        predictions.classes,
        predictions.model_version,
        certificate,
    )


def most_confident_first(pool: Pool, refit: Refit, batch_size: int = 10) -> AutoLabels:
    """Move the most confident predictions into the training set, refit, and again to the end.

    The article's second way; no guarantee: an early mistake teaches the later ones.

    Parameters
    ----------
    pool : with the labels that people gave
    refit : turns rows and class ids into a ``predict`` that gives probabilities for features;
        called once a round, with labels by people and by the model
    batch_size : labels the model gives a round

    Returns
    -------
    labels for all but skipped items; the confidence is that of the round an item was labeled in

    Examples
    --------
    >>> pool = Pool(np.array([[0.0], [1.0], [2.0], [9.0]])).with_labels([0, 3], ["low", "high"])
    >>> def refit(rows, codes):
    ...     means = [pool.X[rows[codes == code]].mean() for code in (0, 1)]
    ...     def predict(X):
    ...         near = np.exp(-np.abs(X - np.array(means)))
    ...         return near / near.sum(axis=1, keepdims=True)
    ...     return predict
    >>> most_confident_first(pool, refit, batch_size=1).labels()
    ['low', 'low', 'low', 'high']
    """
    check_int("batch_size", "most_confident_first", batch_size, 1)
    codes = pool.y.astype(np.int32)
    confidence = np.full(len(pool), np.nan, dtype=np.float32)
    origin = np.where(codes >= 0, np.int8(PERSON), np.int8(NOBODY))
    while (codes == UNLABELED).any():
        labeled = np.flatnonzero(codes >= 0)
        if not len(labeled):
            raise invalid("pool", "most_confident_first", "labeled in part", "no label")
        proba = refit(labeled, codes[labeled].astype(np.int64))(pool.X)
        rest = np.flatnonzero(codes == UNLABELED)
        rows = rest[np.argsort(-proba[rest].max(axis=1), kind="stable")[:batch_size]]
        codes[rows] = proba[rows].argmax(axis=1)
        confidence[rows] = proba[rows].max(axis=1)
        origin[rows] = MODEL
    return AutoLabels(codes, origin, confidence, pool.classes, 0)
