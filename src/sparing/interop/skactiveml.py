"""scikit-activeml: its query strategies in ``ActiveLearner``, ours in its loops."""

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sparing._validate import invalid
from sparing.errors import CapabilityError, MissingExtraError
from sparing.learner.snapshots import snapshot_of
from sparing.pool.snapshot import Predict, Snapshot
from sparing.strategies.base import QueryStrategy, Selection, choose, given
from sparing.strategies.registry import get_strategy
from sparing.types import BoolArray, FloatArray, IntArray

try:
    from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.utils import is_labeled
except ImportError as error:
    raise MissingExtraError("scikit-activeml", "scikit-activeml", "Its strategies") from error

MODEL_PARAMETERS = ("clf", "estimator")
COMMITTEE_PARAMETER = "ensemble"
REFITS = (
    "it fits the classifier anew for each candidate, or asks a committee about made-up items, "
    "which it cannot do here: take 'expected_error_reduction' or another strategy of sparing."
)
EXAMPLE = "an instance such as skactiveml.pool.UncertaintySampling()"


class FromSkactiveml(QueryStrategy):
    """A query strategy of scikit-activeml, for ``ActiveLearner`` and everywhere a strategy goes.

    It is told our model's probabilities, or those of our committee, as if they were a classifier
    of its own; nothing is fitted twice. Strategies that fit the classifier anew for each
    candidate (expected error reduction) are refused: this package has its own.

    Parameters
    ----------
    query_strategy : an instance; a copy of it is asked, its ``random_state`` drawn by our seed
    query_params : what else its ``query`` takes, such as ``discriminator``

    Raises
    ------
    CapabilityError : it needs what only scikit-activeml's own loop can give, or X is sparse

    Examples
    --------
    >>> from skactiveml.pool import UncertaintySampling
    >>> from sparing import ActiveLearner
    >>> X = np.array([[0.0], [0.2], [0.9], [1.8], [2.0]])
    >>> strategy = FromSkactiveml(UncertaintySampling(method="margin_sampling"))
    >>> learner = ActiveLearner(X, strategy=strategy)
    >>> learner.teach([0, 4], ["low", "high"])
    >>> learner.query().indices
    array([2])

    References
    ----------
    Kottke et al. (2021), scikit-activeml: a library and toolbox for active learning algorithms
    """

    name = "scikit-activeml"

    def __init__(
        self,
        query_strategy: SingleAnnotatorPoolQueryStrategy,
        query_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.query_strategy = query_strategy
        self.query_params = query_params

    @property
    def reason(self) -> str:  # type: ignore[override]
        """Why an item is asked, in words."""
        return f"{type(self.query_strategy).__name__} of scikit-activeml ranks it first"

    @property
    def requires(self) -> frozenset[str]:  # type: ignore[override]
        """Our model where its ``query`` takes a classifier, our committee where an ensemble."""
        taken = _query_parameters(self.query_strategy)
        model = {"proba", "predict"} if any(name in taken for name in MODEL_PARAMETERS) else set()
        committee = {"committee"} if COMMITTEE_PARAMETER in taken else set()
        return frozenset(model | committee)

    def utility(self, s: Snapshot) -> FloatArray:
        """Return its utilities at the first pick, one a candidate."""
        utilities = self._asked(s, 1, np.random.default_rng(0))[1][0]
        return _finite(utilities[s.candidates])

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return its batch, in its order, with the utility of each item at its pick."""
        rows, utilities = self._asked(s, batch_size, rng)
        return Selection.chosen(rows, _finite(utilities[np.arange(len(rows)), rows]))

    def _asked(
        self, s: Snapshot, batch_size: int, rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray]:
        if sparse.issparse(s.X):
            raise CapabilityError("scikit-activeml reads no sparse features: make X dense.")
        X = np.asarray(s.X, dtype=np.float64)
        y = np.full(len(X), np.nan)
        y[s.labeled] = s.codes
        theirs = _seeded(self.query_strategy, int(rng.integers(2**31)))
        told = {**self._models(s), **dict(self.query_params or {})}
        asked = {"candidates": s.candidates, "batch_size": batch_size, "return_utilities": True}
        try:
            rows, utilities = theirs.query(X, y, **asked, **told)
        except (TypeError, ValueError, NotFittedError) as error:  # its checks of what it is given
            lines = REFITS if isinstance(error, NotFittedError) else str(error).strip()
            first = lines.partition("\n")[0]
            raise CapabilityError(f"{type(theirs).__name__} of scikit-activeml: {first}") from error
        return np.asarray(rows, dtype=np.int64), np.asarray(utilities)

    def _models(self, s: Snapshot) -> dict[str, Any]:
        """Return the arguments of ``query`` by which it is told what our model says."""
        taken = _query_parameters(self.query_strategy)
        told: dict[str, Any] = {}
        for name in MODEL_PARAMETERS:
            if name in taken:
                told |= {name: _Known(given(s, "proba"), s, s.predict), f"fit_{name}": False}
        if COMMITTEE_PARAMETER in taken:
            everything = np.arange(s.X.shape[0])
            blocks = np.concatenate(list(given(s, "committee").blocks(everything)), axis=1)
            told["ensemble"] = [_Known(P, s) for P in blocks]
            told["fit_ensemble"] = False
        return told


def _query_parameters(query_strategy: Any) -> Mapping[str, Any]:
    if not isinstance(query_strategy, SingleAnnotatorPoolQueryStrategy):
        raise invalid("query_strategy", "FromSkactiveml", EXAMPLE, query_strategy)
    return signature(query_strategy.query).parameters


def _seeded(query_strategy: Any, seed: int) -> Any:
    """Return a copy that draws by the seed alone; some leave the clustering inside to chance."""
    copy = clone(query_strategy).set_params(random_state=seed)
    cluster_algo = getattr(copy, "cluster_algo", None)
    if cluster_algo is not None and "random_state" in signature(cluster_algo).parameters:
        given_params = copy.cluster_algo_dict or {}
        copy.set_params(cluster_algo_dict={"random_state": seed, **given_params})
    return copy


def _finite(utilities: FloatArray) -> FloatArray:
    """Return utilities with nothing infinite: some of theirs mark what is never to be asked so."""
    return np.nan_to_num(np.asarray(utilities, dtype=np.float64))


class _Known(SkactivemlClassifier):  # type: ignore[misc]
    """What a model says of the pool, as a fitted classifier of scikit-activeml."""

    def __init__(self, proba: FloatArray, s: Snapshot, predict: Predict | None = None) -> None:
        super().__init__(classes=list(range(s.n_classes)))
        self.proba, self.s, self.predict_others = proba, s, predict
        self.classes_ = np.arange(s.n_classes)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        raise CapabilityError(REFITS)

    def predict_proba(self, X: Any) -> FloatArray:
        """Look up what is known of rows of the pool; other rows are asked of the model."""
        for rows in (self.s.candidates, self.s.labeled, np.arange(self.s.X.shape[0])):
            if len(X) == len(rows) and np.array_equal(X, self.s.X[rows]):
                return self.proba[rows]
        if self.predict_others is None:
            raise CapabilityError(REFITS)
        return self.predict_others(np.asarray(X))

    def predict(self, X: Any) -> IntArray:
        return np.asarray(self.predict_proba(X).argmax(axis=1))


class ForSkactiveml(SingleAnnotatorPoolQueryStrategy):  # type: ignore[misc]
    """A strategy of this package, for the loops, wrappers and benchmarks of scikit-activeml.

    Parameters
    ----------
    strategy : a name of ``sparing.strategy_names()`` or a ``QueryStrategy``
    missing_label : what stands for "no label" in ``y``
    random_state : an int, a ``RandomState`` or None

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skactiveml.classifier import SklearnClassifier
    >>> X = np.array([[0.0], [0.2], [0.9], [1.8], [2.0]])
    >>> y = np.array([0, np.nan, np.nan, np.nan, 1])
    >>> clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
    >>> ForSkactiveml("margin", random_state=0).query(X, y, clf=clf)
    array([2])
    """

    def __init__(
        self,
        strategy: QueryStrategy | str = "margin",
        missing_label: Any = np.nan,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.strategy = strategy

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any = None,
        fit_clf: bool = True,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Any:
        """Return the rows to label next, as every strategy of scikit-activeml does.

        Parameters
        ----------
        X : (n_samples, n_features)
        y : (n_samples,) labels, ``missing_label`` where there is none
        clf : a classifier of scikit-activeml or of scikit-learn; strategies that go by the
            geometry alone need none
        fit_clf : False: ``clf`` is fitted already
        candidates : (n_candidates,) rows of ``X``; None: all that have no label
        batch_size : how many
        return_utilities : also return (batch_size, n_samples) utilities, NaN where a row could
            not be picked; greedy strategies give those of their first pick throughout

        Raises
        ------
        CapabilityError : the strategy needs a classifier and none is given, or it needs copies
            of it and it wraps no scikit-learn classifier
        MappingError : candidates are given as features; the strategies rank rows of the pool
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities
        )
        rows = self._transform_candidates(candidates, X, y, enforce_mapping=True)[1]
        strategy = get_strategy(self.strategy)
        eligible = np.zeros(len(X), dtype=np.bool_)
        eligible[rows] = True
        snapshot = self._snapshot(strategy, X, y, eligible, clf, fit_clf)
        seed = int(self.random_state_.randint(2**31))
        picked = choose(strategy, snapshot, batch_size, np.random.default_rng(seed)).rows
        if not return_utilities:
            return picked
        return picked, _step_by_step(
            strategy.utility(snapshot), snapshot.candidates, picked, len(X)
        )

    def _snapshot(
        self,
        strategy: QueryStrategy,
        X: FloatArray,
        y: npt.NDArray[Any],
        eligible: BoolArray,
        clf: Any,
        fit_clf: bool,
    ) -> Snapshot:
        labeled = np.flatnonzero(is_labeled(y, self.missing_label_))
        if clf is None:
            values, codes = np.unique(y[labeled], return_inverse=True)
            return Snapshot(X, eligible, labeled, codes, max(2, len(values)))
        if fit_clf:
            theirs = isinstance(clf, SkactivemlClassifier)
            shown = slice(None) if theirs else labeled
            clf = clone(clf).fit(X[shown], y[shown])
        told = snapshot_of(
            clf, X, labeled, y[labeled].tolist(), strategy, copied=_bare(clf), seed=0
        )
        return replace(told, eligible=eligible)


def _bare(clf: Any) -> Any:
    """Return the scikit-learn classifier inside; copies of it take class ids for labels."""
    return clf.estimator if isinstance(clf, SklearnClassifier) else clf


def _step_by_step(
    utility: FloatArray, candidates: IntArray, picked: IntArray, n_items: int
) -> FloatArray:
    """Return (batch_size, n_items) utilities, NaN where a row was no candidate at that pick."""
    steps = np.full((len(picked), n_items), np.nan)
    steps[:, candidates] = utility
    for step, row in enumerate(picked[:-1]):
        steps[step + 1 :, row] = np.nan
    return steps
