"""The vocabulary: array aliases and the protocols that foreign objects have to meet."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import sparse

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
StrArray = npt.NDArray[np.str_]
Features = FloatArray | sparse.csr_array | sparse.csr_matrix  # (n_items, n_features)
Array = Any  # any array of the Python array API: NumPy, torch on any device, ...
Arrays = Mapping[str, npt.NDArray[Any]]  # by name, as they are stored
Label = Hashable
Tick = Callable[[int, int], None]  # told how many are done, of how many
Progress = Callable[[str, int, int], None]  # told what is done, how many, of how many


@runtime_checkable
class Classifier(Protocol):
    """Any scikit-learn classifier or pipeline, unwrapped."""

    def fit(self, X: Any, y: Any) -> Self: ...  # noqa: D102
    def predict(self, X: Any) -> Any: ...  # noqa: D102


@runtime_checkable
class TransductiveClassifier(Protocol):
    """A semi-supervised classifier: ``fit`` takes the whole pool, -1 where a label is missing.

    After ``fit`` it has ``label_distributions_`` (n_items, n_classes), what it says of the pool,
    and ``oof_proba_`` (n_labeled, n_classes), what it says of each labeled item, in the order of
    the rows, without its label; both with the columns of ``classes_``.
    """

    transductive: bool

    def prepared(self, X: Any) -> Self: ...  # noqa: D102  # a copy that keeps what X alone tells
    def fit(self, X: Any, y: Any) -> Self: ...  # noqa: D102
    def predict_proba(self, X: Any) -> FloatArray: ...  # noqa: D102


@runtime_checkable
class PosteriorClassifier(Protocol):
    """A classifier that draws from its own posterior: dropout left on, a deep ensemble, ...

    ``sample_proba`` gives (n_members, n_items, n_classes) with the columns of ``predict_proba``;
    ``qbc``, ``bald``, ``batch_bald`` and ``epig`` go by it in place of bootstrap copies.
    """

    @property
    def n_members(self) -> int: ...  # noqa: D102
    def fit(self, X: Any, y: Any) -> Self: ...  # noqa: D102
    def predict_proba(self, X: Any) -> FloatArray: ...  # noqa: D102
    def sample_proba(self, X: Any, seed: int) -> FloatArray: ...  # noqa: D102


@runtime_checkable
class Encoder(Protocol):
    """Any scikit-learn transformer that turns items into a float32 matrix, one row an item."""

    def fit(self, X: Any, y: Any = None) -> Self: ...  # noqa: D102
    def transform(self, X: Any) -> FloatArray: ...  # noqa: D102
