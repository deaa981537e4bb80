"""``auto``: the rules by what the labels show, their words, and the cold start."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from sparing import ActiveLearner, InvalidInputError, UnknownNameError
from sparing.learner import cold_start, policy_evidence
from sparing.learner.batches import suggested_batch_size
from sparing.learner.policy import auto_strategy
from sparing.learner.policy_evidence import PolicyEvidence, evidence_of, foretells, neighbors_agree
from sparing.models import spectrum
from sparing.models.choice import auto_classifier
from sparing.models.spectrum import laplacian_spectrum
from sparing.models.structure import PoolStructure
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Snapshot, Spectrum
from sparing.strategies import choose
from sparing.strategies.class_search import SeedSearch
from sparing.strategies.spectral import SpectralMedoids
from sparing.testing import yield_strategy_checks


def blobs(n_each=40, n_blobs=3, seed=0):
    rng = np.random.default_rng(seed)
    centers = 8 * np.eye(n_blobs, 4)
    X = np.concatenate([c + rng.standard_normal((n_each, 4)) for c in centers])
    return X.astype(np.float32), np.repeat(np.arange(n_blobs), n_each)


def pool_of(X, y, rows):
    return Pool(X).with_labels(rows, y[rows].tolist())


def version_of(pool, oof_proba=None):
    """A model version of which only the out-of-fold probabilities may be asked."""
    return SimpleNamespace(oof_proba=oof_proba)


def told(pool, skill):
    """Out-of-fold probabilities of a model with or without skill."""
    codes = pool.y[pool.labeled]
    right = np.eye(len(pool.classes))[codes] * 0.9 + 0.1 / len(pool.classes)
    return right if skill else np.roll(right, 1, axis=0)[::-1]


def of_eigenvalues(*values):
    """The spectrum of a pool, by its eigenvalues alone."""
    return lambda: Spectrum(np.array(values), np.empty((0, len(values))))


GROUPS = of_eigenvalues(*np.linspace(0, 0.09, 10), 0.5)
NO_GROUPS = of_eigenvalues(0.0, *np.linspace(0.2, 0.4, 10))
AS_WELL_MORE = of_eigenvalues(*np.linspace(0, 0.14, 16))
A_FEW_MORE = of_eigenvalues(*np.linspace(0, 0.09, 12), 0.2, 0.21)


def never():
    raise AssertionError("nobody should have asked for it")


@pytest.mark.parametrize(
    ("n", "smoothest", "name"),
    [
        (8, GROUPS, "spectral_medoids"),
        (8, NO_GROUPS, "u_herding"),
        (8, AS_WELL_MORE, "u_herding"),
        (8, A_FEW_MORE, "spectral_medoids"),
        (15, never, "u_herding"),
    ],
)
def test_few_labels_are_cold_and_no_model_is_judged(n, smoothest, name):
    X, y = blobs()
    pool = pool_of(X, y, np.arange(0, 8 * n, 8))
    auto = auto_strategy(pool, version_of(pool), smoothest)
    assert auto.name == f"auto: {name}"
    assert (
        auto.why == f"{n} labels are too few to tell how good a model is: items of every kind first"
    )


@pytest.mark.parametrize(("n_blobs", "name"), [(10, "spectral_medoids"), (1, "max_herding")])
def test_the_first_labels_go_to_groups_if_there_are_some(n_blobs, name):
    rng = np.random.default_rng(0)
    centers = np.repeat(12 * np.eye(10)[:n_blobs], 300 // n_blobs, axis=0)
    learner = ActiveLearner(centers + rng.standard_normal(centers.shape), seed=0)
    assert learner.query(10).strategy == f"auto: {name}"


def test_rows_that_are_there_many_times_are_no_groups():
    """Before, the first labels went to rows that had many copies, one after the other."""
    X = np.random.default_rng(0).standard_normal((300, 3))
    X[100:] = np.repeat(X[:10], 20, axis=0)
    assert ActiveLearner(X, seed=0).query(10).strategy == "auto: max_herding"


def test_a_large_pool_without_groups_does_not_wait_for_its_graph(monkeypatch):
    monkeypatch.setattr(spectrum, "SEEN_BY", 200)
    rng = np.random.default_rng(0)
    learner = ActiveLearner(rng.standard_normal((600, 10)), seed=0)
    with monkeypatch.context() as m:
        m.setattr(PoolStructure, "graph", property(lambda self: never()))
        assert learner.query(10).strategy == "auto: max_herding"
    centers = np.repeat(12 * np.eye(10), 60, axis=0)
    grouped = ActiveLearner(centers + rng.standard_normal(centers.shape), seed=0)
    assert grouped.query(10).strategy == "auto: spectral_medoids"


def test_two_labels_a_class_are_wanted_before_the_cold_start_ends():
    assert PolicyEvidence(25, 13).is_cold
    assert PolicyEvidence(19, 2).is_cold
    assert not PolicyEvidence(24, 12).is_cold
    assert not PolicyEvidence(20, 2).is_cold


def test_then_doubt_and_coverage_then_the_margin():
    X, y = blobs()
    rows = np.random.default_rng(0).permutation(120)
    names = []
    for n in (25, 60, 100):
        pool = pool_of(X, y, rows[:n])
        auto = auto_strategy(pool, version_of(pool, told(pool, skill=True)), never)
        names.append(auto.name)
        assert auto.requires == auto.strategy.requires
        assert f"{n} labels of 3 classes" in auto.why
    assert names == ["auto: u_herding", "auto: u_herding", "auto: margin"]


def test_where_neighbors_lose_the_margin_comes_sooner(monkeypatch):
    X, y = blobs()
    pool = pool_of(X, y, np.random.default_rng(0).permutation(120)[:60])
    monkeypatch.setattr(policy_evidence, "neighbors_agree", lambda X, labeled, codes: False)
    auto = auto_strategy(pool, version_of(pool, told(pool, skill=True)), never)
    assert auto.name == "auto: margin"
    assert "a linear model foretells them better" in auto.why


def test_a_model_without_skill_is_not_followed():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 3)), rng.integers(0, 3, 300)
    learner = ActiveLearner(X, seed=0)
    learner.teach(np.arange(60), y[:60].tolist())
    query = learner.query(10)
    assert query.strategy == "auto: random"
    assert "no better than chance" in query.reason
    assert (query.source == "uniform").all()


def test_from_twenty_labels_on_one_in_ten_is_drawn_uniformly_and_marked():
    X, y = blobs(100)
    learner = ActiveLearner(X, seed=0)
    learner.teach(np.arange(0, 300, 12), y[::12].tolist())
    source = np.concatenate([learner.query(10).source for _ in range(40)])
    assert np.mean(source == "uniform") == pytest.approx(0.1, abs=0.02)
    cold = ActiveLearner(X, seed=0).query(10)
    assert (cold.source == "strategy").all()
    mixed = learner.query(40)
    for position, source in enumerate(mixed.source):
        assert ("at random" in mixed.why(position)) == (source == "uniform")


def test_csr_pools_are_covered_too():
    X, y = blobs()
    X = sparse.csr_array(X)
    learner = ActiveLearner(X, seed=0)
    assert learner.query(3).strategy == "auto: max_herding"
    learner.teach(np.arange(0, 120, 4), y[::4].tolist())
    assert learner.query(3).strategy == "auto: u_herding"


def test_large_pools_do_without_the_graph(monkeypatch):
    monkeypatch.setattr(cold_start, "MAX_ITEMS", 50)
    X, _ = blobs()
    assert auto_strategy(Pool(X), version_of(None), never).name == "auto: max_herding"


def test_any_classifier_goes_with_it():
    X, y = blobs()
    learner = ActiveLearner(X, model=LogisticRegression(), seed=0)
    while len(learner.pool.labeled) < 110:
        query = learner.query(10)
        learner.teach(query.indices, y[query.indices].tolist())
    assert query.strategy == "auto: margin"
    assert np.mean(learner.predict() == y) > 0.95


def test_one_class_only_and_identical_items():
    for X in (blobs()[0], np.ones((60, 2))):
        learner = ActiveLearner(X, seed=0)
        for _ in range(4):
            query = learner.query(10)
            learner.teach(query.indices, ["same"] * 10)
        assert query.strategy == "auto: typiclust"
        assert set(learner.predict()) == {"same"}


def test_the_first_labels_name_every_group_and_equal_seeds_agree():
    X, y = load_digits(return_X_y=True)
    found = []
    for seed in range(5):
        one, other = (ActiveLearner(X, seed=seed).query(10).indices for _ in range(2))
        np.testing.assert_array_equal(one, other)
        found.append(len(set(y[one])))
    assert np.mean(found) >= 9  # ten uniform draws see 6.5 of ten digits


def test_twenty_labels_beat_twenty_random_ones():
    X, y = load_digits(return_X_y=True)
    model = auto_classifier(X)  # one structure for all learners: it depends on X alone
    gains = []
    for seed in range(6):
        accuracy = []
        for strategy in ("auto", "random"):
            learner = ActiveLearner(X, model=model, strategy=strategy, seed=seed)
            for n in (10, 5, 5):
                query = learner.query(n)
                learner.teach(query.indices, y[query.indices].tolist())
            accuracy.append(np.mean(learner.predict() == y))
        gains.append(accuracy[0] - accuracy[1])
    assert np.mean(gains) > 0.04
    assert np.mean(gains) > 2 * np.std(gains) / np.sqrt(6)


@pytest.mark.parametrize("batch", [1, 3])
def test_small_batches_reach_every_group_too(batch):
    X, y = blobs(n_blobs=4)
    structure = PoolStructure(X)
    learner = ActiveLearner(X, model=auto_classifier(X).set_params(structure=structure), seed=1)
    while len(learner.pool.labeled) < 9:
        query = learner.query(batch)
        learner.teach(query.indices, y[query.indices].tolist())
    assert len(learner.classes) == 4


def snapshot(X, eligible=None):
    nobody = np.array([], int)
    eligible = np.ones(len(X), bool) if eligible is None else eligible
    return Snapshot(X, eligible, nobody, nobody, 2, spectrum=laplacian_spectrum(X))


def test_medoids_are_distinct_eligible_and_one_a_group():
    X, y = blobs()
    eligible = np.ones(120, bool)
    eligible[::2] = False
    picked = choose(SpectralMedoids(3), snapshot(X, eligible), 3, np.random.default_rng(0))
    assert eligible[picked.rows].all()
    assert sorted(y[picked.rows]) == [0, 1, 2]


def test_the_medoids_utility_names_the_first_pick():
    X, _ = blobs()
    s = snapshot(X)
    utility = SpectralMedoids(3).utility(s)
    assert utility.shape == (120,)
    assert np.isfinite(utility).all()
    assert utility.max() > 0


def test_a_strategy_by_the_policy_passes_the_checks_for_strategies():
    exempt = {"check_row_order_does_not_matter": "k-means starts from rows drawn by their number"}
    for check in yield_strategy_checks(SpectralMedoids(), exempt):
        check(SpectralMedoids())
    for check in yield_strategy_checks(SeedSearch()):
        check(SeedSearch())


def test_skill_is_told_from_chance():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 100)
    noise = rng.dirichlet(np.ones(4), 100)
    assert not foretells(noise, codes)
    assert foretells(0.5 * np.eye(4)[codes] + 0.5 * noise, codes)
    assert not foretells(np.full((100, 4), 0.25), codes)


def test_knowing_a_rare_class_is_skill_though_the_share_is_hard_to_beat():
    codes = np.repeat([0, 1], [95, 5])
    proba = np.tile([0.55, 0.45], (100, 1))
    proba[95:] = [0.45, 0.55]
    assert foretells(proba, codes)


def test_a_line_through_overlapping_clouds_beats_neighbours_and_rings_do_not():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((300, 80))
    side = np.repeat([0, 1], 150)
    line = np.hstack([noise, 3.0 * side[:, None]])
    assert not neighbors_agree(line, np.arange(300), side)
    angle = rng.random(300) * 2 * np.pi
    rings = (1 + 2 * side)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert neighbors_agree(rings, np.arange(300), side)


def test_evidence_counts_only_what_was_labeled():
    X, y = blobs()
    pool = pool_of(X, y, np.arange(0, 80, 2)).with_skips([119])
    evidence = evidence_of(pool, version_of(pool, told(pool, skill=True)))
    assert (evidence.n_labeled, evidence.n_classes) == (40, 2)
    assert evidence.has_skill
    assert evidence.neighbors_agree


def test_batches_grow_with_the_labels():
    sizes = [suggested_batch_size(n) for n in range(1, 2000)]
    assert sizes == sorted(sizes)
    assert suggested_batch_size(0, n_classes=26) == 26
    assert suggested_batch_size(1000) == 100


def with_rare(n_rare=30, n=600, seed=0):
    """A pool with a class of its own place that is hard to come upon."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5))
    X[:n_rare] += 3
    order = rng.permutation(n)
    return X[order].astype(np.float32), (order < n_rare).astype(int)


def test_while_the_second_class_has_few_labels_no_verdict_falls():
    X, y = with_rare()
    rare, common = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    for n_rare, name in ((7, "auto: rare_search"), (8, "auto: random")):
        rows = np.concatenate([rare[:n_rare], common[: 100 - n_rare]])
        pool = pool_of(X, y, rows)
        auto = auto_strategy(pool, version_of(pool, told(pool, skill=False)), never)
        assert auto.name == name
    assert (
        "7 of 100 labels are not of the commonest class: look for more"
        in auto_strategy(
            pool_of(X, y, np.concatenate([rare[:7], common[:93]])), version_of(None), never
        ).why
    )


def test_many_classes_of_few_labels_are_not_a_search():
    X, y = blobs(20, 12)
    rows = np.concatenate([np.flatnonzero(y == c)[:3] for c in range(12)])
    pool = Pool(np.pad(X, ((0, 0), (0, 8)))).with_labels(rows, y[rows].tolist())
    evidence = evidence_of(pool, version_of(pool, told(pool, skill=False)))
    assert evidence.has_skill
    assert not evidence.is_search


def test_a_single_class_is_left_by_looking_into_ever_finer_groups():
    X, y = with_rare()
    learner = ActiveLearner(X, seed=0)
    rows = np.flatnonzero(y == 0)[:30]
    learner.teach(rows, ["usual"] * 30)
    query = learner.query(20)
    assert query.strategy == "auto: typiclust"
    assert np.mean(query.source == "uniform") == 0.1
    assert (y[query.indices] == 1).any()
    assert "30 labels of a single class: look for another" in query.reason


def test_a_class_that_somebody_points_at_is_looked_for_from_label_zero():
    X, y = with_rare()
    learner = ActiveLearner(X, seed=0)
    learner.look_for("rare", np.flatnonzero(y == 1)[:1])
    found = []
    for _ in range(3):
        query = learner.query(5)
        found += y[query.indices].tolist()
        if "seed_search" in query.strategy:
            assert f"after {sum(found[:-5])} labels of a class that is looked" in query.reason
        learner.teach(query.indices, ["rare" if v else "usual" for v in y[query.indices]])
    assert sum(found[:10]) >= 5  # one in twenty is
    assert learner.query(5).strategy != "auto: seed_search"


def test_seeds_that_point_nowhere_are_left_alone():
    X, y = with_rare()
    learner = ActiveLearner(X, seed=0)
    usual = np.flatnonzero(y == 0)
    learner.look_for("rare", usual[:3])
    learner.teach(usual[:29], ["usual"] * 29)
    assert learner.query(5).strategy == "auto: seed_search"
    learner.teach(usual[29:30], ["usual"])
    assert learner.query(5).strategy == "auto: typiclust"


def test_bad_seeds_are_refused():
    learner = ActiveLearner(np.eye(4), classes=["a", "b"])
    with pytest.raises(InvalidInputError, match="distinct row numbers"):
        learner.look_for("a", [4])
    with pytest.raises(UnknownNameError, match="'c'"):
        learner.look_for("c", [0])


def test_rare_examples_are_found_faster_than_at_random():
    X, y = with_rare()
    first = np.concatenate([np.flatnonzero(y == 1)[:2], np.flatnonzero(y == 0)[:30]])
    learner = ActiveLearner(X, seed=0)
    learner.teach(first, y[first].tolist())
    for _ in range(3):
        rows = learner.query(10).indices
        learner.teach(rows, y[rows].tolist())
    assert (y[learner.pool.labeled] == 1).sum() > 10  # three at random


def test_only_the_eigenpairs_that_tell_whether_there_are_groups_are_computed(monkeypatch):
    asked = []
    real = PoolStructure.spectrum

    def counted(self, n_pairs):
        asked.append(n_pairs)
        return real(self, n_pairs)

    monkeypatch.setattr(PoolStructure, "spectrum", counted)
    rng = np.random.default_rng(0)
    learner = ActiveLearner(rng.standard_normal((300, 10)), seed=0)
    for _ in range(2):
        assert learner.query(10).strategy == "auto: max_herding"
    assert asked == [16]


@pytest.mark.parametrize(
    "labels", [["same"] * 100, [f"class {i}" for i in range(300)], ["a", "b"] * 60]
)
def test_odd_answers_get_a_batch_and_probabilities_and_no_warning(labels):
    """One class throughout, as many classes as labels, labels that follow nothing."""
    X = np.random.default_rng(0).standard_normal((400, 6)).astype(np.float32)
    X[:, 2] = 7  # a column that says nothing
    X[350:] = X[0]  # and items that are alike
    learner = ActiveLearner(X, seed=0)
    learner.teach(np.arange(len(labels)), labels)
    query = learner.query(10)
    assert len(set(query.indices)) == 10
    assert query.reason
    proba = learner.predict_proba()
    assert proba.shape == (400, len(set(labels)))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)


def twins(rng):
    """Items that are there twice."""
    return np.repeat(rng.standard_normal((60, 5)), 2, axis=0)


ODD_POOLS = {
    "all columns constant": lambda rng: np.full((120, 5), 3.0),
    "each item twice": twins,
    "one item stands apart": lambda rng: np.vstack([np.ones((119, 5)), [[9.0] * 5]]),
    "words that nobody has": lambda rng: sparse.csr_array((120, 30), dtype=np.float32),
    "two words": lambda rng: sparse.csr_array(np.eye(2, 30, dtype=np.float32)[np.arange(120) % 2]),
}


@pytest.mark.parametrize("pool", ODD_POOLS)
@pytest.mark.parametrize("n_classes", [2, 40])
def test_labels_that_contradict_each_other_get_a_batch_and_probabilities(pool, n_classes):
    """Equal items have different labels; whatever the pool is like, nothing warns or stops."""
    learner = ActiveLearner(ODD_POOLS[pool](np.random.default_rng(0)), seed=0)
    for _ in range(3):
        query = learner.query(15)
        learner.teach(query.indices, [int(row) % n_classes for row in query.indices])
        assert query.reason
    proba = learner.predict_proba()
    assert proba.shape[0] == 120
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert len(set(learner.pool.labeled)) == 45
    assert sum(learner.explain().values()) == pytest.approx(1)
