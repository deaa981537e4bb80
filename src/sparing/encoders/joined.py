"""Several encoders of the same items, side by side: each sees them in its way."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from sparing.encoders.base import BlockEncoder
from sparing.pool.views import Views
from sparing.types import Arrays, FloatArray, Tick

EncoderSpec = tuple[str, Mapping[str, Any]]
Fitted = tuple[BlockEncoder, FloatArray]
NOTHING: Mapping[str, Fitted] = MappingProxyType({})


class JoinedEncoder(BlockEncoder):
    """Items as several encoders see them, one view beside the other.

    Every view varies as much in all: none is louder than the others because its numbers are
    larger. Which of them tells the classes apart is for the labels to say: ``views`` tells which
    columns are whose.

    Parameters
    ----------
    parts : (name, parameters) of each encoder

    Attributes
    ----------
    views : which columns are whose
    widths_ : (n_parts,) how many columns each has

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> both = JoinedEncoder((("pixels", {}), ("hog", {"n_components": 4})))
    >>> both.fit_transform(load_digits().images).shape, both.views.names
    ((1797, 68), ('pixels', 'hog'))
    """

    name: ClassVar[str] = "joined"
    learned: ClassVar[tuple[str, ...]] = ("widths_", "scale_")

    def __init__(self, parts: Sequence[EncoderSpec]) -> None:
        self.parts = parts

    @property
    def views(self) -> Views:
        """Which columns are whose; read after ``fit``."""
        check_is_fitted(self)
        return Views(tuple(name for name, _ in self.parts), tuple(self.widths_.tolist()))

    def members(self) -> Sequence[BlockEncoder]:
        """Return the parts, unfitted."""
        return self._made()

    def look(self, X: Any, *, progress: Tick | None = None) -> None:
        """Let every part do what takes long."""
        for part in self._made():
            part.look(X, progress=progress)

    def fit(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> Self:
        """Fit every part, and learn how much each view varies."""
        self.fit_transform(X, y, progress=progress)
        return self

    def fit_transform(
        self,
        X: Any,
        y: Any = None,
        *,
        progress: Tick | None = None,
        known: Mapping[str, Fitted] = NOTHING,
    ) -> FloatArray:
        """Fit every part and encode the items; the last part is the one that is reported.

        Parameters
        ----------
        X : the items
        y : ignored
        progress : told how many items were encoded
        known : by its name a part that is fitted already, and its vectors of these very items
        """
        self._encoders = self._made()
        told = [None] * (len(self.parts) - 1) + [progress]
        vectors = []
        for i, (name, _) in enumerate(self.parts):
            if name in known:
                self._encoders[i], made = known[name]
            else:
                made = self._encoders[i].fit_transform(X, y, progress=told[i])
            vectors.append(made)
        self.widths_ = np.array([view.shape[1] for view in vectors])
        spread = [float(np.sqrt(view.var(axis=0, dtype=np.float64).sum())) for view in vectors]
        self.scale_ = np.array([1 / s if s > 0 else 1.0 for s in spread])
        self.n_items_seen_ = len(vectors[0])
        return self._joined(vectors)

    def transform(self, X: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return the views side by side, (n_items, sum of the widths) float32."""
        check_is_fitted(self)
        return self._joined([part.transform(X, progress=progress) for part in self._encoders])

    def fingerprint(self) -> str:
        """Return what the vectors of the parts depend on."""
        return " + ".join(part.fingerprint() for part in self._made())

    def model_hashes(self) -> dict[str, str]:
        """Return those of the parts."""
        return {name: told for part in self._made() for name, told in part.model_hashes().items()}

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what the parts have learned, each under its number, and how they are joined."""
        check_is_fitted(self)
        state = {
            f"{i}.{name}": array
            for i, part in enumerate(self._encoders)
            for name, array in part.get_state().items()
        }
        return state | {"widths_": self.widths_, "scale_": self.scale_}

    def set_state(self, state: Arrays) -> Self:
        """Take over what another one of the same parts has learned."""
        self._encoders = [
            part.set_state(
                {n.removeprefix(f"{i}."): a for n, a in state.items() if n.startswith(f"{i}.")}
            )
            for i, part in enumerate(self._made())
        ]
        self.widths_, self.scale_ = np.asarray(state["widths_"]), np.asarray(state["scale_"])
        self.n_items_seen_ = 0
        return self

    def _made(self) -> list[BlockEncoder]:
        from sparing.encoders.registry import get_encoder

        return [get_encoder(name, **params) for name, params in self.parts]

    def _joined(self, vectors: Sequence[FloatArray]) -> FloatArray:
        scaled = [v * np.float32(s) for v, s in zip(vectors, self.scale_, strict=True)]
        return np.hstack(scaled).astype(np.float32, copy=False)

    def _encode(self, block: Any) -> FloatArray:
        return self.transform(block)
