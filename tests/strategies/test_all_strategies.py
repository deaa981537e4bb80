"""Every strategy of the registry passes the checks and carries a loop from no label to all."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sparing import ActiveLearner, CapabilityError, get_strategy
from sparing.strategies.registry import STRATEGIES
from sparing.testing import check_names, yield_strategy_checks

# What a strategy cannot keep to, and why.
K_MEANS = "its clusters come from k-means, which starts from rows drawn by their number"
EXEMPTIONS: dict[str, dict[str, str]] = {
    "cluster_then_label": {"check_row_order_does_not_matter": K_MEANS},
    "drop_query": {
        "check_row_order_does_not_matter": "it drops features of each row at random",
        "check_class_order_does_not_matter": "a row with all features dropped ties all classes",
    },
    "random": {"check_names_a_reference": "drawing at random needs no source"},
    "typiclust": {"check_row_order_does_not_matter": K_MEANS},
}
# Cheaper parameters than the defaults, for this file only.
PARAMETERS: dict[str, dict[str, object]] = {
    "expected_error_reduction": {"n_candidates": 5},
}


def strategy_named(name):
    return get_strategy(name, **PARAMETERS.get(name, {}))


CASES = [
    pytest.param(name, check, id=f"{name}-{check.__name__}")
    for name in sorted(STRATEGIES)
    for check in yield_strategy_checks(strategy_named(name), EXEMPTIONS.get(name))
]


@pytest.mark.parametrize(("name", "check"), CASES)
def test_check(name, check):
    check(strategy_named(name))


@pytest.mark.parametrize("name", EXEMPTIONS)
def test_an_exempted_check_does_fail(name):
    strategy = strategy_named(name)
    for check in yield_strategy_checks(strategy):
        if check.__name__ in EXEMPTIONS[name]:
            with pytest.raises((AssertionError, ValueError)):
                check(strategy)


def test_exemptions_and_parameters_belong_to_strategies_that_exist():
    assert {*EXEMPTIONS, *PARAMETERS} <= set(STRATEGIES)
    for name, exempt in EXEMPTIONS.items():
        assert set(exempt) <= set(check_names(strategy_named(name)))


@pytest.fixture(scope="module")
def pool():
    """Three clusters of ten on a line, and their names."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], 10)
    X = rng.normal(size=(30, 4)) + 6 * np.eye(3, 4)[codes]
    return np.abs(X).astype(np.float32), np.array(["ant", "bee", "cat"])[codes]


def label_all(X, labels, strategy):
    """Ask in batches of six until nothing is left; return the rows in the order asked."""
    learner = ActiveLearner(X, model=LogisticRegression(), strategy=strategy, seed=5)
    asked = []
    while len(learner.pool.candidates):
        query = learner.query(batch_size=6)
        learner.teach(query.indices, labels[query.indices])
        asked += query.indices.tolist()
    return learner, asked


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_loop_from_no_label_to_all(name, pool):
    X, labels = pool
    learner, asked = label_all(X, labels, strategy_named(name))
    assert sorted(asked) == list(range(30))
    assert np.mean(learner.predict() == labels) > 0.9
    assert label_all(X, labels, strategy_named(name))[1] == asked


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_loop_over_csr_works_or_says_that_it_cannot(name, pool):
    X, labels = pool
    try:
        _, asked = label_all(sparse.csr_array(X), labels, strategy_named(name))
    except CapabilityError as error:
        assert name in str(error)  # noqa: PT017  # either outcome is a right one
    else:
        assert sorted(asked) == list(range(30))
