"""From an answered audit to its certificate; the bound itself comes from ``error_bounds``."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.audit.audit import BY_CONFIDENCE, UNIFORM, WHOLE, Audit
from sparing.audit.certificate import UNKNOWN, Certificate, Origins, UnitLimit
from sparing.audit.error_bounds import Evidence, auto_labels, whole_set
from sparing.audit.findings import Findings
from sparing.audit.wording import class_shares, notes_of, statement
from sparing.pool.predictions import Predictions, typed
from sparing.stats.crowded import most_wrong
from sparing.stats.hypergeometric import lower_limit, upper_limit
from sparing.types import BoolArray, IntArray


def certify(
    predictions: Predictions, audit: Audit, findings: Findings, origins: Origins = UNKNOWN
) -> Certificate:
    """Turn an answered audit into a certificate; where nothing holds, it auto-labels nothing.

    Parameters
    ----------
    predictions, audit : the frozen model and its draw
    findings : what people said of it, of :func:`sparing.audit.findings.judge`
    origins : who said so, and how the other labels came

    Raises
    ------
    VoidAuditError : ``predictions`` are not those that the audit froze
    InvalidInputError : the audit was drawn without a claim, or by confidence

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.findings import judge
    >>> from sparing.audit.sampling import draw_audit
    >>> sure = np.linspace(0.5, 1, 1000)
    >>> p = Predictions(np.zeros(1000), sure, np.full(1000, -1), ClassTable(("cat", "dog")))
    >>> audit = draw_audit(p, 200, claim=Claim(0.05))
    >>> answers = [(row, "cat" if row > 100 else "dog") for row in audit.drawn.tolist()]
    >>> certificate = certify(p, audit, judge(audit, p, answers))
    >>> print(certificate.statement)
    At most 50 of all 1,000 labels (5 %) are wrong, with probability 95 % or more.
    >>> certificate.n_auto, certificate.n_handback
    (758, 42)
    """
    audit.check(predictions)
    claim = audit.claim
    if claim is None or audit.design == BY_CONFIDENCE:
        raise invalid("audit", "certify", "drawn for a claim, by draw_audit", audit.design)
    if claim.kind == WHOLE:
        looks = whole_set(predictions, audit, findings, claim)
        agreed = findings.agreed
        left = [e.n_items - e.n_auto - int(agreed[: e.n_audited].sum()) for e in looks]
        best = looks[int(np.argmin(left))]
        return stated(predictions, audit, findings.first(best.n_audited), (best,), origins)
    evidence = auto_labels(predictions, audit, findings, claim)
    return stated(predictions, audit, findings, evidence, origins)


def stated(
    predictions: Predictions,
    audit: Audit,
    findings: Findings,
    evidence: tuple[Evidence, ...],
    origins: Origins,
) -> Certificate:
    """State what is proven by the findings, down to the look at which they end."""
    claim = audit.claim
    assert claim is not None  # noqa: S101  # without one there is no evidence
    n_auto = sum(e.n_auto for e in evidence)
    n_by_people = int((predictions.y >= 0).sum() + findings.agreed.sum())
    n_total = predictions.n_total
    n_out = len(predictions) - n_total
    units = _units(audit, findings)
    certificate = Certificate(
        statement=statement(claim, n_total, n_auto, units, findings.sameness),
        claim=claim,
        attempt=audit.attempt,
        key=audit.key,
        n_total=n_total,
        n_by_people=n_by_people,
        n_auto=n_auto,
        n_handback=n_total - n_by_people - n_auto,
        n_audited=len(findings.wrong),
        n_wrong=int(findings.wrong.sum()),
        n_unanswered=findings.n_unanswered,
        n_disputed=findings.n_disputed,
        evidence=evidence,
        majority=_majority(predictions, audit, findings),
        recall=_recall(predictions, audit, findings),
        notes=(),
        model_version=predictions.model_version,
        predictions=predictions.digest,
        audit=audit.digest,
        previous=audit.previous,
        version=audit.version,
    )
    if audit.version > 1:
        certificate = replace(
            certificate,
            items=predictions.items,
            answers=_answers_digest(audit, findings, origins),
            labels=_labels_digest(predictions, audit, findings, certificate),
            taught=dict(origins.taught),
            left_out=dict(origins.left_out) or ({"skipped": n_out} if n_out else {}),
            log=origins.log,
            event=origins.event,
            by_label=_by_label(audit, findings),
            sameness=findings.sameness,
            units=units,
        )
    return replace(certificate, notes=notes_of(predictions, certificate))


def _answers_digest(audit: Audit, findings: Findings, origins: Origins) -> str:
    """Name what was said of the items down to the look at which the audit ended."""
    rows = audit.drawn[: len(findings.wrong)].tolist()
    inside = set(rows)
    said = sorted([row, line] for row, line in origins.said if row in inside)
    if not origins.said:
        names = (*findings.classes.values, None)
        given = typed(names[code] for code in findings.codes.tolist())
        disputed = findings.disputed.tolist()
        said = [list(one) for one in zip(rows, given, disputed, strict=True)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _labels_digest(
    predictions: Predictions, audit: Audit, findings: Findings, certificate: Certificate
) -> str:
    by_model = auto_labeled(predictions, audit, certificate)
    codes = np.where(by_model, predictions.codes, predictions.y).astype("<i4", copy=False)
    codes[audit.drawn[: len(findings.wrong)]] = findings.codes
    values = findings.classes.values
    if audit.version > 2:  # answers beyond the look may name classes that no label has
        values = values[: max(len(predictions.classes), findings.codes.max(initial=-1) + 1)]
    digest = hashlib.sha256(json.dumps(typed(values)).encode())
    digest.update(codes.data)
    return digest.hexdigest()


def auto_labeled(predictions: Predictions, audit: Audit, certificate: Certificate) -> BoolArray:
    """Return (n_items,) True where the certificate lets the model's label stand."""
    chosen = np.zeros(len(predictions), dtype=bool)
    for e in certificate.evidence:
        if e.threshold is not None:
            above = predictions.confidence >= np.float32(e.threshold)
            chosen |= above if e.code is None else above & (predictions.codes == e.code)
    chosen &= audit.eligible
    chosen[audit.drawn[: certificate.n_audited]] = False  # a person has labeled these, or is to
    return chosen


def _majority(predictions: Predictions, audit: Audit, findings: Findings) -> float | None:
    """Bound the error of the trivial rival: what no person has labeled gets the commonest class."""
    if audit.design != UNIFORM or len(predictions.classes) < 2:
        return None
    commonest = int(np.argmax(class_shares(predictions)))
    seen = findings.first(audit.looks[0])  # where the audit ended may depend on what it showed
    k, m = int((seen.codes != commonest).sum()), len(seen.wrong)
    wrong = int(upper_limit(k, int(audit.eligible.sum()), m, audit.delta)) - k
    return wrong / predictions.n_total


def _recall(predictions: Predictions, audit: Audit, findings: Findings) -> dict[str, float]:
    """Bound for each class the share of its items that bears its label, once all is handed back."""
    if audit.design != UNIFORM or len(predictions.classes) < 2:
        return {}
    c = len(predictions.classes)
    findings = findings.first(audit.looks[0])
    n, m, delta = int(audit.eligible.sum()), len(findings.wrong), audit.delta / (2 * c)
    agreed = findings.codes[findings.agreed]
    seen = np.bincount(agreed, minlength=c)[:c]
    missed = np.bincount(findings.codes[findings.agreed & findings.wrong], minlength=c)[:c]
    missed = missed + int((~findings.agreed).sum())  # without an answer it could be any class
    known = np.bincount(predictions.y[predictions.y >= 0], minlength=c)
    at_least = known + _by_value(lower_limit, seen, n, m, delta)
    at_most = _by_value(upper_limit, missed, n, m, delta) - missed
    recall = np.clip(1 - at_most / np.maximum(at_least, 1), 0, 1)
    return {str(v): float(r) for v, r in zip(predictions.classes.values, recall, strict=True)}


def _by_label(audit: Audit, findings: Findings) -> dict[str, int]:
    """Bound for each label on how many items it is wrong once people have labeled theirs.

    It is a limit on all items that could be drawn, less those in which people have mended it; what
    could not be drawn is handed back. Where the walk ends plays no part.
    """
    claim = audit.claim
    if audit.design != UNIFORM or claim is None or claim.kind != WHOLE or not findings.by_label:
        return {}
    seen = findings.first(audit.looks[0])
    wrong = np.array([int(one.sum()) for one in seen.by_label.values()])
    n, m = int(audit.eligible.sum()), len(seen.wrong)
    limits = _by_value(upper_limit, wrong, n, m, audit.delta / len(wrong)) - wrong
    return dict(zip(seen.by_label, limits.tolist(), strict=True))


def _units(audit: Audit, findings: Findings) -> UnitLimit | None:
    """Bound how many single units are wrong in all items that could be drawn.

    It holds wherever the audit ends, so all that was seen counts.
    """
    units = findings.units
    if audit.design != UNIFORM or units is None:
        return None
    drawn_from = np.flatnonzero(audit.eligible)
    given = units.given[drawn_from]
    drawn = np.searchsorted(drawn_from, audit.drawn[: len(units.wrong)])
    most = most_wrong(given, drawn, units.wrong, audit.delta)
    n_wrong = int(units.wrong.sum())
    return UnitLimit(units.noun, int(given.sum()), int(given[drawn].sum()), n_wrong, most)


def _by_value(limit: Any, k: IntArray, n: int, m: int, delta: float) -> IntArray:
    values, where = np.unique(k, return_inverse=True)  # many classes share few counts
    limits: IntArray = limit(values, n, m, delta)[where]
    return limits
