"""What nobody has labeled yet, as a plan sees it: confidences in order, and by which class."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sparing.audit.audit import Claim
from sparing.pool.predictions import Predictions
from sparing.types import FloatArray

RATE = 0.35  # doubts fall as labels to the power of minus this: docs/benchmarks/planning.md
AT_RANDOM = 0.1  # of what is labeled on the way; the rest is what the model doubts most


@dataclass(frozen=True, eq=False, slots=True)
class LeftItems:
    """The items that are left, sorted once for all plans; four bytes each where classes are one.

    Parameters
    ----------
    confidence : (n,) ascending
    codes : (n,) their predicted class ids; None where the claim is not one for each class
    n_labeled : how many items people have labeled
    n_total : of the finished data set
    """

    confidence: FloatArray
    codes: npt.NDArray[np.int32] | None
    n_labeled: int
    n_total: int

    @classmethod
    def of(cls, predictions: Predictions, claim: Claim) -> "LeftItems":
        """Return what is left of a pool."""
        left, codes = predictions.eligible, None
        confidence = predictions.confidence[left]
        if claim.per_class:
            order = np.argsort(confidence, kind="stable")
            confidence, codes = confidence[order], predictions.codes[left][order]
        else:
            confidence.sort()
        n_labeled = int(np.count_nonzero(predictions.y >= 0))
        return cls(confidence, codes, n_labeled, predictions.n_total)

    def __len__(self) -> int:
        return len(self.confidence)

    @property
    def share_labeled(self) -> float:
        """The share that people have labeled of what has a label or is left."""
        return self.n_labeled / max(self.n_labeled + len(self), 1)

    def by_class(self) -> dict[int, FloatArray]:
        """Return the confidences of each predicted class, ascending."""
        if self.codes is None:
            return {}
        codes = np.flatnonzero(np.bincount(self.codes)).tolist()
        return {code: self.confidence[self.codes == code] for code in codes}

    def after(self, more: int) -> "LeftItems":
        """Return what is expected to be left after so many more labels.

        Most of them are of what the model doubts most, and it doubts the rest less.

        Examples
        --------
        >>> left = LeftItems(np.array([0.5, 0.6, 0.7, 0.8, 0.9], np.float32), None, 2, 7)
        >>> left.after(2).confidence.round(2)
        array([0.76, 0.84, 0.92], dtype=float32)
        """
        n_doubted = round((1 - AT_RANDOM) * more)
        n_others = len(self) - n_doubted
        spread = np.linspace(0, n_others - 1, more - n_doubted).round().astype(np.int64)
        kept = np.ones(len(self), dtype=bool)
        kept[:n_doubted] = False
        kept[len(self) - 1 - spread] = False
        confidence = self.confidence[kept]
        np.subtract(1, confidence, out=confidence)
        confidence *= (self.n_labeled / (self.n_labeled + more)) ** RATE
        np.subtract(1, confidence, out=confidence)
        codes = None if self.codes is None else self.codes[kept]
        return replace(self, confidence=confidence, codes=codes, n_labeled=self.n_labeled + more)
