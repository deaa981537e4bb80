"""What a certificate will cost, before anything is asked."""

import math
from dataclasses import dataclass

import numpy as np

from sparing.audit.audit import WHOLE, Claim, share_of
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.error_scenarios import WEIGHTS, RankedList
from sparing.audit.cost.left_items import LeftItems
from sparing.audit.cost.whole_set import BAD_CASE, WorkSplit, by_hand, cheapest_whole
from sparing.audit.error_bounds import chance_to_pass, chance_to_start
from sparing.audit.wording import empty_bound_note
from sparing.pool.predictions import Predictions
from sparing.types import FloatArray

LEAST_SAVING = 0.1  # of the answers; below it labeling all by hand is simpler
N_SIZES = 24  # of audits that are tried


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """The cheapest mix of audit and hand-back that was found, and what it will cost.

    Parameters
    ----------
    n_audit : items to draw, for :func:`sparing.audit.sampling.draw_audit`: several numbers where
        the audit may end early, by predicted class id for a claim per class; 0 where labeling all
        by hand is cheapest
    cut : items less confident than this go to the person unseen
    expected_audits : items of the audit that the person answers in a typical case, the median
    expected_remainder : items that the person labels beside the audit, in the same case
    expected_auto : labels that the model gives in the same case
    most : answers of the person in a bad case; one in five is expected to need more
    sentence : the plan as a person reads it
    note : a warning that a bound on the whole set would be empty for the rarest class
    more_labels, in_all, ahead : after how many more labels an audit is expected to cost least,
        what it then costs with these labels, and both in words; of
        :func:`sparing.audit.cost.labels_ahead.plan_ahead` alone
    """

    n_audit: int | tuple[int, ...] | dict[int, int]
    cut: float
    expected_audits: int
    expected_remainder: int
    expected_auto: int
    most: int
    sentence: str
    note: str | None
    more_labels: int = 0
    in_all: int = 0
    ahead: str = ""

    @property
    def n_audited(self) -> int:
        """Items to audit, at most."""
        if isinstance(self.n_audit, dict):
            return sum(self.n_audit.values())
        return self.n_audit[-1] if isinstance(self.n_audit, tuple) else self.n_audit


def plan_audit(
    predictions: Predictions, claim: Claim, *, attempt: int = 1, seen: DoubtCounts | None = None
) -> AuditPlan:
    """Find how many items to audit, and which to label by hand unseen, at the lowest cost.

    How often the model errs is guessed from its confidences, in several scenarios
    (:func:`sparing.audit.cost.error_scenarios.powers`): the mix is the cheapest in their mean.
    If the guess is wrong the certificate stays true and only costs more. No answer of an audit is
    looked at.

    Parameters
    ----------
    predictions : the frozen model
    claim : what is to be certified
    attempt : which draw it will be; each later one may risk less
    seen : what the model was wrong about, out of fold, among labeled items that were drawn at
        random: it makes the guess a better one

    Examples
    --------
    >>> from sparing import ClassTable
    >>> sure = 1 - np.linspace(0, 0.45, 4000) ** 3
    >>> p = Predictions(np.zeros(4000), sure, np.full(4000, -1), ClassTable(("cat", "dog")))
    >>> print(plan_audit(p, Claim(0.02)).sentence)  # doctest: +NORMALIZE_WHITESPACE
    At most 2 % wrong, with 95 % certainty: about 182 items to check, then 0 more by hand, seldom
    more than 273 answers; the model labels about 3,818.
    """
    left = LeftItems.of(predictions, claim)
    return plan_of(predictions, claim, left, attempt=attempt, seen=seen)


def plan_of(
    predictions: Predictions,
    claim: Claim,
    left: LeftItems,
    *,
    attempt: int = 1,
    seen: DoubtCounts | None = None,
) -> AuditPlan:
    """Return the plan for the items that are left of a pool; see :func:`plan_audit`."""
    n_audit, mix = cheapest_split(left, claim, attempt=attempt, seen=seen)
    return _plan(predictions, claim, n_audit, mix)


def cheapest_split(
    left: LeftItems, claim: Claim, *, attempt: int = 1, seen: DoubtCounts | None = None
) -> tuple[int | tuple[int, ...] | dict[int, int], WorkSplit]:
    """Return how many items to audit, and what that leaves to whom."""
    delta = share_of(claim.delta, attempt)
    if claim.per_class:
        return _per_class(left, claim, delta, seen)
    if not len(left):
        return 0, by_hand(0)
    finely = claim.kind == WHOLE
    ranked = RankedList.of(left.confidence, left.share_labeled, seen=seen, finely=finely)
    mix = _cheapest(ranked, claim, left.n_total, delta)
    return mix.n_audit, mix


def _per_class(
    left: LeftItems, claim: Claim, delta: float, seen: DoubtCounts | None
) -> tuple[dict[int, int], WorkSplit]:
    scopes = left.by_class()
    audits, remainder, most = {}, 0.0, 0.0
    for code, sure in scopes.items():
        ranked = RankedList.of(sure, left.share_labeled, seen=seen, n_cuts=1)
        mix = _cheapest(ranked, claim, left.n_total, delta / len(scopes))
        remainder, most = remainder + mix.remainder, most + mix.most
        if isinstance(mix.n_audit, int) and mix.n_audit:
            audits[code] = mix.n_audit
    return audits, WorkSplit(0, 0.0, sum(audits.values()), remainder, most)


def _cheapest(ranked: RankedList, claim: Claim, n_total: int, delta: float) -> WorkSplit:
    if claim.kind == WHOLE:
        mix = cheapest_whole(ranked, math.floor(claim.epsilon * n_total), delta)
    else:
        mix = _cheapest_auto(ranked, claim.epsilon, delta)
    worth = mix.audits + mix.remainder <= (1 - LEAST_SAVING) * ranked.n
    return mix if worth else by_hand(ranked.n)


def _cheapest_auto(ranked: RankedList, epsilon: float, delta: float) -> WorkSplit:
    frame = ranked.size[ranked.cuts][:, None, None]  # (n_cuts, 1, 1)
    least = math.ceil(math.log(delta) / math.log1p(-epsilon))
    if least >= ranked.n:
        return by_hand(ranked.n)
    audits = np.unique(np.geomspace(least, ranked.n, N_SIZES).round())[None, :, None]
    rate = np.minimum(audits / frame, 1.0)
    chances = _chances_to_reach(ranked, rate, epsilon, delta)
    auto = (1 - rate[..., 0]) * (chances @ ranked.steps)
    auto = np.where(audits[..., 0] < frame[..., 0], auto, 0.0)
    cut, which = np.unravel_index(int(np.argmax(auto)), auto.shape)
    n_audit = int(audits[0, which, 0])
    share = 1 - float(rate[cut, which, 0])
    typical, bad = (
        float(ranked.size[chances[cut, which] >= chance].max(initial=0.0)) * share
        for chance in (0.5, BAD_CASE)
    )
    left = ranked.n - n_audit
    return WorkSplit(n_audit, ranked.confidence_at(int(ranked.cuts[cut])), n_audit, left - typical,
               ranked.n - bad)  # fmt: skip


def _chances_to_reach(
    ranked: RankedList, rate: FloatArray, epsilon: float, delta: float
) -> FloatArray:
    """Return (n_cuts, n_rates, n_steps) how likely each level and all tested before it pass."""
    inside = ranked.size <= ranked.size[ranked.cuts][:, None, None]
    marked = np.floor(epsilon * ranked.size * (1 - rate)) + 1
    start = chance_to_start(ranked.size, marked, rate, ranked.expected_errors, delta)
    first = np.argmax(np.where(inside, start, -1.0), axis=-1)[..., None]
    after = np.arange(len(ranked.size)) >= first
    reached = np.zeros(after.shape)
    for weight, errors in zip(WEIGHTS, ranked.errors, strict=True):
        chance = chance_to_pass(ranked.size, marked, rate, errors, delta)
        further = np.minimum.accumulate(np.where(after, chance, 1.0), axis=-1)
        least = np.take_along_axis(chance, first, axis=-1)
        reached += weight * np.where(inside, np.minimum(further, least), 0.0)
    return reached


def _plan(
    predictions: Predictions,
    claim: Claim,
    n_audit: int | tuple[int, ...] | dict[int, int],
    mix: WorkSplit,
) -> AuditPlan:
    audits, remainder, most = round(mix.audits), round(mix.remainder), round(mix.most)
    auto = int(predictions.eligible.sum()) - audits - remainder
    what = f"At most {100 * claim.epsilon:g} % wrong"
    sure = f"with {100 * (1 - claim.delta):g} % certainty"
    if audits:
        more = f", seldom more than {most:,} answers" if most > audits + remainder else ""
        text = (
            f"about {audits:,} items to check, then {remainder:,} more by hand{more};"
            f" the model labels about {auto:,}."
        )
    elif not remainder:
        text = "nothing is left to check; people have labeled every item."
    else:
        text = f"a check would cost more than it saves; label the {remainder:,} that are left."
    note = empty_bound_note(predictions, claim)
    return AuditPlan(
        n_audit, mix.cut, audits, remainder, auto, most, f"{what}, {sure}: {text}", note
    )
