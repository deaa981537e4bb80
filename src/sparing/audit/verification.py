"""Checking a certificate: its numbers against each other, and all that it names by hash."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sparing.audit.audit import BY_CONFIDENCE, WHOLE, Audit, share_of
from sparing.audit.certificate import UNKNOWN, Certificate, Origins, UnitLimit
from sparing.audit.certifying import stated
from sparing.audit.error_bounds import Evidence, auto_labels, whole_set
from sparing.audit.findings import Findings, judged
from sparing.audit.sampling import is_repeatable
from sparing.audit.sequential import risk_of_looks
from sparing.audit.wording import statement
from sparing.pool.predictions import Predictions
from sparing.stats.hypergeometric import is_refuted
from sparing.types import Label


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was recomputed, and whether it came out as the certificate says."""

    what: str
    ok: bool


def verify(
    certificate: Certificate,
    predictions: Predictions | None = None,
    audit: Audit | None = None,
    answers: Iterable[tuple[int, Label | None]] | Findings = (),
    origins: Origins = UNKNOWN,
) -> tuple[Check, ...]:
    """Recompute a certificate: its numbers alone, or everything if what it rests on is given.

    What nobody can check, :func:`sparing.audit.certificate.not_checked` lists.

    Examples
    --------
    >>> import numpy as np
    >>> from sparing import ClassTable
    >>> from sparing.audit.audit import Claim
    >>> from sparing.audit.certifying import certify
    >>> from sparing.audit.findings import judge
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
    if not _is_of_draw(certificate, audit):
        what = "the claim is that of the draw, and its answers end where it may be looked at"
        return (*checks, Check(what, ok=False))
    found = judged(audit, predictions, answers).first(certificate.n_audited)
    if certificate.claim.kind == WHOLE:
        evidence = whole_set(predictions, audit, found, certificate.claim)[-1:]
    else:
        evidence = auto_labels(predictions, audit, found, certificate.claim)
    again = stated(predictions, audit, found, evidence, origins)
    # Version 1 put its notes in other words. Whoever changes the words of today counts VERSION up.
    notes = certificate.notes if certificate.version == 1 else again.notes
    if certificate.log:
        same = again.log == certificate.log
        checks += (Check("nothing that was said before it has been altered", same),)
    return (
        *checks,
        Check("drawing again by its key gives the same items", is_repeatable(audit, predictions)),
        Check(
            "the answers are those that were certified, and who gave them, when and how",
            certificate.version == 1 or again.answers == certificate.answers,
        ),
        Check(
            "counting the answers again gives the same certificate",
            replace(again, answers=certificate.answers, notes=notes, log=certificate.log)
            == certificate,
        ),
    )


def _is_of_draw(c: Certificate, audit: Audit) -> bool:
    """Tell whether an audit could lead to such a certificate: else nothing is there to recount."""
    ends = audit.looks if c.claim.kind == WHOLE else (len(audit.drawn),)
    return c.claim == audit.claim and audit.design != BY_CONFIDENCE and c.n_audited in ends


def _check_numbers(c: Certificate) -> tuple[Check, ...]:
    allowed = share_of(c.claim.delta, c.attempt, c.version)
    used = sum(e.delta for e in c.evidence)
    given = [e for e in c.evidence if e.threshold is not None]
    proven = [_is_proven(c, e) for e in given]
    return (
        Check(
            f"the risk of being wrong is no more than attempt {c.attempt} may take",
            used <= allowed * 1.000001,
        ),
        Check(
            f"all {c.attempt - 1} draws before this one are named", len(c.previous) == c.attempt - 1
        ),
        Check("what the answers rule out, they rule out at the stated risk", all(proven)),
        Check(
            "what they rule out is what the statement forbids", all(_forbids(c, e) for e in given)
        ),
        Check("the labels add up", _adds_up(c)),
        Check("no count contradicts another", _counts_fit(c)),
        Check(
            "the statement is what the numbers say",
            c.statement == statement(c.claim, c.n_total, c.n_auto, c.units, c.sameness),
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
    ways = [*c.taught.values(), *c.left_out.values()]
    fits &= all(type(n) is int and n > 0 for n in ways)
    fits &= not c.taught or sum(c.taught.values()) == before
    fits &= all(type(n) is int and 0 <= n <= c.n_total for n in c.by_label.values())
    fits &= c.units is None or _units_fit(c.units)
    if c.claim.kind == WHOLE:
        return fits and all(_ranked_list_fits(c, e, before) for e in c.evidence)
    return fits and _levels_fit(c, before)


def _units_fit(u: UnitLimit) -> bool:
    return 0 <= u.n_wrong <= u.n_seen <= u.n_units and (
        u.n_wrong <= u.most_wrong <= u.n_units - (u.n_seen - u.n_wrong)
    )


def _ranked_list_fits(c: Certificate, e: Evidence, before: int) -> bool:
    looks = all(-1 <= k < size <= e.n_items for size, k in e.looks)
    looks &= (e.scope, e.code) == ("all", None)
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
    """Compute the risk anew, where the numbers are those of a draw: else there is none."""
    n = e.n_items
    if c.claim.kind != WHOLE:
        fits = e.n_wrong <= e.n_audited <= n and 0 < e.n_refuted <= n + 1 and n > 0
        return fits and bool(is_refuted(e.n_wrong, n, e.n_refuted, e.n_audited, e.delta))
    sizes, tolerated = zip(*e.looks, strict=True) if e.looks else ((), ())
    fixed = (e.n_audited, e.n_wrong) in e.looks and list(tolerated) == sorted(tolerated)
    fixed &= list(sizes) == sorted(sizes) and all(size <= n and k <= n for size, k in e.looks)
    fixed &= e.n_wrong >= 0  # below, nothing would have been refuted
    allowed = math.floor(c.claim.epsilon * c.n_total)
    return fixed and risk_of_looks(n, allowed, sizes, tolerated) <= e.delta


def _forbids(c: Certificate, e: Evidence) -> bool:
    if c.claim.kind == WHOLE:
        return e.n_refuted == math.floor(c.claim.epsilon * c.n_total) + e.n_wrong + 1
    return e.n_refuted - 1 <= c.claim.epsilon * e.n_auto
