"""Strategies of scikit-activeml in our loop, ours in its loops; against each side's own answers."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import sparing
from sparing.errors import CapabilityError, InvalidInputError
from sparing.learner.snapshots import snapshot_of
from sparing.strategies.registry import STRATEGIES

theirs = pytest.importorskip("skactiveml.pool")
pytestmark = pytest.mark.filterwarnings("ignore")

from skactiveml.classifier import SklearnClassifier  # noqa: E402
from skactiveml.pool import SubSamplingWrapper  # noqa: E402
from sklearn.base import clone  # noqa: E402

from sparing.interop.skactiveml import ForSkactiveml, FromSkactiveml  # noqa: E402

N, N_LABELED, K = 150, 30, 4


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X = X[:N] / 16 + np.random.default_rng(0).normal(size=(N, 64)) / 100
    return X, y[:N]


@pytest.fixture(scope="module")
def partly(digits):
    """Their way to say what is labeled."""
    X, y = digits
    targets = np.full(N, np.nan)
    targets[:N_LABELED] = y[:N_LABELED]
    return X, targets


def model():
    return LogisticRegression(max_iter=500)


def taught(digits, strategy):
    X, y = digits
    learner = sparing.ActiveLearner(X, range(10), model(), strategy)
    learner.teach(range(N_LABELED), y[:N_LABELED])
    return learner


@pytest.mark.parametrize(
    "strategy",
    [
        theirs.UncertaintySampling(method="entropy"),
        theirs.ProbabilisticAL(metric="rbf"),
        theirs.Falcun(),
        theirs.Badge(),
        theirs.Clue(),
        theirs.ContrastiveAL(),
        theirs.DropQuery(),
        theirs.QueryByCommittee(method="KL_divergence"),
        theirs.QueryByCommittee(method="vote_entropy"),
        theirs.GreedyBALD(),
        theirs.BatchBALD(n_MC_samples=20),
        theirs.RandomSampling(),
        theirs.Quire(classes=list(range(10))),
        theirs.CoreSet(),
        theirs.TypiClust(),
        theirs.ProbCover(n_classes=10),
        theirs.MaxHerding(),
    ],
    ids=lambda s: type(s).__name__,
)
def test_each_of_theirs_asks_in_our_loop(digits, strategy):
    learner = taught(digits, FromSkactiveml(strategy))
    before = repr(strategy)
    query = learner.query(K)
    assert len(set(query.indices.tolist())) == K
    assert query.indices.min() >= N_LABELED  # none that has a label
    assert np.isfinite(query.utilities).all()
    assert query.reason == f"{type(strategy).__name__} of scikit-activeml ranks it first"
    assert repr(strategy) == before  # a copy was asked
    again = taught(digits, FromSkactiveml(strategy)).query(K)
    assert again.indices.tolist() == query.indices.tolist()
    learner.teach(query.indices, digits[1][query.indices])
    learner.query(K)


def test_it_chooses_what_it_chooses_at_home(digits, partly):
    clf = SklearnClassifier(model(), classes=list(range(10)))
    at_home = theirs.UncertaintySampling(method="margin_sampling", random_state=0)
    expected = at_home.query(*partly, clf=clf, batch_size=K)
    asked = taught(digits, FromSkactiveml(theirs.UncertaintySampling("margin_sampling")))
    assert asked.query(K).indices.tolist() == expected.tolist()


def test_what_needs_more_than_we_can_tell_is_refused_in_one_line(digits):
    with pytest.raises(CapabilityError, match="fits the classifier anew"):
        taught(digits, FromSkactiveml(theirs.MonteCarloEER())).query()
    with pytest.raises(CapabilityError, match="ProbabilisticAL of scikit-activeml: clf has no"):
        taught(digits, FromSkactiveml(theirs.ProbabilisticAL())).query()
    with pytest.raises(InvalidInputError, match=r"an instance such as skactiveml\.pool"):
        sparing.ActiveLearner(digits[0], range(10), model(), FromSkactiveml(theirs.Badge))


def test_what_else_its_query_takes_is_passed_on(digits):
    discriminator = SklearnClassifier(model(), classes=[0, 1])
    strategy = FromSkactiveml(theirs.DiscriminativeAL(), {"discriminator": discriminator})
    assert len(taught(digits, strategy).query(K)) == K


@pytest.fixture(scope="module")
def few(digits):
    """Sixty digits of four classes, half of them labeled: some strategies fit for each of them."""
    X, y = digits
    rows = np.flatnonzero(y < 4)[:60]
    targets = np.full(60, np.nan)
    targets[:N_LABELED] = y[rows[:N_LABELED]]
    return X[rows], targets


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_each_of_ours_asks_in_theirs(few, name):
    X, y = few
    clf = SklearnClassifier(model(), classes=list(range(4)))
    strategy = ForSkactiveml(name, random_state=3)
    rows, utilities = strategy.query(X, y, clf=clf, batch_size=K, return_utilities=True)
    assert len(set(rows.tolist())) == K
    assert np.isnan(y[rows]).all()
    assert utilities.shape == (K, len(X))
    assert np.isnan(utilities[:, :N_LABELED]).all()
    assert all(np.isnan(utilities[step + 1 :, row]).all() for step, row in enumerate(rows[:-1]))
    assert clone(strategy).query(X, y, clf=clf, batch_size=K).tolist() == rows.tolist()
    only = np.array([34, 40, 46, 52, 58])
    some = strategy.query(X, y, clf=clf, candidates=only, batch_size=K)
    assert set(some.tolist()) <= set(only.tolist())


def test_ours_goes_through_their_wrapper(partly):
    X, y = partly
    clf = SklearnClassifier(model(), classes=list(range(10)))
    wrapper = SubSamplingWrapper(ForSkactiveml("entropy"), max_candidates=20, random_state=0)
    rows = wrapper.query(X, y, clf=clf, batch_size=K)
    assert np.isnan(y[rows]).all()


def test_a_fitted_classifier_of_theirs_is_not_fitted_again(partly):
    X, y = partly
    clf = SklearnClassifier(model(), classes=list(range(10))).fit(X, y)
    fitted = clf.estimator_
    expected = theirs.UncertaintySampling("margin_sampling").query(X, y, clf, fit_clf=False)
    assert ForSkactiveml("margin").query(X, y, clf, fit_clf=False).tolist() == expected.tolist()
    assert clf.estimator_ is fitted


def test_ours_takes_a_bare_classifier_names_for_classes_and_no_label_at_all(digits):
    X, y = digits
    names = np.array([None] * N, dtype=object)
    strategy = ForSkactiveml("typiclust", missing_label=None, random_state=0)
    assert len(strategy.query(X, names, batch_size=K)) == K
    names[:N_LABELED] = [f"digit {k}" for k in y[:N_LABELED]]
    margin = ForSkactiveml("margin", missing_label=None, random_state=0)
    by_name = margin.query(X, names, clf=model(), batch_size=K)
    assert by_name.tolist() == taught(digits, "margin").query(K).indices.tolist()
    with pytest.raises(CapabilityError, match="requires"):
        margin.query(X, names)


def test_a_snapshot_of_a_fitted_model_says_what_the_model_says(digits):
    X, y = digits
    names = np.array([f"digit {k}" for k in range(10)])[y]
    rows = np.arange(N_LABELED)
    fitted = model().fit(X[rows], names[rows])
    s = snapshot_of(fitted, X, rows, names[rows], "margin", skipped=[N - 1])
    assert np.array_equal(s.proba, fitted.predict_proba(X))
    assert not s.eligible[[0, N - 1]].any()
    assert [fitted.classes_[code] for code in s.codes] == names[rows].tolist()
    with pytest.raises(sparing.UnknownNameError, match="'digit 11'"):
        snapshot_of(fitted, X, [0], ["digit 11"], "margin")
    with pytest.raises(sparing.TrainingError, match="LogisticRegression is not fitted"):
        snapshot_of(model(), X, rows, names[rows], "margin")
