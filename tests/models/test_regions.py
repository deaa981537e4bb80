"""Each label weighs as its region does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparing.models.regions import region_weights


def regional_flow(flows, labeled, codes, n_classes):
    return flows @ region_weights(flows, labeled, codes, n_classes)


def test_hand_computed():
    flows = np.array([[2.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0]])
    found = regional_flow(flows, np.array([0, 2, 3]), np.array([0, 1, 1]), 2)
    # Reach: the first column halved. Regions: two items, one, one. Flows: 1.5, 1.6 and 1.5.
    first, second, third = np.sqrt([2 / 1.5, 1 / 1.6 / 2, 1 / 1.5 / 2])
    expected = [
        [first, 0],
        [first / 2, 0.1 * second],
        [0, second + third / 2],
        [0, second / 2 + third],
    ]
    np.testing.assert_allclose(found, expected)


def test_a_second_label_in_a_corner_does_not_double_the_voice_of_a_class():
    line = np.linspace(0, 1, 101)
    spots = np.array([0, 98, 100])  # class 0 at one end; class 1 twice at the other
    flows = np.exp(-8 * np.abs(line[:, None] - line[spots]))
    found = regional_flow(flows, spots, np.array([0, 1, 1]), 2)
    border = int(found.argmax(axis=1).argmax())
    summed = int((flows @ np.array([[1, 0], [0, 1], [0, 1]])).argmax(axis=1).argmax())
    assert summed < border <= 52


def test_a_twin_in_another_class_still_stands_for_itself():
    flows = np.array([[1.0, 1.0], [1.0, 1.0], [0.2, 0.2]])
    found = regional_flow(flows, np.array([0, 1]), np.array([0, 1]), 2)
    assert (found > 0).all()


def test_no_label_says_nothing():
    nobody = np.array([], int)
    assert not regional_flow(np.empty((3, 0)), nobody, nobody, 2).any()


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_order_and_the_scale_of_flows_do_not_matter(n_labeled, seed):
    rng = np.random.default_rng(seed)
    flows, codes = rng.random((12, n_labeled)), rng.integers(0, 3, n_labeled)
    labeled = rng.permutation(12)[:n_labeled]
    flows[labeled, np.arange(n_labeled)] += 1
    order, scale = rng.permutation(n_labeled), rng.uniform(0.1, 10, n_labeled)
    one = regional_flow(flows, labeled, codes, 3)
    other = regional_flow((flows * scale)[:, order], labeled[order], codes[order], 3)
    np.testing.assert_allclose(one, other, rtol=1e-9)
