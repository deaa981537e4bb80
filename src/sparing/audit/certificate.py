"""The certificate: a stated error bound with the evidence for it, as a small JSON file."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.audit.audit import BY_CONFIDENCE, UNIFORM, VERSION, WHOLE, Audit, Claim
from sparing.audit.error_bounds import Evidence, auto_labels, whole_set
from sparing.audit.findings import Findings
from sparing.audit.wording import (
    ASSUMPTIONS,
    HOW_TO_CHECK,
    SHARES,
    class_shares,
    not_checked,
    notes_of,
    statement,
)
from sparing.errors import InvalidInputError
from sparing.pool.predictions import Predictions, typed
from sparing.stats.hypergeometric import lower_limit, upper_limit
from sparing.types import BoolArray, IntArray

NEW_IN_2 = frozenset({"items", "answers", "labels", "taught", "left_out", "version"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certified, the numbers it rests on, and how to check it.

    Parameters
    ----------
    statement : the claim in one sentence
    claim : epsilon, delta and kind, fixed before the draw
    attempt, key : of the audit
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
    items : the keys and contents of the items, by hash; ``""`` where nobody said what they are
    answers : what people said of the audited items, by hash: as far as somebody kept track also
        who, when and how each came
    labels : the labels that it covers, by hash: those by people so far, and by the model
    taught : how many labels came by each way that the model was taught, as far as it is known
    left_out : how many items are no part of ``n_total``, by the reason
    version : 1 for certificates of old, whose key is a seed and which lack the last five
    """

    statement: str
    claim: Claim
    attempt: int
    key: str
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
    items: str = ""
    answers: str = ""
    labels: str = ""
    taught: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    version: int = VERSION

    @property
    def digest(self) -> str:
        """Names the certificate on every label that it covers."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the certificate as JSON text."""
        head = {"sparing_certificate": self.version}
        tail = {
            "assumptions": ASSUMPTIONS,
            "not_checked": not_checked(self),
            "how_to_check": HOW_TO_CHECK.format(share=SHARES[self.version]),
            "digest": self.digest,
        }
        return json.dumps({**head, **self._content(), **tail}, indent=1, ensure_ascii=False)

    def _content(self) -> dict[str, Any]:
        content = asdict(self)
        if self.version > 1:
            return content
        content["seed"] = int(content.pop("key"))
        return {name: value for name, value in content.items() if name not in NEW_IN_2}

    @classmethod
    def from_json(cls, text: str) -> "Certificate":
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        InvalidInputError : the text is no certificate, or was changed: the hash does not fit
        """
        try:
            d = json.loads(text)
            d = _of_version(d.pop("sparing_certificate"), d)
            written = d.pop("digest")
            d["claim"] = Claim(**d["claim"])
            d["evidence"] = tuple(_evidence(e) for e in d["evidence"])
            certificate = cls(**{**d, **{k: tuple(d[k]) for k in ("notes", "previous")}})
            _check_types(certificate)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise InvalidInputError(f"This is not a certificate: {error!r}.") from error
        is_whole = certificate.version == 1 or json.loads(certificate.to_json()) == json.loads(text)
        if certificate.digest != written or not is_whole:
            raise InvalidInputError("The certificate was changed: its hash does not fit.")
        return certificate


def _of_version(version: Any, d: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a certificate, without what is said in every one."""
    said = {"how_to_check", "assumption", "assumptions", "not_checked"}
    d = {name: value for name, value in d.items() if name not in said}
    if version == 1:
        key = str(int(d.pop("seed")))
        return {**d, "key": key, "version": 1}
    if version != VERSION or d["version"] != VERSION:
        raise ValueError("another version")
    return d


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
        if f.type is str and type(value) is not str:
            raise TypeError(f"{f.name} is {value!r}")


@dataclass(frozen=True, slots=True)
class Origins:
    """How that came about on which a certificate rests, as far as somebody kept track.

    Parameters
    ----------
    said : pairs of a drawn row and a line of text for each answer: what, by whom, when, how
    taught : how many labels that the model was taught came by each way
    left_out : how many items are no part of the total, by the reason
    """

    said: Sequence[tuple[int, str]] = ()
    taught: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


UNKNOWN = Origins()


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
    (750, 50)
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
    certificate = Certificate(
        statement=statement(claim, n_total, n_auto),
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
    codes = np.where(by_model, predictions.codes, predictions.y).astype("<i4")
    codes[audit.drawn[: len(findings.wrong)]] = findings.codes
    digest = hashlib.sha256(json.dumps(typed(findings.classes.values)).encode())
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
    """Bound the error of the trivial rival: all that was drawn from gets the commonest class."""
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


def _by_value(limit: Any, k: IntArray, n: int, m: int, delta: float) -> IntArray:
    values, where = np.unique(k, return_inverse=True)  # many classes share few counts
    limits: IntArray = limit(values, n, m, delta)[where]
    return limits
