"""What a certificate will cost, before anything is asked."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammainc

from sparing.audit import WHOLE, Claim
from sparing.bounds import draws_needed, spend
from sparing.certificate import empty_bound_note
from sparing.evidence import chances_to_pass
from sparing.looks import looks_for, spent
from sparing.predictions import Predictions
from sparing.types import FloatArray

N_CUTS = 24
N_STEPS = 64
LEAST_SAVING = 0.1  # of the answers; below it labeling all by hand is simpler
# Numbers of errors that an audit may be planned to meet: all small ones, then ever sparser.
TOLERATED = np.unique(np.geomspace(1, 400, 40).round().astype(np.int64)) - 1
# How often the model errs of what it says, and the weight of that: a model that was taught what it
# doubted errs far less on the rest than its confidence says; a bad one errs more.
SCENARIOS = ((0.03, 0.3), (0.1, 0.25), (0.3, 0.2), (1.0, 0.15), (2.0, 0.1))
# An audit may be planned to end at several looks, each of which tolerates some more errors.
N_LOOKS = 6
LADDERS = np.array(
    [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 4, 8, 16],
        [1, 2, 3, 4, 5, 6],
        [1, 2, 4, 8, 12, 20],
        [2, 3, 4, 6, 8, 10],
        [4, 6, 8, 12, 16, 24],
        [8, 10, 12, 16, 20, 24],
        [16, 20, 24, 28, 32, 36],
    ]
)


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """The cheapest mix of audit and hand-back that was found, and what it is expected to cost.

    Parameters
    ----------
    n_audit : items to draw, for :func:`sparing.draw.draw_audit`: several numbers where the audit
        may end early, by predicted class id for a claim per class; 0 where labeling all by hand is
        cheapest
    cut : items less confident than this go to the person unseen
    expected_audits : items of the audit that the person is expected to answer
    expected_handback : items that the person is expected to label beside the audit
    expected_auto : labels that the model is expected to give
    sentence : the plan as a person reads it
    note : a warning that a bound on the whole set would be empty for the rarest class
    """

    n_audit: int | tuple[int, ...] | dict[int, int]
    cut: float
    expected_audits: int
    expected_handback: int
    expected_auto: int
    sentence: str
    note: str | None

    @property
    def n_audited(self) -> int:
        """Items to audit, at most."""
        if isinstance(self.n_audit, dict):
            return sum(self.n_audit.values())
        return self.n_audit[-1] if isinstance(self.n_audit, tuple) else self.n_audit


@dataclass(frozen=True, slots=True)
class _Mix:
    n_audit: int | tuple[int, ...]
    cut: float
    audits: float  # expected
    handback: float  # expected


def plan_audit(
    predictions: Predictions,
    claim: Claim,
    *,
    attempt: int = 1,
    expected_error: npt.ArrayLike | None = None,
) -> AuditPlan:
    """Find how many items to audit, and which to label by hand unseen, at the lowest cost.

    What is expected is a mean: the model may err twice as often as its confidences say, or thirty
    times less often. If it errs more than that the certificate stays true and only costs more. No
    answer is looked at.

    Parameters
    ----------
    predictions : the frozen model
    claim : what is to be certified
    attempt : which draw it will be; each later one may risk less
    expected_error : (n_items,) how likely each prediction is wrong, where something better is
        known than 1 - confidence

    Examples
    --------
    >>> from sparing import ClassTable
    >>> sure = 1 - np.linspace(0, 0.45, 4000) ** 4
    >>> p = Predictions(np.zeros(4000), sure, np.full(4000, -1), ClassTable(("cat", "dog")))
    >>> print(plan_audit(p, Claim(0.02)).sentence)
    2 % at 95 %: about 286 audits and 65 by hand; the model labels about 3,649.
    """
    error = None if expected_error is None else np.asarray(expected_error)
    delta = spend(claim.delta, attempt)
    n = int(predictions.eligible.sum())
    if claim.per_class:
        return _plan(predictions, claim, *_per_class(predictions, claim, delta, error))
    if not n:
        return _plan(predictions, claim, 0, _Mix(0, 0.0, 0.0, 0.0))
    walk = _Walk.down(predictions, predictions.eligible, error, finely=claim.kind == WHOLE)
    mix = _cheapest(walk, claim, predictions.n_total, delta)
    return _plan(predictions, claim, mix.n_audit, mix)


def _per_class(
    predictions: Predictions, claim: Claim, delta: float, error: FloatArray | None
) -> tuple[dict[int, int], _Mix]:
    codes = np.unique(predictions.codes[predictions.eligible]).tolist()
    audits, handback = {}, 0.0
    for code in codes:
        rows = predictions.eligible & (predictions.codes == code)
        walk = _Walk.down(predictions, rows, error, n_cuts=1)
        mix = _cheapest(walk, claim, predictions.n_total, delta / len(codes))
        handback += mix.handback
        if isinstance(mix.n_audit, int) and mix.n_audit:
            audits[code] = mix.n_audit
    return audits, _Mix(0, 0.0, sum(audits.values()), handback)


@dataclass(frozen=True, eq=False, slots=True)
class _Walk:
    """Down from the most confident: after ``size`` items ``errors`` of them are expected wrong."""

    n: int
    size: FloatArray  # (n_steps,) ascending, the last is n
    errors: FloatArray  # (n_steps,)
    confidence: FloatArray  # (n_steps,) of the last item of each step
    cuts: npt.NDArray[np.int64]  # steps at which the audited set may end

    @property
    def steps(self) -> FloatArray:
        """(n_steps,) how many items each step adds."""
        return np.diff(self.size, prepend=0.0)

    def confidence_at(self, step: int) -> float:
        """Return the confidence below which nothing is audited; 0 where all may be."""
        return 0.0 if self.size[step] == self.n else float(self.confidence[step])

    @classmethod
    def down(
        cls,
        predictions: Predictions,
        rows: npt.NDArray[np.bool_],
        error: FloatArray | None,
        n_cuts: int = N_CUTS,
        *,
        finely: bool = False,
    ) -> "_Walk":
        confidence = predictions.confidence[rows]
        n = len(confidence)
        if error is None:
            confidence = np.sort(confidence)[::-1]
            total = np.cumsum(1.0 - confidence, dtype=np.float64)
        else:
            order = np.argsort(-confidence)
            confidence = confidence[order]
            total = np.cumsum(error[rows][order], dtype=np.float64)
        ends = np.linspace(0, n, N_STEPS + 1)[1:]
        if finely:  # near the end, where errors are expected
            ends = np.r_[ends[1::2], n - np.geomspace(1, n, N_STEPS // 2)]
        last = np.unique(np.maximum(ends.round(), 1).astype(np.int64)) - 1
        # A step ends with the last of its ties, as a threshold would.
        level = np.unique(confidence[last])[::-1]
        last = n - np.unique(np.searchsorted(confidence[::-1], level, side="left"))[::-1] - 1
        cuts = np.arange(len(last))[:: -max(1, len(last) // n_cuts)][:n_cuts]
        return cls(n, last + 1.0, total[last], confidence[last], cuts)


def _cheapest(walk: _Walk, claim: Claim, n_total: int, delta: float) -> _Mix:
    if claim.kind == WHOLE:
        allowed = math.floor(claim.epsilon * n_total)
        mix = _cheapest_whole(walk, allowed, delta)
    else:
        mix = _cheapest_auto(walk, claim.epsilon, delta)
    worth = mix.audits + mix.handback <= (1 - LEAST_SAVING) * walk.n
    return mix if worth else _Mix(0, 0.0, 0.0, walk.n)


def _cheapest_whole(walk: _Walk, allowed: int, delta: float) -> _Mix:
    steps = _cheapest_in_steps(walk, allowed, delta)
    mix = _cheapest_at_once(walk, allowed, delta)
    if steps.audits + steps.handback >= mix.audits + mix.handback:
        return mix
    n = int(walk.size[steps.cut])
    looks = looks_for(n, allowed, LADDERS[steps.ladder].tolist(), delta)
    if not looks:
        return mix
    return _Mix(looks, walk.confidence_at(steps.cut), steps.audits, steps.handback)


def _cheapest_at_once(walk: _Walk, allowed: int, delta: float) -> _Mix:
    frame = walk.size[walk.cuts][:, None]  # items down to the cut; (n_cuts, 1)
    k = TOLERATED.astype(np.float64)[None, :]  # errors that the audit may meet; (1, n_tolerated)
    marked = np.minimum(allowed + k + 1, frame)
    # Wise's binomial: of the marked items about this share may be drawn.
    share = betaincinv(k + 1, np.maximum(marked - k, 1.0), 1 - delta)
    audits = np.maximum(np.ceil(share * (frame - (marked - 1) / 2) + k / 2), 1.0)
    rest = walk.n - frame + (1 - audits / frame) * _after_error(walk, audits / frame, k)
    cost = np.where((audits < frame) & (k < marked), audits + rest, np.inf)
    cut, which = np.unravel_index(int(np.argmin(cost)), cost.shape)
    if not np.isfinite(cost[cut, which]):
        return _Mix(0, 0.0, 0.0, walk.n)
    n, tolerated = int(frame[cut, 0]), int(TOLERATED[which])
    exact = draws_needed(n, min(allowed + tolerated + 1, n), tolerated, delta)
    return _Mix(exact, walk.confidence_at(int(walk.cuts[cut])), exact, float(rest[cut, which]))


@dataclass(frozen=True, slots=True)
class _Steps:
    """An audit in steps that may be worth its exact computation."""

    cut: int  # a step of the walk
    ladder: int
    audits: float
    handback: float


def _cheapest_in_steps(walk: _Walk, allowed: int, delta: float) -> _Steps:
    """Find the best audit that may end at several looks, each tolerating some more errors."""
    frame = walk.size[walk.cuts][:, None, None]  # (n_cuts, 1, 1)
    k = LADDERS.astype(np.float64)  # (n_ladders, n_looks)
    by_then = spent(N_LOOKS)
    # Between what a look may risk if all before it are forgotten, and if none of it is shared.
    level = delta * np.sqrt(by_then * np.diff(by_then, prepend=0.0))
    marked = allowed + k + 1
    share = betaincinv(k + 1, marked - k, 1 - level)
    audits = np.ceil(share * (frame - (marked - 1) / 2) + k / 2)
    audits = np.where((audits < frame) & (marked <= frame), audits, np.inf)
    n_audits, handback = _expected_in_steps(walk, audits, k)
    cut, ladder = np.unravel_index(int(np.argmin(n_audits + handback)), n_audits.shape)
    expected = float(n_audits[cut, ladder]), float(handback[cut, ladder])
    return _Steps(int(walk.cuts[cut]), int(ladder), *expected)


def _expected_in_steps(
    walk: _Walk, audits: FloatArray, k: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return answers to the audit and items handed back, both (n_cuts, n_ladders).

    Parameters
    ----------
    audits : (n_cuts, n_ladders, n_looks) size of the draw; infinite where there is no such look
    k : (n_ladders, n_looks) errors tolerated
    """
    frame = walk.size[walk.cuts][:, None, None]
    rate = np.where(np.isfinite(audits), audits / frame, 0.0)
    with np.errstate(invalid="ignore"):
        more = np.diff(audits, axis=-1)  # no number where there is no such look
    n_audits = audits[..., 0].copy()
    handback = np.broadcast_to(walk.n - frame[..., 0], n_audits.shape).copy()
    for factor, weight in SCENARIOS:
        failed = gammainc(k + 1, rate * factor * walk.errors[walk.cuts][:, None, None])
        back = np.zeros_like(audits)  # beyond the error that ends the walk, where one does
        for step, errors, size in zip(walk.steps, factor * walk.errors, walk.size, strict=True):
            ended = gammainc(k + 1, rate * errors)
            back += np.where(size <= frame, step * (1 - rate) * ended, 0.0)
        back /= np.maximum(failed, 1e-12)
        go_on, stay = _from_the_end(more, back, failed)
        n_audits += weight * failed[..., 0] * go_on
        handback += weight * failed[..., 0] * stay
    return n_audits, handback


def _from_the_end(
    more: FloatArray, back: FloatArray, failed: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return audits and hand-back still expected after a first look that was not enough.

    Parameters
    ----------
    more : (..., n_looks - 1) answers from each look to the next
    back : (..., n_looks) items handed back if the audit ends there, not all being well
    failed : (..., n_looks) probability that not all is well at a look
    """
    go_on, stay = np.zeros(back.shape[:-1]), back[..., -1]
    for look in range(back.shape[-1] - 2, -1, -1):
        again = np.minimum(failed[..., look + 1] / np.maximum(failed[..., look], 1e-12), 1.0)
        audits, handback = more[..., look] + again * go_on, again * stay
        ends = ~(audits + handback < back[..., look])
        go_on, stay = np.where(ends, 0.0, audits), np.where(ends, back[..., look], handback)
    return go_on, stay


def _after_error(walk: _Walk, rate: FloatArray, k: FloatArray) -> FloatArray:
    """Return how many items are expected to come after audited error number k + 1."""
    frame = walk.size[walk.cuts][:, None]
    rest = np.zeros(np.broadcast_shapes(frame.shape, k.shape))
    for factor, weight in SCENARIOS:
        for step, errors, size in zip(walk.steps, factor * walk.errors, walk.size, strict=True):
            ended = gammainc(k + 1, rate * errors)  # Poisson: P[more than k of them were drawn]
            rest += np.where(size <= frame, weight * step * ended, 0.0)
    return rest


def _cheapest_auto(walk: _Walk, epsilon: float, delta: float) -> _Mix:
    frame = walk.size[walk.cuts][:, None, None]  # (n_cuts, 1, 1)
    least = math.ceil(math.log(delta) / math.log1p(-epsilon))
    if least >= walk.n:
        return _Mix(0, 0.0, 0.0, walk.n)
    audits = np.unique(np.geomspace(least, walk.n, N_CUTS).round())[None, :, None]
    rate = np.minimum(audits / frame, 1.0)
    auto = (1 - rate[..., 0]) * _expected_passed(walk, rate, epsilon, delta)
    auto = np.where(audits[..., 0] < frame[..., 0], auto, 0.0)
    cut, which = np.unravel_index(int(np.argmax(auto)), auto.shape)
    n_audit = int(audits[0, which, 0])
    handback = walk.n - n_audit - float(auto[cut, which])
    return _Mix(n_audit, walk.confidence_at(int(walk.cuts[cut])), n_audit, handback)


def _expected_passed(walk: _Walk, rate: FloatArray, epsilon: float, delta: float) -> FloatArray:
    """Return how many items are expected above the last threshold passed; (n_cuts, n_rates)."""
    inside = walk.size <= walk.size[walk.cuts][:, None, None]
    marked = np.floor(epsilon * walk.size * (1 - rate)) + 1
    chances = chances_to_pass(walk.size, marked, rate, walk.errors, delta)
    likely = np.where(inside, sum(weight * chance for weight, chance in chances), -1.0)
    first = np.argmax(likely, axis=-1)[..., None]
    after = np.arange(len(walk.size)) >= first
    passed = np.zeros(rate.shape[:2])
    for weight, chance in chances:
        reach = np.minimum.accumulate(np.where(after, chance, 1.0), axis=-1)
        start = np.take_along_axis(chance, first, axis=-1)
        passed += weight * (np.where(inside, np.minimum(reach, start), 0.0) @ walk.steps)
    return passed


def _plan(
    predictions: Predictions,
    claim: Claim,
    n_audit: int | tuple[int, ...] | dict[int, int],
    mix: _Mix,
) -> AuditPlan:
    audits, by_hand = round(mix.audits), round(mix.handback)
    auto = int(predictions.eligible.sum()) - audits - by_hand
    what = f"{100 * claim.epsilon:g} % at {100 * (1 - claim.delta):g} %"
    if audits:
        text = f"about {audits:,} audits and {by_hand:,} by hand; the model labels about {auto:,}."
    else:
        text = f"an audit would cost more than it saves; label the {by_hand:,} that are left."
    note = empty_bound_note(predictions, claim)
    return AuditPlan(n_audit, mix.cut, audits, by_hand, auto, f"{what}: {text}", note)
