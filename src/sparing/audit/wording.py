"""What a certificate says in words: the claim, what it assumes, what nobody can check."""

import math
from typing import TYPE_CHECKING

import numpy as np

from sparing.audit.audit import VERSION, WHOLE, Claim
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions
from sparing.types import FloatArray

if TYPE_CHECKING:
    from sparing.audit.certificate import Certificate, UnitLimit

# A file that says something else is no certificate of this version: new words, new version.
ASSUMPTIONS = (
    "What people said of an item, the audit's items above all, is the truth of it.",
    "Who answered the audit did not know what the model says of its items.",
    "The items, what they hold, and the classes stay as they were when the model was frozen.",
    "The items that are handed back get their labels by people.",
)
SHARE = "0.9 delta in the first attempt, and in attempt t to 0.6 delta / (pi (t - 1))^2"
SHARES = {1: "6 delta / (pi attempt)^2", 2: SHARE, VERSION: SHARE}
HOW_TO_CHECK = (
    "Each piece of evidence: the hypergeometric probability of at most n_wrong marked items in"
    " n_audited draws without replacement from n_items, of which n_refuted are marked, is at most"
    " its delta; the deltas sum to at most {share}. Where looks are listed (size"
    " of the draw, n_wrong), that is the probability that it happens at any of them, the marked"
    " items being the first n_refuted wrong ones. With the predictions, the audit and the answers,"
    " 'sparing certify POOL --verify FILE' repeats hashes, draw and count."
)

BESIDE_THE_LOG = (  # of a project, of which all that was said before is named
    "when it was made, and what is said after it, such as the labels of handed-back items",
    "what stands beside the log: names of items, settings, leases, and figures of the model",
)

MOST_LABELS = 20  # that are named one by one
ALONE, GUESSED, GLANCE, CONSENSUS = "alone", "guess confirmed", "at a glance", "by consensus"
WAYS = {  # that a reader has to know of
    GUESSED: "confirm a guess of the model that was on the screen",
    GLANCE: "were given at a glance, on a page with others",
    CONSENSUS: "are the likeliest of several that people gave, who differ",
}


def statement(
    claim: Claim, n_total: int, n_auto: int, units: "UnitLimit | None" = None, sameness: str = ""
) -> str:
    """Return the claim in one sentence; behind it when two units are the same, if not in all.

    Parameters
    ----------
    claim, n_total, n_auto : of the certificate
    units, sameness : what answers are made of that say several things, and when two are the same
    """
    share, sure = f"{100 * claim.epsilon:g} %", f"{100 * (1 - claim.delta):g} %"
    allowed = math.floor(claim.epsilon * n_total)
    if claim.kind == WHOLE and units is not None:
        what = f"In at most {allowed:,} of all {n_total:,} items ({share}) any of the {units.noun}"
        what += " is wrong or missing"
    elif claim.kind == WHOLE:
        what = f"At most {allowed:,} of all {n_total:,} labels ({share}) are wrong"
    elif claim.per_class:
        what = f"Of the {n_auto:,} labels by the model alone, at most {share} per class are wrong"
    else:
        what = f"Of the {n_auto:,} labels by the model alone, at most {share} are wrong"
    same = f" {sameness}" if units is not None and sameness else ""
    return f"{what}, with probability {sure} or more.{same}"


def not_checked(c: "Certificate") -> tuple[str, ...]:
    """Return what nobody can see from a certificate and all that it names."""
    draw = "of which there is one only for these items, predictions and labels, but altering one of"
    draw += " them draws again"
    if c.version == 1:
        draw = "a seed: whether it was chosen among several"
    elif c.key:
        draw = "whether it was chosen among several: a project makes it afresh with each audit"
    hidden = "audits of these items that were thrown away, or made elsewhere"
    what: tuple[str, ...] = (
        "who answered, and whether they knew what the model says",
        f"whether it is attempt {c.attempt}, as it says: {hidden}",
        f"the key of the draw, {draw}",
    )
    if not c.items:
        what = (*what, "what the items are: it names their order alone")
    return (*what, *BESIDE_THE_LOG) if c.event else what


def _among_auto_labels(c: "Certificate") -> str:
    """Say what a bound on the whole set means among the labels of the model."""
    wrong = min(math.floor(c.claim.epsilon * c.n_total), c.n_auto)
    once = f", once the {c.n_handback:,} handed-back items are labeled" if c.n_handback else ""
    share = f"{100 * wrong / c.n_auto:.2g}"
    shown = share if c.version == 2 else f"{float(share):g}"  # 100, not 1e+02
    return (
        f"The limit is of all labels{once}: all {wrong:,} may be among the {c.n_auto:,} that the"
        f" model gave, which is up to {shown} % of these."
    )


def _by_label(c: "Certificate") -> str:
    """Say for each label on how many items it is wrong at most, the worst first."""
    worst = sorted(c.by_label.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"'{label}' {n:,}" for label, n in worst[:MOST_LABELS])
    rest = worst[MOST_LABELS:]
    more = f"; of the {len(rest):,} other labels each {rest[0][1]:,} or fewer" if rest else ""
    once = f" once the {c.n_handback:,} handed-back items are labeled" if c.n_handback else ""
    return (
        f"Each label by itself: of the {c.n_total:,} items at most so many are wrong about it{once}"
        f" (it is missing, too much, or at another place): {shown}{more}. With"
        f" {100 * (1 - c.claim.delta):g} % these limits hold, all together, but by themselves: not"
        " also together with the statement."
    )


def of_units(u: "UnitLimit", delta: float) -> str:
    """Say how many single units are right at least, and what that says nothing of."""
    share = math.floor(1000 * u.least_right) / 10
    return (
        f"Of the {u.n_units:,} {u.noun} that the model gives in items that could be drawn at most"
        f" {u.most_wrong:,} are wrong, so that {share:g} % or more are right: by itself with"
        f" probability {100 * (1 - delta):g} % or more. What the model misses is not in it."
    )


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
        f" {100 * claim.epsilon:g} %. 'sparing certify PREDICTIONS --kind auto --per-class' limits"
        " the errors among the labels of each class."
    )


def notes_of(predictions: Predictions, c: "Certificate") -> tuple[str, ...]:
    """Return what the reader has to know beside the statement."""
    notes = []
    if not c.n_auto:
        few = f"at most {100 * c.claim.epsilon:g} %"
        notes.append(
            f"The answers do not show that {few} are wrong: no label is left to the model."
        )
    if c.n_unanswered:
        notes.append(f"{c.n_unanswered} items of the check have no answer and count as wrong.")
    if c.n_disputed:
        notes.append(f"People differ on {c.n_disputed} of the checked items, which count as wrong.")
    notes += [f"{n:,} labels of people {WAYS[way]}." for way, n in c.taught.items() if way in WAYS]
    if c.left_out and c.version > 1:
        why = ", ".join(f"{n:,} {reason}" for reason, n in c.left_out.items())
        notes.append(f"No part of the {c.n_total:,} labels, and nothing is promised of: {why}.")
    if c.version > 1 and c.claim.kind == WHOLE and c.n_auto:
        notes.append(_among_auto_labels(c))
    if c.sameness and c.units is None:  # else the statement says it
        notes.append(c.sameness)
    if c.by_label:
        notes.append(_by_label(c))
    if c.units is not None and c.units.n_units:
        notes.append(of_units(c.units, c.claim.delta))
    several = c.units is not None or bool(c.by_label)  # their limits stand above
    note = None if several else empty_bound_note(predictions, c.claim)
    return (*notes, note) if note else tuple(notes)
