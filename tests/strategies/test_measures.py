import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy as scipy_entropy

from sparing import InvalidInputError
from sparing.strategies import measures


def simplex(*shape):
    """Arrays of probabilities over the last axis, exact zeros and ones among them."""
    weights = arrays(np.float64, shape, elements=st.integers(0, 5))
    return weights.map(normalised)


def normalised(weights):
    weights = weights + (weights.sum(axis=-1, keepdims=True) == 0)
    return weights / weights.sum(axis=-1, keepdims=True)


PROBA = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0]])


def test_by_hand():
    assert measures.least_confidence(PROBA) == pytest.approx([0.3, 0.6, 0.0])
    assert measures.margin(PROBA) == pytest.approx([0.5, 1.0, 0.0])
    assert measures.entropy(PROBA) == pytest.approx([0.80182, 1.05492, 0.0], abs=1e-5)


def test_a_single_class_leaves_nothing_to_ask():
    alone = np.ones((2, 1))
    for measure in (measures.least_confidence, measures.margin, measures.entropy):
        assert measure(alone).tolist() == [0.0, 0.0]


@given(simplex(7, 4))
def test_margin_is_the_gap_of_the_sorted_top_two(proba):
    top = np.sort(proba, axis=1)
    assert measures.margin(proba) == pytest.approx(1 - (top[:, -1] - top[:, -2]))


@given(simplex(7, 4))
def test_entropy_agrees_with_scipy(proba):
    assert measures.entropy(proba) == pytest.approx(scipy_entropy(proba, axis=1))


def test_votes_by_hand():
    votes = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 2]])
    assert measures.vote_entropy(votes, 3) == pytest.approx([0.0, 0.63651, 1.09861], abs=1e-5)
    assert measures.variation_ratio(votes, 3) == pytest.approx([0.0, 1 / 3, 2 / 3])


@pytest.mark.parametrize("code", [-1, 3])
def test_votes_outside_the_classes_are_refused(code):
    with pytest.raises(InvalidInputError, match=r"class codes in \[0, 2\]"):
        measures.vote_entropy(np.array([[0], [code]]), 3)


def test_bald_by_hand():
    members = np.array([[[0.9, 0.1]], [[0.5, 0.5]]])
    expected = scipy_entropy([0.7, 0.3]) - (scipy_entropy([0.9, 0.1]) + np.log(2)) / 2
    assert measures.bald(members) == pytest.approx([expected])


@given(simplex(3, 5, 4))
def test_consensus_kl_is_bald(members):
    assert measures.consensus_kl(members) == pytest.approx(measures.bald(members), abs=1e-12)


@given(simplex(3, 4, 3), simplex(3, 2, 3))
def test_epig_is_the_mean_mutual_information(members, targets):
    joint = np.einsum("sic,sjd->ijcd", members, targets) / 3
    apart = np.einsum("ic,jd->ijcd", members.mean(axis=0), targets.mean(axis=0))
    ratio = np.divide(joint, apart, out=np.ones_like(joint), where=joint > 0)
    expected = (joint * np.log(ratio)).sum(axis=(2, 3)).mean(axis=1)
    assert measures.epig(members, targets) == pytest.approx(expected, abs=1e-12)


@given(simplex(3, 4, 3))
def test_epig_never_tells_more_than_bald(members):
    """An answer tells about other answers only through the model."""
    assert np.all(measures.epig(members, members[:, :2]) <= measures.bald(members) + 1e-12)


MEASURES = (measures.least_confidence, measures.margin, measures.entropy)


@pytest.mark.parametrize("measure", MEASURES)
def test_float32_stays_float32(measure):
    assert measure(PROBA.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("measure", MEASURES)
def test_single_model_measures_on_another_backend(measure, xp):
    assert np.from_dlpack(measure(xp.asarray(PROBA))) == pytest.approx(measure(PROBA))


@pytest.mark.parametrize("measure", [measures.bald, measures.consensus_kl])
def test_committee_measures_on_another_backend(measure, xp):
    members = np.stack([PROBA, PROBA[::-1]])
    assert np.from_dlpack(measure(xp.asarray(members))) == pytest.approx(measure(members))


@pytest.mark.parametrize("measure", [measures.vote_entropy, measures.variation_ratio])
def test_votes_on_another_backend(measure, xp):
    votes = np.array([[0, 2, 1], [0, 1, 1]])
    assert np.from_dlpack(measure(xp.asarray(votes), 3)) == pytest.approx(measure(votes, 3))


def test_epig_on_another_backend(xp):
    members = np.stack([PROBA, PROBA[::-1]])
    expected = measures.epig(members, members[:, :2])
    there = measures.epig(xp.asarray(members), xp.asarray(members[:, :2].copy()))
    assert np.from_dlpack(there) == pytest.approx(expected)
