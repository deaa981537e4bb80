"""Which audit of a whole data set is expected to be cheapest, and what it will then cost.

An audit is described by its looks: by each so many are answered, and so many errors are tolerated.
What it costs is guessed in several scenarios of how often the model errs,
:mod:`sparing.audit.cost.error_scenarios`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, gammainc

from sparing.audit.cost.error_scenarios import WEIGHTS, RankedList
from sparing.audit.sequential import looks_for, spent
from sparing.stats.hypergeometric import draws_needed
from sparing.types import FloatArray, IntArray

# Errors tolerated: at a single look, all small numbers, then ever sparser; or at several looks.
AT_ONCE = np.unique(np.geomspace(1, 400, 28).round().astype(np.int64))[:, None] - 1
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
TINY = 1e-12
# By the guess; of real models as many stay within it: docs/benchmarks/planning.md.
BAD_CASE = 0.8


@dataclass(frozen=True, slots=True)
class WorkSplit:
    """Items to audit, items to label by hand unseen, and the price.

    Parameters
    ----------
    n_audit, cut : as in :class:`sparing.audit.cost.plan.AuditPlan`
    audits, remainder : answers to the audit, and labels by hand, in a typical case
    most : both together, in a bad one
    """

    n_audit: int | tuple[int, ...]
    cut: float
    audits: float
    remainder: float
    most: float


def by_hand(n: int) -> WorkSplit:
    """Return the mix without an audit."""
    return WorkSplit(0, 0.0, 0.0, n, n)


def cheapest_whole(ranked: RankedList, allowed: int, delta: float) -> WorkSplit:
    """Return the mix that costs least in the mean of the scenarios.

    Parameters
    ----------
    ranked : down all items that nobody has labeled
    allowed : wrong items that may remain
    delta : risk
    """
    designs = [_cheapest(ranked, allowed, delta, tolerated) for tolerated in (AT_ONCE, LADDERS)]
    for cost, cut, tolerated in sorted(designs, key=lambda design: design[0]):
        n = int(ranked.size[cut])
        looks = _looks(n, allowed, tolerated, delta) if np.isfinite(cost) else ()
        if looks:
            audits, remainder, most = _forecast(ranked, cut, looks, tolerated)
            n_audit = looks if len(looks) > 1 else looks[0]
            return WorkSplit(n_audit, ranked.confidence_at(cut), audits, remainder, most)
    return by_hand(ranked.n)


def _looks(n: int, allowed: int, tolerated: list[int], delta: float) -> tuple[int, ...]:
    if len(tolerated) > 1:
        return looks_for(n, allowed, tolerated, delta)
    return (draws_needed(n, min(allowed + tolerated[0] + 1, n), tolerated[0], delta),)


def _cheapest(
    ranked: RankedList, allowed: int, delta: float, tolerated: IntArray
) -> tuple[float, int, list[int]]:
    """Return the expected cost of the cheapest of some designs, where it cuts, what it tolerates.

    Parameters
    ----------
    tolerated : (n_designs, n_looks)
    """
    frame = ranked.size[ranked.cuts][:, None, None]  # (n_cuts, 1, 1)
    k = tolerated.astype(np.float64)
    by_then = spent(k.shape[1])
    # Between what a look may risk if all before it are forgotten, and if none of it is shared.
    level = delta * np.sqrt(by_then * np.diff(by_then, prepend=0.0))
    marked = np.minimum(allowed + k + 1, frame)
    # Wise's binomial: of the marked items about this share may be drawn.
    share = betaincinv(k + 1, np.maximum(marked - k, 1.0), 1 - level)
    audits = np.maximum(np.ceil(share * (frame - (marked - 1) / 2) + k / 2), 1.0)
    fits = (audits < frame) & (k < marked) & ((k.shape[1] == 1) | (allowed + k + 1 <= frame))
    audits = np.where(fits, audits, np.inf)
    well, short, back = _endings(ranked, audits, k)
    answers = np.where(fits, audits, 0.0)
    by_look = (well + short) * answers + short * back
    cost = np.tensordot(WEIGHTS, by_look.sum(axis=-1), 1) + ranked.n - frame[..., 0]
    cost = np.where(fits[..., 0], cost, np.inf)
    cut, design = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return float(cost[cut, design]), int(ranked.cuts[cut]), tolerated[design].tolist()


def _forecast(
    ranked: RankedList, cut: int, looks: tuple[int, ...], tolerated: list[int]
) -> tuple[float, float, float]:
    """Return audits and hand-back in the median of all cases, and their sum in a bad case."""
    frame, errors = ranked.size[cut], ranked.errors[:, : cut + 1]
    after = frame - ranked.size[: cut + 1] + ranked.steps[: cut + 1] / 2  # an error in each step
    cases = []  # chance, audits, hand-back
    reached, before = WEIGHTS, np.ones(len(WEIGHTS))
    for m, following, k in zip(looks, (*looks[1:], np.inf), tolerated, strict=False):
        rate = m / frame
        ended = np.diff(gammainc(k + 1, rate * errors), prepend=0.0)  # (n_scenarios, n_steps)
        failed = np.maximum(ended.sum(axis=1), TINY)
        again = np.minimum(failed / before, 1.0)
        back = (1 - rate) * after
        enough = back <= following - m
        by_step = (reached * again / failed) @ ended
        cases += [(float((reached * (1 - again)).sum()), m, 0.0)]
        cases += [(c, m, h) for c, h in zip(by_step[enough], back[enough], strict=True)]
        reached = reached * again * ended[:, ~enough].sum(axis=1) / failed
        before = failed
    chance, audits, remainder = np.array(cases).T
    remainder = remainder + ranked.n - frame
    order = np.argsort(audits + remainder, kind="stable")
    by_then = np.cumsum(chance[order])
    typical, bad = order[np.searchsorted(by_then, np.array([0.5, BAD_CASE]) * by_then[-1])]
    return float(audits[typical]), float(remainder[typical]), float(audits[bad] + remainder[bad])


def _endings(
    ranked: RankedList, audits: FloatArray, k: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how likely an audit ends at each look, all well or not, and what it then hands back.

    Drawn errors are taken as Poisson. As in :mod:`sparing.audit.early_stop` the person goes on as
    long as the hand-back is more than the answers up to the next look.

    Parameters
    ----------
    ranked : with the cuts at which the audited set may end
    audits : (n_cuts, n_designs, n_looks) size of the draw; infinite where there is no such look
    k : (n_designs, n_looks) errors tolerated

    Returns
    -------
    well, short, back : (n_scenarios, n_cuts, n_designs, n_looks)
    """
    cuts, frame = ranked.cuts, ranked.size[ranked.cuts][:, None, None]
    rate = np.where(np.isfinite(audits), audits / frame, 0.0)
    back = np.zeros((len(WEIGHTS), *audits.shape))  # beyond the error that ends the walk
    for step, (added, size) in enumerate(zip(ranked.steps, ranked.size, strict=True)):
        inside = ranked.size[cuts] >= size
        errors = ranked.errors[:, step, None, None, None] * rate[inside]
        back[:, inside] += added * (1 - rate[inside]) * gammainc(k + 1, errors)
    errors = ranked.errors[:, cuts, None, None] * rate
    failed = gammainc(k + 1, errors)
    back /= np.maximum(failed, TINY)
    following = np.append(audits[..., 1:], np.full((*audits.shape[:-1], 1), np.inf), axis=-1)
    with np.errstate(invalid="ignore"):
        enough = ~(back > following - audits)  # no number where there is no such look
    well, short, before, reached = np.zeros_like(back), np.zeros_like(back), 1.0, 1.0
    for look in range(back.shape[-1]):
        again = np.minimum(failed[..., look] / np.maximum(before, TINY), 1.0)
        well[..., look] = reached * (1 - again)
        short[..., look] = reached * again * enough[..., look]
        reached = reached * again * ~enough[..., look]
        before = failed[..., look]
    return well, short, back
