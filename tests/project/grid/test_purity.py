import numpy as np
import pytest

from sparing.project.grid.purity import N_TESTED, estimated


def test_the_first_names_the_class_and_is_not_counted():
    found = estimated(["fur", "fur", "feathers"])
    assert (found.class_name, found.n_like, found.n_tested) == ("fur", 1, 2)


def test_skips_name_no_class_and_count_as_something_else():
    found = estimated([None, "fur", None, "fur"])
    assert (found.class_name, found.n_like, found.n_tested) == ("fur", 1, 3)


@pytest.mark.parametrize("answers", [[], ["fur"], [None, None]])
def test_from_too_little_nothing_is_said(answers):
    assert estimated(answers) is None


@pytest.mark.parametrize("share", [0.6, 0.9, 1.0])
def test_the_interval_holds_the_share_as_often_as_it_says(share):
    """Whatever class comes first: of 2,000 clusters at most 5 % may be missed, and noise."""
    rng = np.random.default_rng(0)
    members = np.array(["a"] * round(200 * share) + ["b"] * round(200 * (1 - share)))
    missed = 0
    for _ in range(2000):
        found = estimated(rng.choice(members, N_TESTED + 1, replace=False).tolist())
        true = (members == found.class_name).mean()
        missed += not found.low <= true + 1e-9 <= found.high + 1e-9
    assert missed <= 2000 * 0.05 + 3 * np.sqrt(2000 * 0.05)
