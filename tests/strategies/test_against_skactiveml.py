"""The same picks as scikit-activeml 1.0.1 where the choice is determined, the same worth elsewhere.

Its strategies shuffle ties, so the pool holds no two equal rows.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from sparing.numeric.geometry import unit_rows
from sparing.pool.snapshot import Snapshot
from sparing.strategies import choose, get_strategy
from sparing.strategies._batch_bald import joint_answers
from sparing.strategies.measures import entropy

pool = pytest.importorskip("skactiveml.pool")
pytestmark = pytest.mark.filterwarnings("ignore")

N, N_LABELED, K = 400, 20, 8


@pytest.fixture(scope="module")
def task():
    """Digits with a little noise, the model of twenty labels, and both sides' view of it."""
    from skactiveml.classifier import SklearnClassifier

    X, y = load_digits(return_X_y=True)
    X = (X[:N] / 16 + np.random.default_rng(0).normal(size=(N, 64)) / 100).astype(np.float64)
    y = y[:N]
    labeled = np.arange(N_LABELED)
    targets = np.full(N, np.nan)
    targets[labeled] = y[labeled]
    model = SklearnClassifier(LogisticRegression(max_iter=500), classes=list(range(10)))
    model.fit(X, targets)
    proba = model.predict_proba(X)
    eligible = np.ones(N, dtype=bool)
    eligible[labeled] = False
    snapshot = Snapshot(X, eligible, labeled, y[labeled], 10, proba=proba)
    return X, targets, model, snapshot


def ours(name, s, **params):
    return choose(get_strategy(name, **params), s, K, np.random.default_rng(0)).rows


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("least_confidence", "least_confident"),
        ("margin", "margin_sampling"),
        ("entropy", "entropy"),
    ],
)
def test_uncertainty(task, name, method):
    X, targets, model, s = task
    theirs = pool.UncertaintySampling(method=method, random_state=0)
    expected = theirs.query(X, targets, clf=model, fit_clf=False, batch_size=K)
    assert ours(name, s).tolist() == expected.tolist()


def test_core_set(task):
    X, targets, _, s = task
    expected = pool.CoreSet(random_state=0).query(X, targets, batch_size=K)
    assert ours("k_center", s).tolist() == expected.tolist()


def test_max_herding(task):
    """Their kernel is exp(-gamma d**2) with gamma 1 by default; ours has gamma 1 / sigma**2."""
    X, targets, _, s = task
    theirs = pool.MaxHerding(metric="rbf", metric_dict={"gamma": 1.0}, random_state=0)
    X = X - X.mean(axis=0)  # ours sees directions from amid the pool
    expected = theirs.query(X, targets, batch_size=K)
    assert ours("max_herding", s).tolist() == expected.tolist()
    cold = Snapshot(X, np.ones(N, dtype=bool), s.labeled[:0], s.codes[:0], 10)
    expected = theirs.query(X, np.full(N, np.nan), batch_size=K)
    assert ours("max_herding", cold).tolist() == expected.tolist()


def test_probcover(task):
    """Ties abound among counts: the two cover as many rows with as many picks."""
    X, targets, _, s = task
    unit = unit_rows(X, X.mean(axis=0))
    near = 2 - 2 * unit @ unit.T <= 0.6**2
    covered = near[s.labeled].any(axis=0)
    theirs = pool.ProbCover(n_classes=10, deltas=[0.6], random_state=0)
    expected = theirs.query(unit, targets, batch_size=K)
    worth = [
        (near[rows].any(axis=0) & ~covered).sum()
        for rows in (expected, ours("probcover", s, radius=0.6))
    ]
    assert worth[1] == pytest.approx(worth[0], rel=0.01)


def test_typiclust(task):
    """With one pick and no label there is one cluster, and nothing is left to chance."""
    X, _, _, s = task
    expected = pool.TypiClust(k=20, random_state=0).query(X, np.full(N, np.nan), batch_size=1)
    cold = Snapshot(X, np.ones(N, dtype=bool), s.labeled[:0], s.codes[:0], 10)
    mine = choose(get_strategy("typiclust"), cold, 1, np.random.default_rng(0)).rows
    assert mine.tolist() == expected.tolist()


def test_badge_starts_alike_and_spreads_as_well(task):
    X, targets, model, s = task
    residuals = s.proba - np.eye(10)[s.proba.argmax(axis=1)]
    G = (residuals[:, :, None] * X[:, None, :]).reshape(N, -1)[s.candidates]

    def spread(rows):
        picked = G[np.searchsorted(s.candidates, rows)]
        return ((G[:, None] - picked) ** 2).sum(axis=2).min(axis=1).mean()

    theirs, mine = [], []
    for seed in range(12):
        badge = pool.Badge(random_state=seed)
        rows = badge.query(X, targets, clf=model, fit_clf=False, batch_size=K)
        theirs.append(rows)
        mine.append(choose(get_strategy("badge"), s, K, np.random.default_rng(seed)).rows)
    assert mine[0][0] == theirs[0][0]
    # They count the origin as drawn, which leaves theirs a little farther from the rest.
    assert np.mean([spread(r) for r in mine]) < 1.01 * np.mean([spread(r) for r in theirs])


def test_committee_disagreement(task):
    """Four models of bootstrap draws, given to both sides."""
    from skactiveml.classifier import SklearnClassifier

    X, targets, _, s = task
    draws = [np.random.default_rng(i).integers(N_LABELED, size=60) for i in range(4)]
    members = [
        SklearnClassifier(LogisticRegression(max_iter=500), classes=list(range(10))).fit(
            X[rows], targets[rows]
        )
        for rows in draws
    ]

    class Given:
        n_members = 4

        def blocks(self, rows):
            yield np.stack([member.predict_proba(X[rows]) for member in members])

    s = Snapshot(X, s.eligible, s.labeled, s.codes, 10, committee=Given())
    kl = pool.QueryByCommittee(method="KL_divergence", random_state=0)
    expected = kl.query(X, targets, ensemble=members, fit_ensemble=False, batch_size=K)
    assert ours("qbc", s, measure="consensus_kl").tolist() == expected.tolist()
    greedy = pool.GreedyBALD(random_state=0)
    expected = greedy.query(X, targets, ensemble=members, fit_ensemble=False, batch_size=K)
    assert ours("bald", s).tolist() == expected.tolist()
    joint = pool.BatchBALD(random_state=0)
    expected = joint.query(X, targets, ensemble=members, fit_ensemble=False, batch_size=3)
    mine = choose(get_strategy("batch_bald"), s, 3, np.random.default_rng(0)).rows
    assert mine[:2].tolist() == expected[:2].tolist()
    # They sample the answers from the third pick on; ours are still gone through.
    assert information(members, X[mine]) >= information(members, X[expected]) - 1e-9


def information(members, rows):
    """Joint mutual information of the rows' answers with the member, by every answer."""
    proba = np.stack([member.predict_proba(rows) for member in members])
    answers, _ = joint_answers(proba, np.random.default_rng(0))
    return entropy(answers.mean(axis=1)) - entropy(proba).sum(axis=1).mean()
