"""Items that are no matrix reach the pipelines that want them; the others get vectors."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sparing import ActiveLearner, CapabilityError, InvalidInputError

N = 60
RNG = np.random.default_rng(0)
AGE = RNG.integers(18, 80, N)
PEOPLE = pd.DataFrame({"age": AGE, "job": RNG.choice(["nurse", "cook"], N)}, index=range(5, 5 + N))
OLD = np.where(AGE > 45, "yes", "no")
TEXTS = [f"a text on {'cats' if i % 2 else 'dogs'} number {i}" for i in range(N)]
PETS = np.array(["cat" if i % 2 else "dog" for i in range(N)])
COLUMNS = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])])
ON_COLUMNS = make_pipeline(COLUMNS, LogisticRegression())
ON_TEXTS = make_pipeline(TfidfVectorizer(), LogisticRegression())


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers what it was given."""

    seen = ()

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        type(self).seen = (type(X).__name__, X.shape[1:])
        return self

    def predict_proba(self, X):
        assert (type(X).__name__, X.shape[1:]) == self.seen
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return np.zeros(len(X), int)

    def __sklearn_tags__(self):
        raise AttributeError("says nothing of itself")


def gone_around(X, labels, model, **options):
    """A learner that has asked and learned: cold, with doubt, and late."""
    learner = ActiveLearner(X, model=model, **options)
    for batch_size in (10, 12, 3):
        query = learner.query(batch_size)
        learner.teach(query.indices, labels[query.indices])
    return learner


@pytest.mark.parametrize("strategy", ["auto", "margin", "qbc", "k_center", "badge"])
@pytest.mark.parametrize(
    ("X", "labels", "model"),
    [(PEOPLE, OLD, ON_COLUMNS), (TEXTS, PETS, ON_TEXTS), (pd.Series(TEXTS), PETS, ON_TEXTS)],
    ids=["columns", "texts", "series"],
)
def test_pipelines_get_what_they_start_from(X, labels, model, strategy):
    learner = gone_around(X, labels, model, strategy=strategy)
    assert np.mean(learner.predict() == labels) > 0.8
    some = X[:5]
    assert learner.predict(some).tolist() == learner.predict()[:5].tolist()
    assert learner.predict_proba(some).shape == (5, 2)


def test_a_numeric_frame_is_seen_by_its_names():
    model = make_pipeline(
        ColumnTransformer([("n", StandardScaler(), ["age"])]), LogisticRegression()
    )
    learner = gone_around(PEOPLE[["age"]], OLD, model, strategy="margin")
    assert learner.predict([[20], [79]]).tolist() == ["no", "yes"]
    with pytest.raises(InvalidInputError, match=r"of the columns \['age'\]"):
        learner.predict(PEOPLE)


def test_gaps_reach_the_models_that_take_them_and_are_named_to_the_others():
    X = np.column_stack([AGE.astype(float), RNG.random(N)])
    X[3, 1] = np.nan
    fills = make_pipeline(SimpleImputer(), LogisticRegression())
    for model in (HistGradientBoostingClassifier(max_iter=3), fills, GridSearchCV(fills, {}, cv=2)):
        learner = gone_around(X, OLD, model, strategy="margin")
        assert np.isnan(learner.version.inputs[3, 1])
        assert np.isfinite(learner.pool.X).all()
        assert learner.predict([[20.0, np.nan]]).shape == (1,)
    for model in (LogisticRegression(), "auto"):
        with pytest.raises(InvalidInputError, match="NaN or infinity in row 3, column 1"):
            ActiveLearner(X, model=model)
    frame = pd.DataFrame(X, columns=["age", "luck"])
    assert gone_around(frame, OLD, fills, strategy="margin").predict(frame[:2]).shape == (2,)


def test_pictures_keep_their_axes_for_a_network_and_lie_flat_for_others():
    X = RNG.random((N, 8, 8))
    learner = gone_around(X, OLD, Spy(), strategy="margin")
    assert Spy.seen == ("ndarray", (8, 8))
    assert learner.predict(X[:2]).shape == (2,)
    with pytest.raises(InvalidInputError, match="of shape"):
        learner.predict(X[:2, :4])
    assert gone_around(X, OLD, LogisticRegression(), strategy="margin").predict(X[:2]).shape == (2,)
    assert gone_around(X, OLD, "auto").predict(X[:2]).shape == (2,)


def test_without_a_pipeline_texts_and_tables_are_encoded():
    for X, labels in ((TEXTS, PETS), (PEOPLE, OLD)):
        for model in ("auto", LogisticRegression(max_iter=500)):
            learner = gone_around(X, labels, model)
            assert np.mean(learner.predict() == labels) > 0.8
            assert learner.predict(X[:5]).tolist() == learner.predict()[:5].tolist()


def test_texts_are_shown_in_a_notebook_as_they_are():
    assert ActiveLearner(TEXTS, seed=0).query(1).items[0] in TEXTS


def test_a_plain_matrix_is_shared_as_before():
    X = RNG.random((N, 3))
    assert np.shares_memory(ActiveLearner(X, model=LogisticRegression())._model.seen, X)
    S = sparse.csr_array(X)
    assert ActiveLearner(S, model=LogisticRegression())._model.seen is S


def test_what_asks_a_model_of_vectors_cannot_ask_one_of_texts():
    with pytest.raises(CapabilityError, match="reads the items themselves"):
        ActiveLearner(TEXTS, model=ON_TEXTS, strategy="drop_query")
    ActiveLearner(TEXTS, strategy="drop_query")


def test_other_kinds_of_items_are_refused_where_texts_were(tmp_path):
    learner = gone_around(TEXTS, PETS, ON_TEXTS, strategy="margin")
    with pytest.raises(InvalidInputError, match=r"must be texts, as the pool\. Got a ndarray"):
        learner.predict(np.zeros((2, 3)))
    path = tmp_path / "saved.npz"
    learner.save(path)
    again = ActiveLearner.load(path, TEXTS, ON_TEXTS)
    assert again.query(4).indices.tolist() == learner.query(4).indices.tolist()
