import copy
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sparing import (
    ActiveLearner,
    CapabilityError,
    InvalidInputError,
    PoolExhaustedError,
    QueryStrategy,
    TrainingError,
    UnknownNameError,
    get_strategy,
)
from sparing.learner import pool_model
from sparing.models import fitting
from sparing.models.spectrum import laplacian_spectrum
from sparing.strategies.registry import STRATEGIES

N = 40


@pytest.fixture(name="X")
def two_clouds():
    """Two clouds, even rows left and odd rows right."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 4)) + 8 * (np.arange(N) % 2)[:, None]


def side(rows, names=("left", "right")):
    return [names[row % 2] for row in rows]


def learner_of(X, **kwargs):
    kwargs = {"model": LogisticRegression(), "strategy": "margin", "seed": 0} | kwargs
    return ActiveLearner(X, **kwargs)


class Counting(ClassifierMixin, BaseEstimator):
    """Naive Bayes that counts all fits of all copies."""

    fits: ClassVar[list[int]] = []

    def fit(self, X, y):
        self.fits.append(len(y))
        self.inner_ = GaussianNB().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X):
        return self.inner_.predict(X)

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


class Broken(LogisticRegression):
    def fit(self, X, y):
        raise RuntimeError("out of luck")


# ---------------------------------------------------------------- the loop


def test_two_rounds_teach_both_sides(X):
    learner = learner_of(X)
    for _ in range(2):
        query = learner.query(batch_size=3)
        learner.teach(query.indices, side(query.indices))
    assert (learner.round, learner.model_version) == (2, 2)
    assert learner.predict().tolist() == side(range(N))


def test_a_query_marks_nothing_and_says_where_it_comes_from(X):
    learner = learner_of(X)
    learner.teach([0, 1], side([0, 1]))
    query = learner.query(batch_size=2)
    assert len(learner.pool.candidates) == N - 2
    assert (query.strategy, query.model_version) == ("margin", 1)
    assert query.reason == get_strategy("margin").reason
    np.testing.assert_array_equal(query.items, X[query.indices])


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        SVC(kernel="linear"),
        KNeighborsClassifier(1),
        DecisionTreeClassifier(),
        RandomForestClassifier(5),
        make_pipeline(StandardScaler(), GaussianNB()),
        "auto",
    ],
    ids=lambda m: m if isinstance(m, str) else type(m).__name__,
)
def test_any_classifier_works_unwrapped_from_no_label_over_one_class_to_two(X, model):
    learner = learner_of(X, model=model, strategy="random")
    learner.query()
    learner.teach([0, 2], ["left", "left"])
    assert learner.predict().tolist() == ["left"] * N
    learner.query()
    learner.teach(range(1, 7), side(range(1, 7)))
    assert learner.predict().tolist() == side(range(N))


@pytest.mark.parametrize(
    "names",
    [
        ("left", "right"),
        (7, -3),
        (True, False),
        (0.5, 1.5),
        ("left", 2),
    ],
    ids=str,
)
def test_labels_are_of_any_hashable_type(X, names):
    learner = learner_of(X)
    learner.teach(range(8), side(range(8), names))
    assert learner.classes == list(names)
    assert learner.predict().tolist() == side(range(N), names)


@pytest.mark.parametrize(
    "names",
    [
        (("a", 1), ("b", 2)),
        (frozenset("a"), frozenset("b")),
        (("only", "tuple"), "text"),
    ],
    ids=str,
)
def test_tuples_that_are_named_are_classes_like_others(X, names):
    learner = learner_of(X, classes=names)
    learner.teach(range(8), side(range(8), names))
    assert learner.predict().tolist() == side(range(N), names)


def test_arrays_of_labels_are_taken_as_they_are(X):
    learner = learner_of(X)
    learner.teach(np.arange(4), np.array(["left", "right"] * 2))
    assert learner.classes == ["left", "right"]
    assert learner.predict().dtype.kind == "U"


def test_a_part_of_a_batch_other_rows_and_corrections_are_fine(X):
    learner = learner_of(X)
    query = learner.query(batch_size=6)
    answered = query.indices[:2]
    learner.teach(answered, side(answered))
    learner.teach([38, 39], ["right", "left"])
    learner.teach([38, 39], side([38, 39]))
    assert set(learner.pool.labeled) == {*answered, 38, 39}
    assert learner.pool.classes.decode(learner.pool.y[[38, 39]]) == ["left", "right"]
    assert learner.predict().tolist() == side(range(N))


def test_skipped_items_are_not_asked_and_their_labels_are_dropped(X):
    learner = learner_of(X, strategy="random")
    learner.teach([0, 1], side([0, 1]))
    learner.skip(np.arange(1, N - 3))
    assert learner.pool.labeled.tolist() == [0]
    assert sorted(learner.query(batch_size=3).indices) == [N - 3, N - 2, N - 1]
    with pytest.raises(PoolExhaustedError, match="4 items were asked for and 3 may be asked"):
        learner.query(batch_size=4)
    learner.teach([5], ["right"])
    assert learner.pool.labeled.tolist() == [0, 5]


# ---------------------------------------------------------------- fits


def test_the_model_is_fitted_once_for_each_change_of_labels_and_only_when_asked(X):
    Counting.fits.clear()
    learner = learner_of(X, model=Counting())
    learner.teach(range(4), side(range(4)))
    learner.teach(range(4, 8), side(range(4, 8)))
    assert Counting.fits == []
    learner.query()
    learner.query()
    learner.predict()
    learner.predict_proba()
    learner.predict(X[:3])
    assert Counting.fits == [8]
    learner.skip([20])
    learner.teach([0], side([0]))  # what it knew already
    learner.query()
    assert (Counting.fits, learner.model_version) == ([8], 2)
    learner.teach([0], ["right"])
    learner.predict()
    learner.query()
    assert (Counting.fits, learner.model_version) == ([8, 8], 3)
    learner.skip([0])
    learner.query()
    assert (Counting.fits, learner.model_version) == ([8, 8, 7], 4)


def test_a_strategy_that_reads_no_model_fits_none(X):
    learner = learner_of(X, model=Broken(), strategy="random")
    learner.teach([0, 1], side([0, 1]))
    learner.query()


def test_a_failing_fit_stops_the_round_and_keeps_its_cause(X):
    learner = learner_of(X, model=Broken())
    learner.teach([0, 1], side([0, 1]))
    for ask in (learner.query, learner.predict, learner.predict_proba):
        with pytest.raises(
            TrainingError, match=r"Broken .* 2 labeled items: out of luck"
        ) as caught:
            ask()
        assert isinstance(caught.value.__cause__, RuntimeError)
    assert learner.round == 0


def test_the_callers_model_and_features_stay_as_they_are(X):
    model, before = LogisticRegression(), X.copy()
    learner = learner_of(X, model=model)
    learner.teach([0, 1], side([0, 1]))
    learner.query()
    assert not hasattr(model, "classes_")
    assert np.array_equal(X, before)
    assert np.shares_memory(learner.pool.X, X)
    X[0] = 0  # still the caller's to write


# ---------------------------------------------------------------- probabilities


def test_columns_follow_classes_and_a_class_without_a_label_gets_zero(X):
    learner = learner_of(X, classes=["up", "right", "left"])
    learner.teach([0, 1], side([0, 1]))
    proba = learner.predict_proba(X[:2])
    assert proba.shape == (2, 3)
    assert proba[:, 0].tolist() == [0, 0]
    assert proba.argmax(axis=1).tolist() == [2, 1]


def test_with_one_class_the_shares_follow_laplaces_rule(X):
    learner = learner_of(X, classes=["left", "right", "up"])
    learner.teach([0, 2], ["left", "left"])
    np.testing.assert_allclose(learner.predict_proba(), np.tile([3 / 5, 1 / 5, 1 / 5], (N, 1)))
    unknown = learner_of(X)
    unknown.teach([0], ["left"])
    assert unknown.predict_proba(X[:2]).tolist() == [[1.0], [1.0]]


def test_before_any_label_there_is_nothing_to_predict(X):
    learner = learner_of(X, classes=["left", "right"])
    for ask in (learner.predict, learner.predict_proba):
        with pytest.raises(TrainingError, match="Nothing is labeled yet"):
            ask()


@pytest.mark.parametrize("model", [LinearSVC(), SGDClassifier(), make_pipeline(LinearSVC())])
def test_a_model_without_probabilities_serves_strategies_that_need_none(X, model):
    learner = learner_of(X, model=model, strategy="random")
    learner.teach(range(20), side(range(20)))
    learner.query()
    assert np.mean(learner.predict() == side(range(N))) > 0.9
    with pytest.raises(CapabilityError, match="gives no probabilities"):
        learner.predict_proba()


# ---------------------------------------------------------------- large, sparse, mapped


def test_csr_features_stay_sparse(X):
    S = sparse.csr_array(np.maximum(X, 0))
    learner = ActiveLearner(S, seed=0)
    for _ in range(3):
        query = learner.query(batch_size=4)
        learner.teach(query.indices, side(query.indices))
    assert learner.pool.X is S
    assert query.items == ()
    assert np.mean(learner.predict() == side(range(N))) > 0.9
    assert learner.predict_proba(S[:3]).shape == (3, 2)


def test_a_memory_mapped_pool_is_never_copied_whole(tmp_path, monkeypatch):
    shape = (40_000, 128)  # 20 MB
    writing = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, shape)
    writing[:] = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    writing.flush()
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    monkeypatch.setattr(fitting, "BLOCK_VALUES", 1 << 17)
    tracemalloc.start()
    learner = learner_of(mapped)
    learner.teach(np.arange(10), side(range(10)))
    query = learner.query(batch_size=10)
    learner.teach(query.indices, side(query.indices))
    learner.predict()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(learner.pool.X, np.memmap)
    assert peak < mapped.nbytes / 3


# ---------------------------------------------------------------- randomness


def transcript(X, seed, **kwargs):
    learner = learner_of(X, seed=seed, **kwargs)
    asked = []
    for _ in range(4):
        query = learner.query(batch_size=2)
        learner.teach(query.indices, side(query.indices))
        asked += query.indices.tolist()
    return asked


@pytest.mark.parametrize("strategy", ["random", "margin"])
def test_equal_seeds_ask_the_same_and_others_do_not(X, strategy):
    forest = RandomForestClassifier(5)
    a, b, c = (transcript(X, seed, strategy=strategy, model=forest) for seed in (1, 1, 2))
    assert a == b
    assert a != c


def test_the_global_random_state_is_neither_read_nor_changed(X):
    asked = []
    for global_seed in (1, 2):
        np.random.seed(global_seed)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        asked.append(transcript(X, 0, model=RandomForestClassifier(5)))
        assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert asked[0] == asked[1]


# ---------------------------------------------------------------- strategies


def test_a_strategy_is_a_name_or_an_instance(X):
    assert transcript(X, 0, strategy="entropy") == transcript(
        X, 0, strategy=get_strategy("entropy")
    )


def test_auto_covers_first_and_says_so(X):
    assert ActiveLearner(sparse.csr_array(X)).query().strategy == "auto: max_herding"
    query = ActiveLearner(X).query()
    assert query.strategy == "auto: max_herding"
    assert query.reason.endswith("(before the first label: items of every kind)")


class Smoothest(QueryStrategy):
    name = "smoothest"
    reason = "the graph's first vector is large there"
    requires = frozenset({"spectrum"})

    def utility(self, s):
        return np.abs(s.spectrum.vectors[s.candidates, 0])


def test_the_spectrum_is_computed_once_whatever_is_taught(X, monkeypatch):
    calls = []

    def spectrum(X, n_pairs, *, seed):
        calls.append(seed)
        return laplacian_spectrum(X, seed=seed)

    monkeypatch.setattr(pool_model, "laplacian_spectrum", spectrum)
    learner = learner_of(X, model=LinearSVC(), strategy=Smoothest(), seed=4)
    for _ in range(3):
        query = learner.query(batch_size=2)
        learner.teach(query.indices, side(query.indices))
    assert calls == [4]


class AsksTheWrongRow(QueryStrategy):
    name = "wrong"
    reason = "no reason"

    def utility(self, s):
        return np.zeros(len(s.candidates))

    def select(self, s, batch_size, rng):
        picked = super().select(s, batch_size, rng)
        picked.rows[:] = 0
        return picked


def test_a_strategy_that_breaks_its_contract_is_stopped(X):
    learner = learner_of(X, strategy=AsksTheWrongRow())
    learner.teach([0], ["left"])
    with pytest.raises(InvalidInputError, match="AsksTheWrongRow must be rows that may be asked"):
        learner.query()


# ---------------------------------------------------------------- what a notebook shows


def test_a_query_shows_the_items_it_was_given(X):
    learner = learner_of(X, items=[f"text <{i}>" for i in range(N)], strategy="random")
    query = learner.query(batch_size=2)
    assert query.items == [f"text <{i}>" for i in query.indices]
    assert f"text &lt;{query.indices[0]}&gt;" in query._repr_html_()


def test_a_series_of_items_is_read_by_position(X):
    pandas = pytest.importorskip("pandas")
    items = pandas.Series([f"text {i}" for i in range(N)], index=range(N, 0, -1))
    query = learner_of(X, items=items).query(batch_size=3)
    assert query.items == [f"text {i}" for i in query.indices]


def test_the_learner_shows_how_far_it_is(X):
    learner = learner_of(X, classes=["left", "right"])
    learner.teach([0], ["left"])
    assert repr(learner) == "<ActiveLearner: 1 of 40 labeled, 2 classes, model version 1>"


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, "2", None, True])
def test_a_batch_size_that_is_none_is_refused(X, batch_size):
    with pytest.raises(InvalidInputError, match="'batch_size' parameter of query must be an int"):
        learner_of(X).query(batch_size)


def test_more_than_the_pool_has_is_refused(X):
    with pytest.raises(PoolExhaustedError, match="41 items were asked for and 40 may be asked"):
        learner_of(X).query(batch_size=N + 1)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.full((3, 2), np.nan), "NaN or infinity in row 0"),
        (np.array([[1.0], [np.inf]]), "NaN or infinity in row 1"),
        (np.ones(3), r"Got an array of shape \(3,\)"),
        (np.ones((0, 3)), "non-empty 2-D array"),
        (np.ones((2, 0, 2)), "non-empty 2-D array"),
        (np.array([["a"]]), "must be numeric"),
        (np.array([[1 + 1j]]), "must be numeric"),  # NumPy drops the imaginary part
        (sparse.csr_array([[1 + 1j]]), "must be numeric"),
        ([[1, 2], [3]], "Got rows of different lengths"),
        (sparse.csr_array([[np.nan]]), "must be finite"),
    ],
)
def test_features_that_are_none_are_refused(bad, message):
    with pytest.raises(InvalidInputError, match=message):
        ActiveLearner(bad)


def test_new_features_must_be_like_the_pools(X):
    learner = learner_of(X)
    learner.teach([0, 1], side([0, 1]))
    for ask in (learner.predict, learner.predict_proba):
        with pytest.raises(InvalidInputError, match="of 4 features, as the pool"):
            ask(np.ones((2, 3)))
        with pytest.raises(InvalidInputError, match="NaN or infinity in row 1"):
            ask(np.array([[0.0] * 4, [np.nan] * 4]))


@pytest.mark.parametrize(
    ("indices", "labels", "message"),
    [
        ([0, 1], ["left"], "as many as rows, 2. Got 1"),
        ([0, 0], ["left", "left"], "Got row 0 twice"),
        ([N], ["left"], r"distinct row numbers in \[0, 39\]. Got 40"),
        ([-1], ["left"], "Got -1"),
        ([0.5], ["left"], "type float64"),
        ([0, 1, 2, 3], "left", "a list of label values. Got 'left'"),
        ([0], 7, "a list of label values. Got 7"),
        ([0], [None], "other than None and NaN"),
        ([0], [float("nan")], "other than None and NaN"),
        ([0], [["left"]], "one label an item; several need"),
        ([0, 1], {"left", "right"}, "a list of label values"),
    ],
)
def test_labels_that_do_not_fit_are_refused_and_change_nothing(X, indices, labels, message):
    learner = learner_of(X)
    with pytest.raises(InvalidInputError, match=message):
        learner.teach(indices, labels)
    assert learner.model_version == 0
    assert learner.classes == []
    assert not learner.pool.labeled.size


def test_a_label_outside_the_given_classes_is_refused_with_the_closest_one(X):
    learner = learner_of(X, classes=["left", "right"])
    with pytest.raises(UnknownNameError, match=r"no class 'lfet'\. Did you mean 'left'"):
        learner.teach([0, 1], ["right", "lfet"])
    assert not learner.pool.labeled.size


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"seed": -1}, "'seed' parameter"),
        ({"seed": 1.5}, "'seed' parameter"),
        ({"classes": ["a", "a"]}, "distinct label values"),
        ({"classes": "ab"}, "'classes' parameter of ActiveLearner must be a list"),
        ({"classes": {"a", "b"}}, "'classes' parameter of ActiveLearner must be a list"),
        ({"classes": [None]}, "other than None"),
        ({"model": LogisticRegression}, "the name of a model, or an object with fit and predict"),
        ({"model": "forst"}, "Did you mean 'forest'"),
        ({"model": object()}, "the name of a model, or an object with fit and predict"),
        ({"strategy": 3}, "a name or a QueryStrategy"),
        ({"strategy": "margn"}, "Did you mean 'margin'"),
        ({"items": ["one"]}, "as many as rows of X, 40. Got 1"),
    ],
)
def test_parameters_that_are_none_are_refused(X, kwargs, message):
    with pytest.raises(InvalidInputError, match=message):
        learner_of(X, **kwargs)


def test_probabilities_that_are_none_stop_the_query(X):
    class NotNormal(GaussianNB):
        def predict_proba(self, X):
            return 2 * super().predict_proba(X)

    learner = learner_of(X, model=NotNormal())
    learner.teach(range(4), side(range(4)))
    with pytest.raises(InvalidInputError, match="rows of probabilities that sum to 1"):
        learner.query()


def test_every_strategy_of_the_registry_starts_from_nothing(X):
    for name in STRATEGIES:
        assert len(ActiveLearner(X, strategy=name, seed=0).query(batch_size=2)) == 2, name


def test_what_two_threads_teach_is_all_kept(X):
    learner = learner_of(X)
    rows = np.arange(N)

    def teach(mine):
        for row in mine.tolist():
            learner.teach([row], side([row]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(teach, [rows[i::4] for i in range(4)]))
    assert len(learner.pool.labeled) == N
    assert learner.model_version == N
    assert np.mean(learner.predict() == side(range(N))) > 0.9


def test_a_thread_may_ask_while_another_teaches(X):
    learner = learner_of(X, model=LogisticRegression())
    learner.teach([0, 1], side([0, 1]))

    def teach():
        for row in range(2, 30):
            learner.teach([row], side([row]))

    with ThreadPoolExecutor(1) as pool:
        teaching = pool.submit(teach)
        while not teaching.done():
            learner.query(2)
        teaching.result()
    assert len(learner.pool.labeled) == 30
    assert learner.version.oof_proba.shape == (30, 2)


def test_a_learner_can_be_copied(X):
    learner = learner_of(X, model=LogisticRegression())
    learner.teach([0, 1], side([0, 1]))
    twin = copy.deepcopy(learner)
    twin.teach([2], ["left"])
    assert (len(learner.pool.labeled), len(twin.pool.labeled)) == (2, 3)


def test_a_column_that_float32_would_blur_is_pointed_out(X):
    times = np.column_stack([X, 1_700_000_000 + np.arange(N)])
    with pytest.warns(UserWarning, match="Column 4 of X .* Subtract its smallest value"):
        learner_of(times)
    learner_of(times - [0, 0, 0, 0, 1_700_000_000])


def test_the_share_of_each_model_is_told():
    X, y = make_blobs(60, centers=2, n_features=3, random_state=0)
    learner = ActiveLearner(X, seed=0)
    with pytest.raises(TrainingError, match="Nothing is labeled"):
        learner.explain()
    learner.teach([0], [int(y[0])])
    with pytest.raises(TrainingError, match="single class"):
        learner.explain()
    learner.teach(np.arange(30), y[:30].tolist())
    shares = learner.explain()
    assert list(shares) == ["graph", "kernel", "linear", "softmax", "forest"]
    new = learner.explain(new_items=True)
    assert list(new) == list(shares)
    assert sum(shares.values()) == pytest.approx(1) == sum(new.values())
    assert new["graph"] != shares["graph"]  # it knows less of items that are not in its pool
    other = ActiveLearner(X, model=LogisticRegression())
    other.teach(np.arange(30), y[:30].tolist())
    with pytest.raises(CapabilityError, match="only 'auto' weighs several"):
        other.explain()


def test_a_query_among_some_candidates_asks_no_other():
    X = np.arange(20.0)[:, None]
    learner = ActiveLearner(X, strategy="margin", seed=0)
    learner.teach([0, 19], ["low", "high"])
    assert set(learner.query(2, candidates=[0, 3, 4]).indices.tolist()) == {3, 4}
    with pytest.raises(PoolExhaustedError):
        learner.query(3, candidates=[0, 3, 4])
    with pytest.raises(InvalidInputError, match="query"):
        learner.query(1, candidates=[20])


def test_utilities_of_all_candidates_put_the_asked_one_first():
    X = np.arange(20.0)[:, None]
    learner = ActiveLearner(X, model=LogisticRegression(), strategy="margin", seed=0)
    learner.teach([0, 19], ["low", "high"])
    utilities = learner.utilities()
    assert np.isnan(utilities[[0, 19]]).all()
    assert learner.query().indices[0] in np.flatnonzero(utilities == np.nanmax(utilities))


def test_the_fitted_model_is_in_public_and_scores():
    X = np.arange(6.0)[:, None]
    learner = ActiveLearner(X, model=LogisticRegression())
    learner.teach([0], ["low"])
    assert learner.fitted_model is None
    learner.teach([5], ["high"])
    assert learner.fitted_model.classes_.tolist() == [0, 1]
    assert learner.score(X, ["low"] * 2 + ["high"] * 4) == 5 / 6
    with pytest.raises(InvalidInputError, match="score"):
        learner.score(X, ["low"])


def test_a_score_knows_a_class_however_it_is_written():
    X = np.array([[0.0], [0.1], [2.0], [2.1]])
    learner = ActiveLearner(X)
    learner.teach([0, 1, 2, 3], ["caf\u00e9", "cafe\u0301", "tea", "tea"])
    assert learner.score(X, ["cafe\u0301", "cafe\u0301", "tea", "tea"]) == 1.0
    assert learner.score(X, ["cafe\u0301", "coffee", "tea", "tea"]) == 0.75
