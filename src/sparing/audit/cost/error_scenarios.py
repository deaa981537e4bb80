"""What a frozen model is expected to get wrong, down from its most confident item: a guess.

It serves plans, which say beforehand what a certificate may cost; no certificate rests on it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sparing.types import FloatArray

N_CUTS = 12
N_STEPS = 40
SAMPLE = 4096  # items by which the errors of all are guessed
# A model that doubts an item by s = 1 - confidence is taken to be wrong about it with probability
# (s / limit) ** power, at most 1; each row is limit, power, and the weight of that. (1, 1) is as
# good as it says; below are models that were taught what they doubted, and so are the better than
# they say the surer they are. Where the rows come from: docs/decisions/0004.
SCENARIOS = (
    (1.0, 0.8, 0.03),
    (1.0, 1.0, 0.06),
    (1.0, 1.3, 0.11),
    (0.8, 1.7, 0.2),
    (0.6, 2.3, 0.2),
    (0.4, 3.0, 0.25),
    (1.0, 3.0, 0.15),
)
WEIGHTS = np.array([weight for _, _, weight in SCENARIOS])


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
        cls, confidence: FloatArray, *, n_cuts: int = N_CUTS, finely: bool = False
    ) -> "RankedList":
        """Rank items of these confidences, in small steps ``finely`` near the end."""
        confidence = np.sort(confidence)[::-1]
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
        errors, doubt = _expected_errors(confidence, size)
        return cls(n, size, errors, doubt, confidence[last], cuts)


def _expected_errors(confidence: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the errors among the first ``size`` items, and those that the model says."""
    edges = np.unique(np.linspace(0, len(confidence), SAMPLE + 1).round().astype(np.int64))
    doubt = np.maximum(1.0 - confidence[(edges[:-1] + edges[1:]) // 2].astype(np.float64), 0.0)
    wrong = [np.minimum((doubt / limit) ** power, 1.0) for limit, power, _ in SCENARIOS]
    total = np.cumsum(np.diff(edges) * np.array([*wrong, doubt]), axis=1)
    *errors, said = (np.interp(size, edges, np.r_[0.0, row]) for row in total)
    return np.array(errors), said
