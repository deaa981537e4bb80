"""ReducedClassifier: the ensemble for sparse features, on their leading directions."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.extmath import randomized_svd
from sklearn.utils.validation import check_is_fitted

from sparing._validate import check_features, invalid
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.structure import PoolStructure
from sparing.types import Features, FloatArray

N_DIRECTIONS = 200
ROUNDING = 1e-5  # of the widest direction; rows of few columns vary in fewer than are asked for


class Directions:
    """The leading directions of a sparse pool, and the pool along them, made once.

    Parameters
    ----------
    X : (n, n_features) CSR; shared, never copied
    seed : of the randomized decomposition

    Attributes
    ----------
    vectors : (n_features, n_kept) float32
    structure : of the pool along them

    References
    ----------
    Deerwester et al. (1990), Indexing by latent semantic analysis; Halko, Martinsson & Tropp (2011)
    """

    def __init__(self, X: Features, seed: int = 0) -> None:
        self.X = X
        n_kept = min(N_DIRECTIONS, min(X.shape) - 1)
        if n_kept < 1:
            self.vectors = np.eye(X.shape[1], 1, dtype=np.float32)
        else:
            _, widths, directions = randomized_svd(X, n_kept, random_state=seed)
            kept = widths > ROUNDING * widths[0]
            kept[0] = True
            self.vectors = np.ascontiguousarray(directions[kept].T, np.float32)
        self.structure = PoolStructure(self.along(X))

    def __sklearn_clone__(self) -> Self:
        """Return itself: it never changes, and it is large."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself, for the same reason."""
        return self

    def __repr__(self) -> str:
        return f"<{self.vectors.shape[1]} directions of {self.X.shape[0]} items>"

    def along(self, X: Features) -> FloatArray:
        """Return (n, n_kept) float32 where rows are along the directions."""
        return np.asarray(X @ self.vectors, np.float32)


class ReducedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """What ``model="auto"`` stands for where features are sparse: the ensemble, on directions.

    A query then costs what it costs on 200 dense columns, however many words there are.

    ``fit`` takes every item and -1 for those without a label, as ``EnsembleClassifier`` does.

    Parameters
    ----------
    directions : of the pool; made from X if not given

    Attributes
    ----------
    classes_ : (n_classes,) label values, sorted
    ensemble_ : the fitted ensemble
    label_distributions_, oof_proba_ : what it says of the items of ``fit``

    Examples
    --------
    >>> from scipy import sparse
    >>> X = sparse.csr_array(np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 2]]))
    >>> ReducedClassifier().fit(X, [0, -1, -1, 1]).predict(X).tolist()
    [0, 0, 1, 1]
    """

    transductive: ClassVar[bool] = True
    """``fit`` takes the whole pool: the marker of ``types.TransductiveClassifier``."""

    def __init__(self, directions: Directions | None = None) -> None:
        self.directions = directions

    @property
    def structure(self) -> PoolStructure | None:
        """What is known of the pool along the directions; read after ``prepared``."""
        return None if self.directions is None else self.directions.structure

    def prepared(self, X: Features) -> Self:
        """Return a copy that keeps what depends on the pool's features alone."""
        if self.directions is not None and self.directions.X is X:
            return self
        return type(self)(Directions(X))

    def fit(self, X: Features, y: npt.ArrayLike) -> Self:
        """Fit the ensemble along the directions; errors as ``EnsembleClassifier.fit``."""
        X = check_features(X, "ReducedClassifier")
        self.directions_ = self.prepared(X).directions
        assert self.directions_ is not None  # noqa: S101  # prepared() has made them
        structure = self.directions_.structure
        self.ensemble_ = EnsembleClassifier(structure).fit(structure.X, y)
        self.classes_, self.n_features_in_ = self.ensemble_.classes_, X.shape[1]
        self.label_distributions_ = self.ensemble_.label_distributions_
        self.oof_proba_ = self.ensemble_.oof_proba_
        return self

    @property
    def shares_(self) -> dict[str, float]:
        """How much each model of the ensemble is believed of the pool, by name."""
        return self.ensemble_.shares_

    @property
    def new_shares_(self) -> dict[str, float]:
        """The same of new items."""
        return self.ensemble_.new_shares_

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n, n_classes) probabilities of new items."""
        check_is_fitted(self, "classes_")
        X = check_features(X, "predict_proba")
        if X.shape[1] != self.n_features_in_:
            raise invalid("X", "predict_proba", f"of {self.n_features_in_} features", X.shape)
        assert self.directions_ is not None  # noqa: S101  # fit() has set them
        return self.ensemble_.predict_proba(self.directions_.along(X))

    def predict(self, X: Features) -> npt.NDArray[Any]:
        """Return the likeliest label of new items."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
