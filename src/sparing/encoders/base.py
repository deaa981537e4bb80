"""What all encoders share: items go through in blocks, and somebody may watch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sparing._validate import invalid
from sparing.pool.views import Views
from sparing.types import Arrays, FloatArray, Tick


class BlockEncoder(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]  # sklearn untyped
    """Turns items into float32 vectors, a block of items at a time.

    A subclass says how many items a block holds and how a block is encoded; one that learns
    from the items also has ``_learn``. Items are anything with a length that can be sliced:
    an array, a list of texts, a list of paths.
    """

    name: ClassVar[str]
    """What the registry calls it, such as ``"glyph"``."""
    learned: ClassVar[tuple[str, ...]] = ()
    """Names of the arrays that ``fit`` learns; they are the encoder's whole state."""
    is_pretrained: ClassVar[bool] = False
    """Whether a network comes first, for which an item is the same whatever the others are."""

    def fit(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> Self:
        """Learn from the items what encoding needs; labels are not looked at.

        Parameters
        ----------
        X : the items
        y : ignored, there for scikit-learn's pipelines
        progress : told how many items were read
        """
        items = self._checked(X)
        if not len(items):
            raise invalid("X", type(self).__name__, "at least one item", 0)
        self._learn(items, progress or nobody)
        self.n_items_seen_ = len(items)
        return self

    def transform(self, X: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return one vector an item, (n_items, n_features) float32.

        Parameters
        ----------
        X : the items
        progress : told how many items were encoded
        """
        check_is_fitted(self)
        return self._through(X, progress)

    def _through(self, X: Any, progress: Tick | None) -> FloatArray:
        """Encode the items block by block."""
        items, tell = self._checked(X), progress or nobody
        if not len(items):
            raise invalid("X", type(self).__name__, "at least one item", 0)
        out: FloatArray | None = None
        for span, block in self._blocks(items):
            vectors = self._encode(block)
            if out is None:
                out = np.empty((len(items), vectors.shape[1]), np.float32)
            out[span] = vectors
            tell(span.stop, len(items))
        return np.asarray(out)

    def fit_transform(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> FloatArray:
        """Fit, then encode the same items; only the encoding is reported."""
        return self.fit(X, y).transform(X, progress=progress)

    def fingerprint(self) -> str:
        """Return what the vectors depend on beside parameters and items, such as a model's file."""
        return ""

    @property
    def views(self) -> Views | None:
        """Which columns of the vectors see the items in which way; None: all in the same."""
        return None

    def members(self) -> "Sequence[BlockEncoder]":
        """Return the encoders that it is made of; most are one."""
        return (self,)

    def look(self, X: Any, *, progress: Tick | None = None) -> None:
        """Do what takes long and is kept on the disk, so that any fit on these items is quick."""

    def model_hashes(self) -> dict[str, str]:
        """Return the fingerprint of each pretrained model that is used, by its encoder's name."""
        return {self.name: self.fingerprint()} if self.is_pretrained else {}

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learned, as arrays: enough to encode new items without fitting."""
        check_is_fitted(self)
        return {name: np.asarray(getattr(self, name)) for name in self.learned}

    def set_state(self, state: Arrays) -> Self:
        """Take over what another encoder of the same parameters has learned.

        Raises
        ------
        InvalidInputError : the names are not those of ``get_state``
        """
        if sorted(state) != sorted(self.learned):
            raise invalid("state", "set_state", f"arrays named {self.learned}", sorted(state))
        for name in self.learned:
            setattr(self, name, state[name] if state[name].ndim else state[name].item())
        self.n_items_seen_ = 0
        return self

    def _checked(self, X: Any) -> Any:
        """Return the items in a form that has a length and can be sliced."""
        return X

    def _learn(self, items: Any, tell: Tick) -> None:
        """Set the attributes named in ``learned``; most encoders learn nothing."""

    def _blocks(self, items: Any) -> Iterator[tuple[slice, Any]]:
        """Yield blocks and where they are; what reads files may read ahead."""
        for span in self._spans(items):
            yield span, items[span]

    def _spans(self, items: Any) -> Iterator[slice]:
        """Yield consecutive slices that cover the items."""
        step = self._block_items(items)
        for start in range(0, len(items), step):
            yield slice(start, min(start + step, len(items)))

    def _block_items(self, items: Any) -> int:
        """Return how many items a block holds."""
        return 1024

    @abstractmethod
    def _encode(self, block: Any) -> FloatArray:
        """Return the vectors of one block, (n_block, n_features)."""


def nobody(done: int, total: int) -> None:
    """Nobody is watching."""
