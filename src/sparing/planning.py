"""What a certificate will cost, before anything is asked."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammainc

from sparing.audit import WHOLE, Claim
from sparing.bounds import draws_needed, spend
from sparing.certificate import empty_bound_note
from sparing.evidence import SCENARIOS, chances_to_pass
from sparing.predictions import Predictions
from sparing.types import FloatArray

N_CUTS = 24
N_STEPS = 64
LEAST_SAVING = 0.05  # of the answers; below it labeling all by hand is simpler
# Numbers of errors that an audit may be planned to meet: all small ones, then ever sparser.
TOLERATED = np.unique(np.geomspace(1, 400, 40).round().astype(np.int64)) - 1


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """The cheapest mix of audit and hand-back that was found, and what it is expected to cost.

    Parameters
    ----------
    n_audit : items to audit, for a claim per class by predicted class id; 0 where labeling all
        by hand is cheapest
    cut : items less confident than this go to the person unseen
    expected_handback : items that the person is expected to label beside the audit
    expected_auto : labels that the model is expected to give
    sentence : the plan as a person reads it
    note : a warning that a bound on the whole set would be empty for the rarest class
    """

    n_audit: int | dict[int, int]
    cut: float
    expected_handback: int
    expected_auto: int
    sentence: str
    note: str | None

    @property
    def n_audited(self) -> int:
        """Items to audit in all."""
        return self.n_audit if isinstance(self.n_audit, int) else sum(self.n_audit.values())


@dataclass(frozen=True, slots=True)
class _Mix:
    n_audit: int
    cut: float
    handback: float


def plan_audit(
    predictions: Predictions,
    claim: Claim,
    *,
    attempt: int = 1,
    expected_error: npt.ArrayLike | None = None,
) -> AuditPlan:
    """Find how many items to audit, and which to label by hand unseen, at the lowest cost.

    The plan believes the model's confidences, give or take a factor of two to four; if they are
    wrong the certificate stays true and only costs more. It looks at no answer.

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
    2 % at 95 %: about 324 audits and 196 by hand; the model labels about 3,480.
    """
    error = 1.0 - predictions.confidence if expected_error is None else np.asarray(expected_error)
    delta = spend(claim.delta, attempt)
    n = int(predictions.eligible.sum())
    if claim.per_class:
        audits, handback = _per_class(predictions, claim, delta, error)
        return _plan(predictions, claim, audits, 0.0, handback)
    if not n:
        return _plan(predictions, claim, 0, 0.0, 0)
    rows = predictions.eligible
    mix = _cheapest(_Walk.down(predictions, rows, error), claim, predictions.n_total, delta)
    return _plan(predictions, claim, mix.n_audit, mix.cut, mix.handback)


def _per_class(
    predictions: Predictions, claim: Claim, delta: float, error: FloatArray
) -> tuple[dict[int, int], float]:
    codes = np.unique(predictions.codes[predictions.eligible]).tolist()
    audits, handback = {}, 0.0
    for code in codes:
        rows = predictions.eligible & (predictions.codes == code)
        walk = _Walk.down(predictions, rows, error, n_cuts=1)
        mix = _cheapest(walk, claim, predictions.n_total, delta / len(codes))
        handback += mix.handback
        if mix.n_audit:
            audits[code] = mix.n_audit
    return audits, handback


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

    def confidence_at(self, cut: int) -> float:
        """Return the confidence below which nothing is audited; 0 where all may be."""
        step = self.cuts[cut]
        return 0.0 if self.size[step] == self.n else float(self.confidence[step])

    @classmethod
    def down(
        cls,
        predictions: Predictions,
        rows: npt.NDArray[np.bool_],
        error: FloatArray,
        n_cuts: int = N_CUTS,
    ) -> "_Walk":
        confidence = predictions.confidence[rows]
        order = np.argsort(-confidence)
        total = np.cumsum(error[rows][order], dtype=np.float64)
        n = len(order)
        last = np.unique(np.linspace(0, n, N_STEPS + 1).round().astype(np.int64))[1:] - 1
        # A step ends with the last of its ties, as a threshold would.
        level = np.unique(confidence[order[last]])[::-1]
        last = np.unique(np.searchsorted(-confidence[order], -level, side="right")) - 1
        cuts = np.arange(len(last))[:: -max(1, len(last) // n_cuts)][:n_cuts]
        return cls(n, last + 1.0, total[last], confidence[order[last]], cuts)


def _cheapest(walk: _Walk, claim: Claim, n_total: int, delta: float) -> _Mix:
    if claim.kind == WHOLE:
        allowed = math.floor(claim.epsilon * n_total)
        mix = _cheapest_whole(walk, allowed, delta)
    else:
        mix = _cheapest_auto(walk, claim.epsilon, delta)
    worth = mix.n_audit + mix.handback <= (1 - LEAST_SAVING) * walk.n
    return mix if worth else _Mix(0, 0.0, walk.n)


def _cheapest_whole(walk: _Walk, allowed: int, delta: float) -> _Mix:
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
        return _Mix(0, 0.0, walk.n)
    n, tolerated = int(frame[cut, 0]), int(TOLERATED[which])
    exact = draws_needed(n, min(allowed + tolerated + 1, n), tolerated, delta)
    return _Mix(exact, walk.confidence_at(int(cut)), float(rest[cut, which]))


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
        return _Mix(0, 0.0, walk.n)
    audits = np.unique(np.geomspace(least, walk.n, N_CUTS).round())[None, :, None]
    rate = np.minimum(audits / frame, 1.0)
    auto = (1 - rate[..., 0]) * _expected_passed(walk, rate, epsilon, delta)
    auto = np.where(audits[..., 0] < frame[..., 0], auto, 0.0)
    cut, which = np.unravel_index(int(np.argmax(auto)), auto.shape)
    n_audit = int(audits[0, which, 0])
    return _Mix(n_audit, walk.confidence_at(int(cut)), walk.n - n_audit - float(auto[cut, which]))


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
    n_audit: int | dict[int, int],
    cut: float,
    handback: float,
) -> AuditPlan:
    audits = n_audit if isinstance(n_audit, int) else sum(n_audit.values())
    by_hand = round(handback)
    auto = int(predictions.eligible.sum()) - audits - by_hand
    what = f"{100 * claim.epsilon:g} % at {100 * (1 - claim.delta):g} %"
    if audits:
        text = f"about {audits:,} audits and {by_hand:,} by hand; the model labels about {auto:,}."
    else:
        text = f"an audit would cost more than it saves; label the {by_hand:,} that are left."
    return AuditPlan(
        n_audit, cut, by_hand, auto, f"{what}: {text}", empty_bound_note(predictions, claim)
    )
