import numpy as np
import pytest
from scipy.stats import chisquare

from sparing import CapabilityError, InvalidInputError, UnknownNameError
from sparing.strategies import choose, get_strategy


def rng(seed=0):
    return np.random.default_rng(seed)


PROBA = np.column_stack([np.linspace(0.5, 1, 20), np.linspace(0.5, 0, 20)])


@pytest.fixture
def s(snapshot_of):
    return snapshot_of(np.eye(20), proba=PROBA)


def test_the_share_is_met_within_one_item_and_on_average(s):
    mix = get_strategy("mix", strategy="margin", share=0.25)
    sources = [choose(mix, s, 6, rng(seed)).source for seed in range(400)]
    counts = [np.count_nonzero(source == "uniform") for source in sources]
    assert set(counts) == {1, 2}
    assert np.mean(counts) == pytest.approx(1.5, abs=0.12)


def test_the_rest_is_what_the_strategy_would_ask(s):
    picked = choose(get_strategy("mix", strategy="margin", share=0.4), s, 5, rng(2))
    uniform = picked.source == "uniform"
    rest = [row for row in range(20) if row not in picked.rows[uniform]]
    assert picked.rows[~uniform].tolist() == rest[: np.count_nonzero(~uniform)]
    assert picked.propensity[uniform] == pytest.approx([1 / 20, 1 / 19])
    assert np.isnan(picked.propensity[~uniform]).all()


def test_the_uniform_draws_are_uniform_at_any_place(s):
    rows, places = [], []
    for seed in range(2000):
        picked = choose(get_strategy("mix", strategy="margin", share=0.34), s, 3, rng(seed))
        first = np.flatnonzero(picked.source == "uniform")[0]
        rows.append(picked.rows[first])
        places.append(first)
    assert chisquare(np.bincount(rows, minlength=20)).pvalue > 1e-4
    assert np.bincount(places, minlength=3).min() > 500


def test_single_items_are_uniform_at_the_share(s):
    mix = get_strategy("mix", strategy="margin", share=0.3)
    sources = [choose(mix, s, 1, rng(i)).source[0] for i in range(500)]
    assert np.mean(np.array(sources) == "uniform") == pytest.approx(0.3, abs=0.08)


def test_it_requires_what_the_strategy_inside_requires(snapshot_of):
    mix = get_strategy("mix", strategy="bald")
    assert mix.requires == {"committee"}
    assert "contradict" in mix.reason
    with pytest.raises(CapabilityError, match="strategy 'mix' requires 'committee'"):
        choose(mix, snapshot_of(np.eye(3)), 1, rng())


def test_an_instance_may_be_mixed(s):
    mix = get_strategy("mix", strategy=get_strategy("margin"), share=0.5)
    assert mix.utility(s) == pytest.approx(get_strategy("margin").utility(s))


def test_wrong_parameters(s):
    with pytest.raises(UnknownNameError, match="Did you mean 'margin'"):
        choose(get_strategy("mix", strategy="margn"), s, 1, rng())
    with pytest.raises(InvalidInputError, match="'share' parameter of Mix"):
        choose(get_strategy("mix", strategy="margin", share=0.0), s, 1, rng())
