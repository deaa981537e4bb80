from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.strategies import _batch_bald
from sparing.strategies._batch_bald import joint_answers, joint_gain
from sparing.strategies.measures import bald


def committee(seed, n_members=5, n=4, n_classes=3):
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.4), size=(n_members, n))


def information(members):
    """Mutual information of all rows' answers with the member, by going through every answer."""
    _, n, n_classes = members.shape
    together = 0.0
    for codes in product(range(n_classes), repeat=n):
        chance = members[:, range(n), codes].prod(axis=1).mean()
        together -= chance * np.log(chance) if chance > 0 else 0.0
    own = -(members * np.log(np.where(members > 0, members, 1))).sum(axis=(1, 2)).mean()
    return together - own


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_gains_add_up_to_the_information_of_all(seed):
    members = committee(seed)
    gains = [bald(members[:, :1])[0]]
    for t in range(1, 4):
        answers = joint_answers(members[:, :t], np.random.default_rng(0))
        gains.append(joint_gain(members[:, t : t + 1], *answers)[0])
    assert sum(gains) == pytest.approx(information(members))


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_a_gain_is_never_above_bald(seed):
    members = committee(seed)
    answers = joint_answers(members[:, :2], np.random.default_rng(0))
    assert np.all(joint_gain(members[:, 2:], *answers) <= bald(members[:, 2:]) + 1e-12)


def test_nothing_is_said_twice():
    members = committee(0, n=1).repeat(3, axis=1)
    rng = np.random.default_rng(0)
    first = bald(members[:, :1])[0]
    second = joint_gain(members[:, :1], *joint_answers(members[:, :1], rng))[0]
    assert 0 <= second < first


def test_sampled_answers_agree_with_all_answers(monkeypatch):
    members = committee(3, n=5)
    exact = joint_gain(members[:, 4:], *joint_answers(members[:, :4], np.random.default_rng(0)))
    monkeypatch.setattr(_batch_bald, "EXACT_ANSWERS", 1)
    sampled = [
        joint_gain(members[:, 4:], *joint_answers(members[:, :4], np.random.default_rng(seed)))
        for seed in range(30)
    ]
    error = np.std(sampled) / np.sqrt(30)
    assert np.mean(sampled) == pytest.approx(exact[0], abs=4 * error)
    assert error < 0.01
