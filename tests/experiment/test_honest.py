import numpy as np
import pytest

from sparing.experiment.article import Digits
from sparing.experiment.honest import gather, run_shuffles, summarize


def test_summary_by_hand():
    # mean 3, sd sqrt(2.5), t(.975, 4 degrees) = 2.7764, half width 2.7764 sqrt(2.5 / 5)
    s = summarize(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert (s.mean, s.sd) == (3, pytest.approx(2.5**0.5))
    assert s.high - 3 == pytest.approx(1.9632, abs=1e-4)
    assert 3 - s.low == pytest.approx(1.9632, abs=1e-4)


def test_few_shuffles_have_a_spread_but_no_interval():
    s = summarize(np.array([1.0, 2.0, 3.0, 4.0]))
    assert s.sd == pytest.approx(1.2910, abs=1e-4)
    assert (s.low, s.high) == (None, None)


def test_a_single_shuffle_has_no_spread():
    s = summarize(np.array([0.5]))
    assert (s.sd, s.low, s.high) == (None, None, None)


def test_the_gain_is_the_paired_difference():
    def scores(first, least):
        tests = ("test_400", "test_all")
        runs = {
            "first_400": dict.fromkeys(tests, first),
            "least_confident": dict.fromkeys(tests, least),
        }
        return {"stopped_on_test": runs, "stopped_on_held_out": runs}

    honest = gather([scores(0.5, 0.6), scores(0.8, 0.9)])
    gain = honest.gain["stopped_on_test"]["test_all"]
    assert gain.mean == pytest.approx(0.1)
    assert gain.sd == pytest.approx(0, abs=1e-12)  # though each of the two varies by 0.2
    assert "most_confident_first" not in honest.summary["stopped_on_test"]["test_400"]


def test_a_shuffle_depends_on_its_seed_and_number_only(small_digits, shuffle):
    digits = Digits.of_article(small_digits)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    together = dict(run_shuffles(digits, 2, 3, full=False, n_jobs=2))
    assert together[1] == shuffle[1]
    assert together[0] != together[1]
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_all_experiments_are_scored_on_both_test_sets(shuffle):
    _, scores = shuffle
    assert set(scores) == {"stopped_on_test", "stopped_on_held_out"}
    for runs in scores.values():
        assert set(runs) == {"all", "first_400", "least_confident", "auto_label_all"}
        assert all(set(by_test) == {"test_400", "test_all"} for by_test in runs.values())
