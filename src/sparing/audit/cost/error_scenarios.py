"""What a frozen model is expected to get wrong, down from its most confident item: a guess.

It serves plans, which say beforehand what a certificate may cost; no certificate rests on it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.types import FloatArray

N_CUTS = 12
N_STEPS = 40
SAMPLE = 4096  # items by which the errors of all are guessed
# A model that doubts an item by s = 1 - confidence is taken to be wrong about it with probability
# TOP (s / TOP) ** power, and with s where it doubts more: about as good as it says where it doubts
# most, and the better than that the surer it is, if the power is above 1. The logarithm of the
# power differs from model to model like a normal number; its mean falls with the share of the pool
# that was labeled (what is left are no items that were easily told to be hard) and with the mean
# doubt. Where the numbers come from: benchmarks/planning.py, docs/decisions/0004.
TOP = 0.6
LEVEL, BY_DOUBT, BY_SHARE, SPREAD = 0.26, -0.18, -0.9, 0.52  # in all
DOUBTS = 0.01, 0.5  # a mean doubt below or above counts as that
# A part of it is how models differ, which answers to items drawn at random tell. The rest is how
# the items that are left differ from such items, which no such answer can tell.
OF_MODEL, OF_LEFT = 0.38, 0.35
N_SCENARIOS = 9
GRID = np.linspace(-4, 4, 161)  # powers, in standard deviations of what is expected of any model
LEAST_CHANCE = 1e-4  # some labels are slips: no error is a proof
WEIGHTS = np.full(N_SCENARIOS, 1 / N_SCENARIOS)


def powers(mean_doubt: float, share_labeled: float, seen: DoubtCounts | None = None) -> FloatArray:
    """Return (n_scenarios,) powers, all equally likely.

    Parameters
    ----------
    mean_doubt : of the items that are left
    share_labeled : of the pool
    seen : what is known of items drawn at random

    Examples
    --------
    >>> powers(mean_doubt=0.03, share_labeled=0.02).round(1)
    array([1. , 1.4, 1.8, 2.1, 2.4, 2.8, 3.3, 4. , 5.5])
    >>> powers(mean_doubt=0.3, share_labeled=0.3).round(1)
    array([0.5, 0.7, 0.9, 1.1, 1.2, 1.4, 1.7, 2. , 2.8])
    """
    mean = LEVEL + BY_DOUBT * np.log(np.clip(mean_doubt, *DOUBTS)) + BY_SHARE * share_labeled
    places = (np.arange(N_SCENARIOS) + 0.5) / N_SCENARIOS
    if seen is None or not len(seen.doubt):
        return np.asarray(np.exp(mean + SPREAD * ndtri(places)))
    of_model = mean + OF_MODEL * GRID
    likely = log_likelihood(np.exp(of_model), seen) - GRID**2 / 2
    weights = np.exp(likely - likely.max())
    of_left = mean + SPREAD * GRID
    by_then = ndtr((of_left[:, None] - of_model) / OF_LEFT) @ weights
    return np.asarray(np.exp(np.interp(places, by_then / weights.sum(), of_left)))


def log_likelihood(powers: FloatArray, seen: DoubtCounts) -> FloatArray:
    """Return (n_powers,) how well each power agrees with what was seen of items drawn at random."""
    chance = np.array([wrong_if(seen.doubt, power) for power in powers])
    chance = np.clip(chance, LEAST_CHANCE, 1 - LEAST_CHANCE)
    right = seen.n_items - seen.n_wrong
    return np.asarray(np.log(chance) @ seen.n_wrong + np.log1p(-chance) @ right)


def wrong_if(doubt: FloatArray, power: float) -> FloatArray:
    """Return how likely items are wrong about which a model has such doubts."""
    below = TOP * (np.minimum(doubt, TOP) / TOP) ** power
    return np.asarray(np.where(doubt < TOP, below, doubt))


@dataclass(frozen=True, eq=False, slots=True)
class RankedList:
    """Down from the most confident: after ``size`` items so many of them are expected wrong.

    Parameters
    ----------
    n : number of items
    size : (n_steps,) ascending, the last is n
    errors : (n_scenarios, n_steps) expected wrong among the first ``size`` items
    expected_errors : (n_steps,) the same if the model errs as often as it says
    confidence : (n_steps,) of the last item of each step
    cuts : steps at which the audited set may end
    """

    n: int
    size: FloatArray
    errors: FloatArray
    expected_errors: FloatArray
    confidence: FloatArray
    cuts: npt.NDArray[np.int64]

    @property
    def steps(self) -> FloatArray:
        """(n_steps,) how many items each step adds."""
        return np.diff(self.size, prepend=0.0)

    def confidence_at(self, step: int) -> float:
        """Return the confidence below which nothing is audited; 0 where all may be."""
        return 0.0 if self.size[step] == self.n else float(self.confidence[step])

    @classmethod
    def of(
        cls,
        confidence: FloatArray,
        share_labeled: float = 0.0,
        *,
        seen: DoubtCounts | None = None,
        n_cuts: int = N_CUTS,
        finely: bool = False,
    ) -> "RankedList":
        """Rank items of these confidences, in small steps ``finely`` near the end.

        Parameters
        ----------
        confidence : (n,) ascending, of the items that nobody labeled
        share_labeled : of all items
        seen : what is known of items drawn at random
        n_cuts, finely : how fine the steps are
        """
        confidence = confidence[::-1]
        n = len(confidence)
        ends = np.linspace(0, n, N_STEPS + 1)[1:]
        if finely:  # where errors are expected
            ends = np.r_[ends[1::2], n - np.geomspace(1, n, N_STEPS // 2)]
        last = np.unique(np.maximum(ends.round(), 1).astype(np.int64)) - 1
        # A step ends with the last of its ties, as a threshold would.
        level = np.unique(confidence[last])[::-1]
        last = n - np.unique(np.searchsorted(confidence[::-1], level, side="left"))[::-1] - 1
        cuts = np.arange(len(last))[:: -max(1, len(last) // n_cuts)][:n_cuts]
        size = last + 1.0
        errors, doubt = _expected_errors(confidence, size, share_labeled, seen)
        return cls(n, size, errors, doubt, confidence[last], cuts)


def _expected_errors(
    confidence: FloatArray, size: FloatArray, share_labeled: float, seen: DoubtCounts | None
) -> tuple[FloatArray, FloatArray]:
    """Return the errors among the first ``size`` items, and those that the model says."""
    edges = np.unique(np.linspace(0, len(confidence), SAMPLE + 1).round().astype(np.int64))
    doubt = np.maximum(1.0 - confidence[(edges[:-1] + edges[1:]) // 2].astype(np.float64), 0.0)
    counts = np.diff(edges)
    mean = float(counts @ doubt) / len(confidence)
    wrong = [wrong_if(doubt, power) for power in powers(mean, share_labeled, seen)]
    total = np.cumsum(counts * np.array([*wrong, doubt]), axis=1)
    *errors, said = (np.interp(size, edges, np.r_[0.0, row]) for row in total)
    return np.array(errors), said
