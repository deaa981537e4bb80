import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from sparing.errors import InvalidInputError
from sparing.experiment.statistics import (
    SeedInterval,
    area_under_curve,
    balanced_accuracy,
    label_saving,
    labels_needed,
    mean_interval,
    simultaneous_band,
)

LABELS = np.array([10, 20, 30, 40])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_balanced_accuracy_is_the_mean_recall(pairs):
    y, predicted = map(np.array, zip(*pairs, strict=True))
    recall = recall_score(y, predicted, labels=np.unique(y), average="macro", zero_division=0)
    assert balanced_accuracy(y, predicted) == pytest.approx(recall)


def test_area_by_hand():
    # (0.5 + 0.7) / 2 * 10 + (0.7 + 0.9) / 2 * 20 = 22, over a width of 30
    assert area_under_curve(np.array([10, 20, 40]), np.array([0.5, 0.7, 0.9])) == pytest.approx(
        22 / 30
    )
    rows = np.array([[0.5, 0.5], [0.2, 0.4]])
    np.testing.assert_allclose(area_under_curve(np.array([5, 10]), rows), [0.5, 0.3])
    assert area_under_curve(np.array([5]), np.array([[0.4]])) == [0.4]


@pytest.mark.parametrize(
    ("values", "target", "needed"),
    [
        ([0.5, 0.6, 0.7, 0.8], 0.65, 25),
        ([0.5, 0.6, 0.7, 0.8], 0.4, 10),
        ([0.5, 0.6, 0.7, 0.8], 0.8, 40),
        ([0.5, 0.6, 0.7, 0.8], 0.81, np.inf),
        # The lucky 0.8 at 20 and the 0.6 after it are both 0.7 once the curve only rises.
        ([0.5, 0.8, 0.6, 0.9], 0.7, 20),
        ([0.5, 0.8, 0.6, 0.9], 0.75, 32.5),
    ],
)
def test_labels_needed_by_hand(values, target, needed):
    assert labels_needed(LABELS, np.array(values), target) == pytest.approx(needed)


def test_saving_by_hand():
    slow, fast = np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.6, 0.7, 0.8, 0.8])
    saving = label_saving(LABELS, np.tile(fast, (6, 1)), np.tile(slow, (6, 1)))
    assert saving.target == pytest.approx(0.795)
    assert (saving.ours, saving.theirs) == pytest.approx((29.5, 39.5))
    assert saving.saved == SeedInterval(10, 10, 10)
    back = label_saving(LABELS, np.tile(slow, (6, 1)), np.tile(fast, (6, 1)))
    assert back.saved.value == -saving.saved.value


def test_the_weaker_end_is_the_target_of_both():
    weak, strong = np.array([[0.5, 0.6, 0.65, 0.7]]), np.array([[0.5, 0.7, 0.8, 0.9]])
    saving = label_saving(LABELS, strong, weak)
    assert saving.target == pytest.approx(0.695)
    assert saving.ours == pytest.approx(19.75)
    assert saving.theirs == pytest.approx(39)
    assert saving.saved == SeedInterval(pytest.approx(19.25), None, None)  # a single seed


def correlated(rng, n_seeds, n_points=20):
    """Curves whose noise at one point is like that at the next, as learning curves have it."""
    noise = rng.standard_normal((n_seeds, n_points))
    for j in range(1, n_points):
        noise[:, j] = 0.8 * noise[:, j - 1] + 0.6 * noise[:, j]
    return noise * np.linspace(0.05, 0.005, n_points)


@pytest.mark.parametrize("n_seeds", [10, 20])
def test_the_band_covers_the_whole_curve_at_its_level(n_seeds):
    rng = np.random.default_rng(n_seeds)
    truth = np.linspace(0.02, 0, 20)
    covered = 0
    for i in range(300):
        band = simultaneous_band(truth + correlated(rng, n_seeds), seed=i)
        covered += bool(((band.low <= truth) & (truth <= band.high)).all())
    # The standard error of a share of 300 at 95 % is 1.3 %.
    assert 0.91 <= covered / 300 <= 0.985


def test_a_pointwise_band_would_not_cover_the_whole_curve():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        noise = correlated(rng, 20)
        intervals = [mean_interval(column) for column in noise.T]
        covered += all(i.low <= 0 <= i.high for i in intervals)
    assert covered / 200 < 0.8


@pytest.mark.parametrize(("rates", "truth"), [((60, 60), 0), ((45, 60), 46.4)])
def test_the_interval_of_the_saving_covers_at_its_level(rates, truth):
    rng = np.random.default_rng(1)
    labels = np.arange(10, 201, 10)
    ours, theirs = (0.9 - 0.5 * np.exp(-labels / rate) for rate in rates)
    covered = 0
    for i in range(60):
        a, b = ours + correlated(rng, 8), theirs + correlated(rng, 8)
        saved = label_saving(labels, a, b, seed=i).saved
        covered += saved.low <= truth <= saved.high
    assert covered / 60 >= 0.85


def test_a_band_is_shifted_with_its_curve_and_scales_with_it():
    noise = correlated(np.random.default_rng(3), 12)
    band, moved = simultaneous_band(noise), simultaneous_band(2 * noise + 5)
    np.testing.assert_allclose(moved.low, 2 * band.low + 5)
    np.testing.assert_allclose(moved.high, 2 * band.high + 5)


def test_points_without_any_difference_have_a_band_of_no_width():
    differences = np.zeros((8, 3))
    differences[:, 1] = np.arange(8)
    band = simultaneous_band(differences)
    assert (band.low[[0, 2]] == 0).all()
    assert (band.high[[0, 2]] == 0).all()
    assert band.low[1] < 3.5 < band.high[1]
    equal = simultaneous_band(np.ones((8, 3)))
    assert (equal.low == 1).all()


def test_too_few_seeds_give_no_band_and_no_interval():
    band = simultaneous_band(np.ones((4, 3)))
    assert np.isnan(band.low).all()
    assert (band.mean == 1).all()
    assert mean_interval(np.ones(4)) == SeedInterval(1.0, None, None)


def test_mean_interval_is_students():
    # mean 3, sd sqrt(2.5), t(0.975, 4) = 2.776445: half width 2.776445 * sqrt(0.5)
    interval = mean_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert interval.high - 3 == pytest.approx(2.776445 * 0.5**0.5, rel=1e-6)


def test_bad_input():
    with pytest.raises(InvalidInputError, match="'level'"):
        simultaneous_band(np.ones((8, 3)), level=95)
    with pytest.raises(InvalidInputError, match="'differences'"):
        simultaneous_band(np.ones(8))
