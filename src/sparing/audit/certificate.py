"""The certificate: a stated error bound with the evidence for it, as a small JSON file."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.audit.audit import BY_CONFIDENCE, UNIFORM, WHOLE, Audit, Claim, Findings, judge
from sparing.audit.evidence import Evidence, auto_labels, whole_set
from sparing.audit.sampling import is_repeatable
from sparing.audit.sequential import walk_risk
from sparing.errors import InvalidInputError
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import is_refuted, lower_limit, spend, upper_limit
from sparing.types import BoolArray, FloatArray, IntArray, Label

VERSION = 1
HOW_TO_CHECK = (
    "Each piece of evidence: the hypergeometric probability of at most n_wrong marked items in"
    " n_audited draws without replacement from n_items, of which n_refuted are marked, is at most"
    " its delta; the deltas sum to at most 6 delta / (pi attempt)^2. Where looks are listed (size"
    " of the draw, n_wrong), that is the probability that it happens at any of them, the marked"
    " items being the first n_refuted wrong ones. With the predictions, the audit and the answers,"
    " 'sparing certify POOL --verify FILE' repeats hashes, draw and count."
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certified, the numbers it rests on, and how to check it.

    Parameters
    ----------
    statement : the claim in one sentence
    claim : epsilon, delta and kind, fixed before the draw
    attempt, seed : of the audit
    n_total, n_by_people, n_auto, n_handback : the labels of the finished data set: given by
        people so far, by the model, and still to be given by people
    n_audited, n_wrong, n_unanswered, n_disputed : the audit, down to the look that was taken; the
        last two count as wrong
    evidence : the tests
    majority : what the same audit certifies for calling everything the commonest class; None
        where the audit was drawn per class
    recall : for each class, a lower limit on the share of its items that are labeled so; all
        limits together hold with probability 1 - delta of this attempt
    notes : what the reader has to know beside the statement
    model_version, predictions, audit, previous : what was certified, by hash
    """

    statement: str
    claim: Claim
    attempt: int
    seed: int
    n_total: int
    n_by_people: int
    n_auto: int
    n_handback: int
    n_audited: int
    n_wrong: int
    n_unanswered: int
    n_disputed: int
    evidence: tuple[Evidence, ...]
    majority: float | None
    recall: dict[str, float]
    notes: tuple[str, ...]
    model_version: int
    predictions: str
    audit: str
    previous: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Names the certificate on every label that it covers."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the certificate as JSON text."""
        head = {"sparing_certificate": VERSION}
        tail = {"assumption": ASSUMPTION, "how_to_check": HOW_TO_CHECK, "digest": self.digest}
        return json.dumps({**head, **asdict(self), **tail}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Certificate":
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        InvalidInputError : the text is no certificate, or was changed: the hash does not fit
        """
        try:
            d = json.loads(text)
            if d.pop("sparing_certificate") != VERSION:
                raise ValueError("another version")
            written = d.pop("digest")
            del d["how_to_check"], d["assumption"]
            d["claim"] = Claim(**d["claim"])
            d["evidence"] = tuple(_evidence(e) for e in d["evidence"])
            certificate = cls(**{**d, **{k: tuple(d[k]) for k in ("notes", "previous")}})
            _check_types(certificate)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise InvalidInputError(f"This is not a certificate: {error!r}.") from error
        if certificate.digest != written:
            raise InvalidInputError("The certificate was changed: its hash does not fit.")
        return certificate


def _evidence(parts: dict[str, Any]) -> Evidence:
    evidence = Evidence(**{**parts, "looks": tuple((size, k) for size, k in parts["looks"])})
    _check_types(evidence)
    if any(type(number) is not int for look in evidence.looks for number in look):
        raise TypeError(f"looks are {evidence.looks}")
    return evidence


def _check_types(part: Certificate | Evidence) -> None:
    for f in fields(part):
        value = getattr(part, f.name)
        real = type(value) in (int, float) and math.isfinite(value)
        if (f.type is int and type(value) is not int) or (f.type is float and not real):
            raise TypeError(f"{f.name} is {value!r}")


ASSUMPTION = "The person's label of an item is the truth."


def certify(predictions: Predictions, audit: Audit, findings: Findings) -> Certificate:
    """Turn an answered audit into a certificate; where nothing holds, it auto-labels nothing.

    Raises
    ------
    VoidAuditError : ``predictions`` are not those that the audit froze
    InvalidInputError : the audit was drawn without a claim, or by confidence

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.sampling import draw_audit
    >>> sure = np.linspace(0.5, 1, 1000)
    >>> p = Predictions(np.zeros(1000), sure, np.full(1000, -1), ClassTable(("cat", "dog")))
    >>> audit = draw_audit(p, 200, claim=Claim(0.05))
    >>> answers = [(row, "cat" if row > 100 else "dog") for row in audit.drawn.tolist()]
    >>> certificate = certify(p, audit, judge(audit, p, answers))
    >>> print(certificate.statement)
    At most 50 of all 1,000 labels (5 %) are wrong, with probability 95 % or more.
    >>> certificate.n_auto, certificate.n_handback
    (738, 62)
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
        return _stated(predictions, audit, findings.first(best.n_audited), (best,))
    return _stated(predictions, audit, findings, auto_labels(predictions, audit, findings, claim))


def _stated(
    predictions: Predictions, audit: Audit, findings: Findings, evidence: tuple[Evidence, ...]
) -> Certificate:
    """State what is proven by the findings, down to the look at which they end."""
    claim = audit.claim
    assert claim is not None  # noqa: S101  # without one there is no evidence
    n_auto = sum(e.n_auto for e in evidence)
    n_by_people = int((predictions.y >= 0).sum() + findings.agreed.sum())
    n_total = predictions.n_total
    return Certificate(
        statement=_statement(claim, n_total, n_auto),
        claim=claim,
        attempt=audit.attempt,
        seed=audit.seed,
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
        notes=_notes(predictions, claim, findings, n_auto),
        model_version=predictions.model_version,
        predictions=predictions.digest,
        audit=audit.digest,
        previous=audit.previous,
    )


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


def _statement(claim: Claim, n_total: int, n_auto: int) -> str:
    share, sure = f"{100 * claim.epsilon:g} %", f"{100 * (1 - claim.delta):g} %"
    if claim.kind == WHOLE:
        allowed = math.floor(claim.epsilon * n_total)
        what = f"At most {allowed:,} of all {n_total:,} labels ({share}) are wrong"
    elif claim.per_class:
        what = f"Of the {n_auto:,} labels by the model alone, at most {share} per class are wrong"
    else:
        what = f"Of the {n_auto:,} labels by the model alone, at most {share} are wrong"
    return f"{what}, with probability {sure} or more."


def class_shares(predictions: Predictions) -> FloatArray:
    """Estimate the share of each class: people's labels, and predictions for the rest."""
    c, y = len(predictions.classes), predictions.y
    known = np.flatnonzero(y != UNLABELED)
    counts = np.bincount(predictions.codes, minlength=c)
    counts -= np.bincount(predictions.codes[known], minlength=c)
    counts += np.bincount(y[y >= 0], minlength=c)
    shares: FloatArray = counts / max(1, counts.sum())
    return shares


def empty_bound_note(predictions: Predictions, claim: Claim) -> str | None:
    """Say so if a bound on the whole set would allow all items of the rarest class to be wrong."""
    shares = class_shares(predictions)
    rarest = int(np.argmin(shares))
    if claim.kind != WHOLE or claim.epsilon < shares[rarest]:
        return None
    return (
        f"Nothing is promised of class '{predictions.classes.values[rarest]}' by itself: it is"
        f" about {100 * shares[rarest]:.2g} % of the items, so all of it could be wrong within"
        f" {100 * claim.epsilon:g} %. A claim per class (kind 'auto', per_class) bounds each."
    )


def _notes(
    predictions: Predictions, claim: Claim, findings: Findings, n_auto: int
) -> tuple[str, ...]:
    notes = []
    if not n_auto:
        notes.append("The audit proves nothing at this epsilon: no label is left to the model.")
    if findings.n_unanswered:
        notes.append(f"{findings.n_unanswered} audited items have no answer and count as wrong.")
    if findings.n_disputed:
        notes.append(
            f"On {findings.n_disputed} audited items annotators disagree; they count as wrong."
        )
    note = empty_bound_note(predictions, claim)
    return (*notes, note) if note else tuple(notes)


def _majority(predictions: Predictions, audit: Audit, findings: Findings) -> float | None:
    """Bound the error of the trivial rival: all that was drawn from gets the commonest class."""
    if audit.design != UNIFORM:
        return None
    commonest = int(np.argmax(class_shares(predictions)))
    seen = findings.first(audit.looks[0])  # where the audit ended may depend on what it showed
    k, m = int((seen.codes != commonest).sum()), len(seen.wrong)
    wrong = int(upper_limit(k, int(audit.eligible.sum()), m, audit.delta)) - k
    return wrong / predictions.n_total


def _recall(predictions: Predictions, audit: Audit, findings: Findings) -> dict[str, float]:
    """Bound for each class the share of its items that bears its label, once all is handed back."""
    if audit.design != UNIFORM:
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


def _by_value(limit: Any, k: IntArray, n: int, m: int, delta: float) -> IntArray:
    values, where = np.unique(k, return_inverse=True)  # many classes share few counts
    limits: IntArray = limit(values, n, m, delta)[where]
    return limits


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was recomputed, and whether it came out as the certificate says."""

    what: str
    ok: bool


def verify(
    certificate: Certificate,
    predictions: Predictions | None = None,
    audit: Audit | None = None,
    answers: Iterable[tuple[int, Label | None]] = (),
) -> tuple[Check, ...]:
    """Recompute a certificate: its numbers alone, or everything if what it rests on is given.

    Examples
    --------
    >>> from sparing import ClassTable
    >>> from sparing.audit.sampling import draw_audit
    >>> p = Predictions(np.zeros(500), np.ones(500), np.full(500, -1), ClassTable(("cat",)))
    >>> audit = draw_audit(p, 200, claim=Claim(0.05))
    >>> answers = [(row, "cat") for row in audit.drawn.tolist()]
    >>> certificate = certify(p, audit, judge(audit, p, answers))
    >>> all(check.ok for check in verify(certificate, p, audit, answers))
    True
    """
    checks = _check_numbers(certificate)
    if predictions is None or audit is None:
        return checks
    same = predictions.digest == certificate.predictions == audit.predictions
    checks += (
        Check("the predictions are those that were certified", same),
        Check("the audit is the one that was certified", audit.digest == certificate.audit),
    )
    if not all(check.ok for check in checks[-2:]):
        return checks
    found = judge(audit, predictions, answers).first(certificate.n_audited)
    if certificate.claim.kind == WHOLE:
        evidence = whole_set(predictions, audit, found, certificate.claim)[-1:]
    else:
        evidence = auto_labels(predictions, audit, found, certificate.claim)
    again = _stated(predictions, audit, found, evidence)
    return (
        *checks,
        Check(
            "drawing again from the seed gives the same items", is_repeatable(audit, predictions)
        ),
        Check("counting the answers again gives the same certificate", again == certificate),
    )


def _check_numbers(c: Certificate) -> tuple[Check, ...]:
    allowed = spend(c.claim.delta, c.attempt)
    used = sum(e.delta for e in c.evidence)
    given = [e for e in c.evidence if e.threshold is not None]
    proven = [_is_proven(c, e) for e in given]
    return (
        Check(
            f"attempt {c.attempt} risks no more than its share of delta", used <= allowed * 1.000001
        ),
        Check(f"attempt {c.attempt} names all draws before it", len(c.previous) == c.attempt - 1),
        Check("each hypergeometric risk is at most its delta", all(proven)),
        Check("what is refuted is what the claim forbids", all(_forbids(c, e) for e in given)),
        Check("the labels add up", _adds_up(c)),
        Check("each count fits every other", _counts_fit(c)),
        Check(
            "the statement is the claim", c.statement == _statement(c.claim, c.n_total, c.n_auto)
        ),
    )


def _adds_up(c: Certificate) -> bool:
    inside = all(0 <= e.n_auto <= e.n_items - e.n_audited for e in c.evidence)
    total = c.n_by_people + c.n_auto + c.n_handback
    return inside and sum(e.n_auto for e in c.evidence) == c.n_auto and total == c.n_total


def _counts_fit(c: Certificate) -> bool:
    """No set is larger than what holds it: errors, answers, items drawn from, the data set."""
    silent = c.n_unanswered + c.n_disputed  # they count as wrong, and as nobody's label
    counts = (c.n_unanswered, c.n_disputed, c.n_by_people, c.n_auto, c.n_handback, c.attempt - 1)
    fits = min(counts) >= 0 and silent <= c.n_wrong <= c.n_audited
    fits &= c.n_audited - silent <= c.n_by_people <= c.n_total
    shares = [*c.recall.values(), *([] if c.majority is None else [c.majority])]
    fits &= all(type(share) is float and 0 <= share <= 1 for share in shares)
    before = c.n_by_people - (c.n_audited - silent)  # labels that the model was taught
    if c.claim.kind == WHOLE:
        return fits and all(_walk_fits(c, e, before) for e in c.evidence)
    return fits and _levels_fit(c, before)


def _walk_fits(c: Certificate, e: Evidence, before: int) -> bool:
    looks = all(-1 <= k < size <= e.n_items for size, k in e.looks)
    return looks and -1 <= e.n_wrong < e.n_audited == c.n_audited <= e.n_items <= c.n_total - before


def _levels_fit(c: Certificate, before: int) -> bool:
    scopes = [(e.scope, e.code) for e in c.evidence]
    fits = len(set(scopes)) == len(scopes) and (c.claim.per_class or len(scopes) == 1)
    fits &= sum(e.n_items for e in c.evidence) <= c.n_total - before
    fits &= sum(e.n_audited for e in c.evidence) <= c.n_audited
    fits &= sum(e.n_wrong for e in c.evidence) <= c.n_wrong
    return fits and all(
        0 <= e.n_wrong <= e.n_audited <= e.n_items and 0 < e.n_refuted <= e.n_items + 1
        for e in c.evidence
    )


def _is_proven(c: Certificate, e: Evidence) -> bool:
    if c.claim.kind != WHOLE:
        return bool(is_refuted(e.n_wrong, e.n_items, e.n_refuted, e.n_audited, e.delta))
    sizes, tolerated = zip(*e.looks, strict=True) if e.looks else ((), ())
    fixed = (e.n_audited, e.n_wrong) in e.looks and list(tolerated) == sorted(tolerated)
    fixed &= e.n_wrong >= 0  # below, nothing would have been refuted
    allowed = math.floor(c.claim.epsilon * c.n_total)
    return fixed and walk_risk(e.n_items, allowed, sizes, tolerated) <= e.delta


def _forbids(c: Certificate, e: Evidence) -> bool:
    if c.claim.kind == WHOLE:
        return e.n_refuted <= math.floor(c.claim.epsilon * c.n_total) + e.n_wrong + 1
    return e.n_refuted - 1 <= c.claim.epsilon * e.n_auto
