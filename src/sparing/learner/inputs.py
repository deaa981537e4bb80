"""Inputs: the items as the model is to see them, and the vectors by which items are near."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
from scipy import sparse

from sparing._validate import _Phrase, check_features, invalid
from sparing.types import Classifier, Features, TransductiveClassifier

TEXTS, FRAME, GAPS, BLOCKS = "texts", "frame", "gaps", "blocks"


def _as_it_is(X: Any) -> Any:
    return X  # no lambda, here and below: a learner can be pickled


@dataclass(frozen=True, eq=False, slots=True)
class Inputs:
    """Items that are no plain matrix, beside their vectors.

    A pipeline of the user's may start from texts, from the columns of a DataFrame by name, from
    gaps that it fills, or from pictures of several axes. Strategies that cover the pool need
    vectors all the same.

    Parameters
    ----------
    vectors : (n_items, n_features)
    raw : (n_items, ...) what a model of the user's may see; None: the vectors are all there is
    kind : what ``raw`` is: ``"texts"``, ``"frame"``, ``"gaps"`` or ``"blocks"``
    encode : turns other items into vectors
    """

    vectors: Features
    raw: Any | None = None
    kind: str = ""
    encode: Callable[[Any], Features] = _as_it_is

    def is_raw_for(self, model: Classifier | str) -> bool:
        """Tell whether a model is given the items as they came."""
        if self.raw is None or isinstance(model, str | TransductiveClassifier):
            return False
        if not reads_numbers_alone(model):
            return True
        return self.kind == GAPS or (self.kind == FRAME and not _has_words(self.raw))

    def read(self, X: Any, model: Classifier | str, where: str) -> Any:
        """Return other items in the form in which the model saw those of the pool.

        Raises
        ------
        InvalidInputError : they are of another kind, or have other features
        """
        if self.raw is None:
            return self._checked(X, where)
        items = self._like_raw(X, where)
        return items if self.is_raw_for(model) else self._checked(self.encode(items), where)

    def _checked(self, X: Any, where: str) -> Features:
        X = check_features(X, where)
        n_features = self.vectors.shape[1]
        if X.shape[1] != n_features:
            raise invalid("X", where, f"of {n_features} features, as the pool", X.shape)
        return X

    def _like_raw(self, X: Any, where: str) -> Any:
        if self.kind == TEXTS:
            texts = as_texts(X)
            if texts is None:
                raise invalid("X", where, "texts, as the pool", _Phrase(f"a {type(X).__name__}"))
            return texts
        assert self.raw is not None  # noqa: S101  # else there is no kind
        if self.kind == FRAME:
            X = X if is_frame(X) else type(self.raw)(X, columns=self.raw.columns)
            if list(X.columns) == list(self.raw.columns):
                return X
            raise invalid("X", where, f"of the columns {list(self.raw.columns)}", list(X.columns))
        X = np.asarray(X)
        if X.shape[1:] != self.raw.shape[1:]:
            raise invalid("X", where, f"of shape (n, {self.raw.shape[1:]})", X.shape)
        return X


def read_inputs(X: Any, model: Classifier | str) -> Inputs:
    """Return the items with their vectors: a matrix is itself, all else is encoded.

    Texts by their words, a table by its columns, gaps by the middle of their column, pictures by
    their values in a row.

    Parameters
    ----------
    X : a matrix, texts, a DataFrame, numbers of more than two axes
    model : gaps are let in only where it can do with them

    Raises
    ------
    InvalidInputError : it is none of these, or has gaps that the model cannot read

    Examples
    --------
    >>> read_inputs(["a cat", "a dog", "a cat and a dog"], "auto").vectors.shape[0]
    3
    >>> read_inputs(np.zeros((3, 4, 4)), "auto").vectors.shape
    (3, 16)
    """
    if isinstance(X, str | PathLike):
        expected = (
            "items in memory, or an array that np.load maps; from a folder of shards"
            " sparing.sharded.selecting chooses, and sparing.sharded.predicting labels it"
        )
        raise invalid("X", "ActiveLearner", expected, X)
    if sparse.issparse(X):
        return Inputs(check_features(X, "Pool"))
    texts = as_texts(X)
    if texts is not None:
        return _encoded(texts, texts, TEXTS, "text", _as_list)
    if is_frame(X):
        return _of_frame(X, model)
    if getattr(X, "ndim", 2) > 2 and np.asarray(X).dtype.kind in "biuf" and np.size(X):
        whole = np.asarray(X)
        flat = check_features(_flat(whole), "Pool")
        return Inputs(flat, whole, BLOCKS, _flat)
    return _of_matrix(X, model)


def _of_matrix(X: Any, model: Classifier | str) -> Inputs:
    is_plain = isinstance(X, np.ndarray) and not isinstance(X, np.ma.MaskedArray | np.matrix)
    may_have_gaps = is_plain and X.ndim == 2 and X.dtype.kind == "f" and X.size
    if may_have_gaps and not isinstance(model, str) and takes_gaps(model) and _has_gaps(X):
        return _filled(X, X, np.asarray)
    return Inputs(check_features(X, "Pool"))


def _has_gaps(X: Any) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isnan(X.sum())) and bool(np.isnan(X).any())


def _of_frame(X: Any, model: Classifier | str) -> Inputs:
    if not len(X) or not len(X.columns):
        raise invalid("X", "Pool", "a table with rows and columns", _Phrase(f"shape {X.shape}"))
    if _is_numeric(X):
        if not isinstance(model, str) and takes_gaps(model) and bool(X.isna().to_numpy().any()):
            return _filled(_numbers(X), X, _numbers)
        whole = check_features(_numbers(X), "Pool")
        return Inputs(whole, X, FRAME, _numbers)
    return _encoded(X, X, FRAME, "table", _cells)


def _encoded(X: Any, raw: Any, kind: str, encoder: str, items_of: Callable[[Any], Any]) -> Inputs:
    from sparing.encoders.registry import get_encoder  # heavy: only where it is wanted

    fitted = get_encoder(encoder)
    vectors = fitted.fit_transform(items_of(X))
    encode = partial(_transformed, fitted.transform, items_of)
    return Inputs(check_features(vectors, "Pool"), raw, kind, encode)


def _filled(values: Any, raw: Any, numbers: Callable[[Any], Any]) -> Inputs:
    """Return numbers with gaps, which the vectors have the middle of the column for."""
    from sklearn.impute import SimpleImputer

    filler = SimpleImputer(strategy="median", keep_empty_features=True).fit(values)
    encode = partial(_transformed, filler.transform, numbers)
    kind = FRAME if is_frame(raw) else GAPS
    return Inputs(check_features(filler.transform(values), "Pool"), raw, kind, encode)


def _transformed(
    transform: Callable[[Any], Features], items_of: Callable[[Any], Any], items: Any
) -> Features:
    return transform(items_of(items))


def _as_list(texts: Any) -> list[str]:
    return list(texts.tolist())


def as_texts(X: Any) -> Any | None:
    """Return (n_items,) texts as an array of objects; None if they are no texts.

    Examples
    --------
    >>> as_texts(["a", "b"]).shape, as_texts([["a"], ["b"]]), as_texts([1.0, 2.0])
    ((2,), None, None)
    """
    if isinstance(X, str | bytes) or not hasattr(X, "__len__") or is_frame(X) or not len(X):
        return None
    if getattr(X, "ndim", 1) != 1 or sparse.issparse(X):
        return None
    items = list(X)
    if not all(isinstance(item, str) for item in items):
        return None
    texts = np.empty(len(items), dtype=object)
    texts[:] = items
    return texts


def is_frame(X: Any) -> bool:
    """Tell whether it is a pandas DataFrame, or what behaves as one.

    Examples
    --------
    >>> is_frame(np.zeros((2, 2)))
    False
    """
    return hasattr(X, "iloc") and hasattr(X, "columns")


def reads_numbers_alone(model: Any) -> bool:
    """Tell whether a model is a bare one that says that it reads matrices of numbers.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> bare = LogisticRegression()
    >>> reads_numbers_alone(bare), reads_numbers_alone(make_pipeline(TfidfVectorizer(), bare))
    (True, False)
    """
    if hasattr(model, "steps") or hasattr(model, "estimator") or hasattr(model, "estimators"):
        return False
    tags = _input_tags(model)
    return tags is not None and tags.two_d_array and not (tags.three_d_array or tags.string)


def takes_gaps(model: Any) -> bool:
    """Tell whether a model, or what its pipeline begins with, does with NaN; True if unknown.

    Examples
    --------
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> bare = LogisticRegression()
    >>> takes_gaps(bare), takes_gaps(make_pipeline(SimpleImputer(), bare))
    (False, True)
    """
    steps = getattr(model, "steps", None)
    if steps:
        first = [step for _, step in steps if step not in (None, "passthrough")]
        return bool(first) and takes_gaps(first[0])
    if hasattr(model, "transformers") or hasattr(model, "transformer_list"):
        return True
    inner = getattr(model, "estimator", None)
    if inner is not None:
        return takes_gaps(inner)
    tags = _input_tags(model)
    return tags is None or bool(tags.allow_nan)


def _input_tags(model: Any) -> Any | None:
    try:
        return model.__sklearn_tags__().input_tags
    except (AttributeError, TypeError, ValueError):  # it says nothing of itself
        return None


def _kinds(frame: Any) -> list[str]:
    return [getattr(dtype, "kind", "O") for dtype in frame.dtypes]


def _is_numeric(frame: Any) -> bool:
    named = [str(dtype) for dtype in frame.dtypes]
    return all(kind in "biuf" for kind in _kinds(frame)) and "category" not in named


def _has_words(frame: Any) -> bool:
    """Tell whether a column holds neither numbers nor categories that pandas knows as such."""
    named = zip(frame.dtypes, _kinds(frame), strict=True)
    return any(kind not in "biuf" and str(dtype) != "category" for dtype, kind in named)


def _numbers(frame: Any) -> Any:
    return np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))


def _cells(frame: Any) -> Any:
    return frame.astype(object).where(frame.notna(), None).to_numpy()


def _flat(X: Any) -> Any:
    return np.reshape(X, (len(X), -1))
