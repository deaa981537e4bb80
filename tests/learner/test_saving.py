import json
import os
import pickle
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sparing import (
    ActiveLearner,
    InvalidInputError,
    QueryStrategy,
    SourceError,
    get_strategy,
)
from sparing.learner.saving import from_plain, pool_digest, to_plain

N = 40


@pytest.fixture(name="X")
def two_clouds():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 4)) + 4 * (np.arange(N) % 2)[:, None]


def side(rows, names=("left", "right")):
    return [names[row % 2] for row in rows]


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def some_rounds(learner, n, names=("left", "right")):
    asked = []
    for _ in range(n):
        query = learner.query(batch_size=3)
        learner.teach(query.indices, side(query.indices, names))
        asked += query.indices.tolist()
    return asked


@pytest.mark.parametrize("strategy", ["random", "margin", get_strategy("entropy"), "auto"])
@pytest.mark.parametrize(
    "model", [LogisticRegression(), RandomForestClassifier(5), "auto"], ids=str
)
def test_a_loaded_learner_goes_on_with_the_same_queries(tmp_path, X, model, strategy):
    X = sparse.csr_array(X) if strategy == "auto" else X
    learner = ActiveLearner(X, model=model, strategy=strategy, seed=3)
    some_rounds(learner, 2)
    learner.skip([5, 6])
    learner.teach([7], ["left"])
    learner.query()
    learner.save(tmp_path / "saved.npz")
    loaded = ActiveLearner.load(tmp_path / "saved.npz", X, model)
    assert (loaded.round, loaded.model_version) == (learner.round, learner.model_version)
    np.testing.assert_array_equal(loaded.pool.y, learner.pool.y)
    np.testing.assert_array_equal(loaded.predict_proba(), learner.predict_proba())
    assert some_rounds(loaded, 3) == some_rounds(learner, 3)


def test_saving_changes_nothing(tmp_path, X):
    saved, plain = (ActiveLearner(X, strategy="random", seed=1) for _ in range(2))
    some_rounds(saved, 1)
    some_rounds(plain, 1)
    saved.save(tmp_path / "a.npz")
    assert some_rounds(saved, 2) == some_rounds(plain, 2)


@pytest.mark.parametrize(
    "names",
    [("a", "b"), (1, 2), (True, False), (0.5, 1e300), (("a", (1, 2.5)), ("b", ())), ("1", 1)],
    ids=str,
)
def test_labels_come_back_as_what_they_were(tmp_path, X, names):
    learner = ActiveLearner(X, classes=names, strategy="random")
    some_rounds(learner, 2, names)
    learner.save(tmp_path / "a.npz")
    loaded = ActiveLearner.load(tmp_path / "a.npz", X)
    assert loaded.classes == list(names)
    assert [type(c) for c in loaded.classes] == [type(c) for c in names]
    assert loaded.classes_are_fixed


@pytest.mark.parametrize("value", [date(2026, 1, 1), frozenset("a"), b"a", ("a", b"b"), 1j])
def test_labels_that_no_file_can_hold_are_refused_and_leave_the_old_file(tmp_path, X, value):
    learner = ActiveLearner(X, strategy="random")
    learner.teach([0], ["left"])
    learner.save(tmp_path / "a.npz")
    learner = ActiveLearner(X, classes=["left", value], strategy="random")
    with pytest.raises(InvalidInputError, match="str, int, float, bool or tuples of these"):
        learner.save(tmp_path / "a.npz")
    assert ActiveLearner.load(tmp_path / "a.npz", X).classes == ["left"]
    assert names_in(tmp_path) == ["a.npz"]


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path, X, monkeypatch):
    learner = ActiveLearner(X, strategy="random")
    learner.teach([0], ["left"])
    learner.save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    learner.teach([1], ["right"])

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        learner.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == before
    assert names_in(tmp_path) == ["a.npz"]


def test_a_folder_on_the_way_is_made_unless_a_file_stands_there(tmp_path, X):
    learner = ActiveLearner(X, strategy="random")
    learner.save(tmp_path / "new" / "a.npz")
    assert ActiveLearner.load(tmp_path / "new" / "a.npz", X).classes == []
    with pytest.raises(SourceError, match="cannot be written"):
        learner.save(tmp_path / "new" / "a.npz" / "b.npz")


def saved(tmp_path, X, **kwargs):
    learner = ActiveLearner(X, **({"strategy": "random"} | kwargs))
    learner.teach([0, 1], side([0, 1]))
    learner.save(tmp_path / "a.npz")
    return tmp_path / "a.npz"


def changed(X):
    other = X.copy()
    other[N - 1, 3] += 1e-6
    return other


@pytest.mark.parametrize(
    "other",
    [
        changed,
        lambda X: X[:-1],
        lambda X: X.astype(np.float32),
        lambda X: X[::-1],
        sparse.csr_array,
    ],
)
def test_other_features_are_refused(tmp_path, X, other):
    path = saved(tmp_path, X)
    with pytest.raises(InvalidInputError, match="'X' parameter of load must be the features"):
        ActiveLearner.load(path, other(X))


def test_the_same_features_in_another_memory_are_accepted(tmp_path, X):
    path = saved(tmp_path, X)
    np.save(tmp_path / "X.npy", X)
    for same in (X.copy(order="F"), np.load(tmp_path / "X.npy", mmap_mode="r")):
        assert ActiveLearner.load(path, same).classes == ["left", "right"]


def test_sparse_digests_depend_on_the_values_alone():
    S = sparse.csr_array(np.eye(3))
    unsorted = sparse.csr_array((np.ones(2), [1, 0], [0, 2]), shape=(1, 2))
    assert pool_digest(S) == pool_digest(sparse.csr_matrix(np.eye(3)))
    assert pool_digest(unsorted) == pool_digest(sparse.csr_array(np.ones((1, 2))))
    assert pool_digest(S) != pool_digest(sparse.csr_array(np.eye(3)[::-1]))


def test_another_model_is_refused(tmp_path, X):
    path = saved(tmp_path, X, model=LogisticRegression())
    for model in ("auto", GaussianNB()):
        with pytest.raises(InvalidInputError, match="must be LogisticRegression, as it was saved"):
            ActiveLearner.load(path, X, model)


def test_a_missing_file_is_told(tmp_path, X):
    with pytest.raises(SourceError, match="There is no file"):
        ActiveLearner.load(tmp_path / "none.npz", X)


def damaged(path, kind):
    whole = path.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "text":
        path.write_text("hello")
    elif kind == "array":
        with path.open("wb") as file:
            np.save(file, np.eye(2))
    elif kind == "pickle":
        np.savez(path, y=np.array([{}], dtype=object), facts=np.zeros(2, np.uint8))
    elif kind == "other":
        np.savez(path, something=np.eye(2))
    else:
        rewrite(path, kind)


def rewrite(path, name, value=None):
    with np.load(path) as file:
        arrays = dict(file)
    facts = json.loads(arrays["facts"].tobytes())
    if value is None:
        del facts[name]
    else:
        facts[name] = value
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "cut",
        "text",
        "array",
        "pickle",
        "other",
        "rng",
        "format",
        "classes",
        "seed",
        "digest",
    ],
)
def test_a_file_that_is_no_saved_learner_is_told(tmp_path, X, kind):
    path = saved(tmp_path, X)
    damaged(path, kind)
    with pytest.raises(SourceError, match="is not a saved learner, or it is damaged"):
        ActiveLearner.load(path, X)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rng", {}), ("alias", [0, 7]), ("classes", [{}, {}]), ("classes", ["a", "a"])],
)
def test_a_file_with_odd_contents_is_told(tmp_path, X, name, value):
    path = saved(tmp_path, X)
    rewrite(path, name, value)
    with pytest.raises(SourceError, match="is not a saved learner, or it is damaged"):
        ActiveLearner.load(path, X)


def test_a_later_format_is_told(tmp_path, X):
    path = saved(tmp_path, X)
    rewrite(path, "format", 2)
    with pytest.raises(SourceError, match="format 2; this version reads 1"):
        ActiveLearner.load(path, X)


@pytest.mark.parametrize(
    "strategy",
    [
        get_strategy("mix", strategy="margin", share=0.5),
        get_strategy("epig", n_targets=7),
        get_strategy("probcover", radius=0.5),
    ],
    ids=str,
)
def test_a_strategy_of_the_registry_comes_back_with_its_parameters(tmp_path, X, strategy):
    learner = ActiveLearner(X, strategy=strategy, seed=1)
    some_rounds(learner, 2)
    learner.save(tmp_path / "a.npz")
    loaded = ActiveLearner.load(tmp_path / "a.npz", X)
    assert repr(loaded.strategy) == repr(strategy)
    assert some_rounds(loaded, 2) == some_rounds(learner, 2)


def test_a_strategy_inside_a_strategy_is_asked_for(tmp_path, X):
    path = saved(tmp_path, X, strategy=get_strategy("mix", strategy=get_strategy("margin")))
    with pytest.raises(InvalidInputError, match="'strategy' parameter of load must be given"):
        ActiveLearner.load(path, X)


class Own(QueryStrategy):
    """A strategy that no registry knows, with a parameter that no file can hold."""

    name: ClassVar[str] = "own"
    reason: ClassVar[str] = "its own"

    def __init__(self, order=None):
        self.order = order

    def utility(self, s):
        return self.order[s.candidates]


def test_a_strategy_that_no_file_can_hold_is_asked_for(tmp_path, X):
    own = Own(np.arange(N))
    path = saved(tmp_path, X, strategy=own)
    with pytest.raises(InvalidInputError, match="'strategy' parameter of load must be given"):
        ActiveLearner.load(path, X)
    assert ActiveLearner.load(path, X, strategy=own).query().indices.tolist() == [N - 1]


class Keeps(LogisticRegression):
    """Offers its state, and must not be fitted again where it is restored."""

    may_fit: ClassVar[bool] = True

    def fit(self, X, y):
        assert self.may_fit
        return super().fit(X, y)

    def get_state(self):
        return {"coef": self.coef_, "intercept": self.intercept_, "classes": self.classes_}

    def set_state(self, state):
        self.coef_, self.intercept_ = state["coef"], state["intercept"]
        self.classes_ = state["classes"]


def test_a_model_that_offers_its_state_is_restored_instead_of_fitted(tmp_path, X, monkeypatch):
    learner = ActiveLearner(X, model=Keeps(), strategy="margin")
    some_rounds(learner, 3)
    learner.save(tmp_path / "a.npz")
    monkeypatch.setattr(Keeps, "may_fit", False)
    loaded = ActiveLearner.load(tmp_path / "a.npz", X, Keeps())
    np.testing.assert_array_equal(loaded.predict_proba(), learner.predict_proba())
    assert loaded.query(3).indices.tolist() == learner.query(3).indices.tolist()


def test_a_state_that_would_need_pickle_is_refused(tmp_path, X, monkeypatch):
    monkeypatch.setattr(Keeps, "get_state", lambda _: {"oops": [object()]})
    learner = ActiveLearner(X, model=Keeps(), strategy="random")
    learner.teach([0, 1], side([0, 1]))
    with pytest.raises(InvalidInputError, match="arrays of numbers or text"):
        learner.save(tmp_path / "a.npz")
    assert names_in(tmp_path) == []


def test_nothing_needs_pickle(tmp_path, X):
    with np.load(saved(tmp_path, X), allow_pickle=False) as file:
        assert {name: file[name].dtype.kind for name in file.files} == {"facts": "u", "y": "i"}


@pytest.mark.parametrize("value", ["é", -3, 2**70, 0.1, True, None, (), ("a", (1, (False,)))])
def test_plain_values_come_back_through_json(value):
    back = from_plain(json.loads(json.dumps(to_plain(value))))
    assert back == value
    assert type(back) is type(value)


def test_the_path_may_be_text_or_path(tmp_path, X):
    path = saved(tmp_path, X)
    assert ActiveLearner.load(str(path), X).classes == ActiveLearner.load(Path(path), X).classes


@pytest.mark.parametrize("kind", ["matrix", "texts", "frame", "words", "gaps", "blocks"])
def test_a_pickled_learner_goes_on_as_it_was(X, kind):
    names = np.where(X[:, 0] > 2, "warm", "cold")
    made = np.where(X.max() - 0.1 < X, np.nan, X)
    items, model = {
        "matrix": (X, "auto"),
        "texts": ([f"{name} day {i}" for i, name in enumerate(names)], "auto"),
        "frame": (pd.DataFrame(X, columns=list("abcd")), LogisticRegression()),
        "words": (pd.DataFrame({"a": X[:, 0], "b": names}), "auto"),
        "gaps": (made, make_pipeline(SimpleImputer(), LogisticRegression())),
        "blocks": (X.reshape(N, 2, 2), "auto"),
    }[kind]
    learner = ActiveLearner(items, model=model, strategy="margin", seed=3)
    some_rounds(learner, 2)
    copy = pickle.loads(pickle.dumps(learner))  # noqa: S301  # it was made here
    np.testing.assert_array_equal(copy.predict_proba(), learner.predict_proba())
    few = items.iloc[:5] if kind in ("frame", "words") else items[:5]
    np.testing.assert_array_equal(copy.predict_proba(few), learner.predict_proba(few))
    assert some_rounds(copy, 2) == some_rounds(learner, 2)
