"""The joint information that several answers give about which member of a committee is right."""

import numpy as np

from sparing.pool.snapshot import Committee
from sparing.strategies.measures import bald, entropy
from sparing.types import FloatArray, IntArray

EXACT_ANSWERS = 2048  # combinations of answers up to which all are gone through
SAMPLED_ANSWERS = 1024


class JointInformation:
    """Gain of asking a row in addition to the rows picked before, in nats.

    Callable as :func:`sparing.numeric.selection.lazy_greedy` wants it. What the picked rows may
    answer is listed in full as long as there are no more than 2,048 combinations, else sampled.

    Parameters
    ----------
    committee : gives (n_members, block, n_classes) for rows of the pool
    rows : (n,) rows of the pool that positions stand for
    rng : samples answers
    """

    def __init__(self, committee: Committee, rows: IntArray, rng: np.random.Generator) -> None:
        self._committee = committee
        self._rows = rows
        self._rng = rng
        nothing: tuple[int, FloatArray, FloatArray] = (0, np.ones((1, 1)), np.ones(1))
        self._answers = nothing  # of how many picked rows, and what joint_answers said

    def __call__(self, positions: IntArray, picked: IntArray) -> FloatArray:
        """Return the gain of each position beside those picked, (n_positions,)."""
        proba = self._proba(positions)
        if not len(picked):
            return np.asarray(bald(proba))
        if len(picked) != self._answers[0]:
            self._answers = (len(picked), *joint_answers(self._proba(picked), self._rng))
        return joint_gain(proba, *self._answers[1:])

    def _proba(self, positions: IntArray) -> FloatArray:
        blocks = self._committee.blocks(self._rows[positions])
        return np.concatenate(list(blocks), axis=1).astype(np.float64)


def joint_answers(picked: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """List what the picked rows may answer together, in full or by samples.

    Parameters
    ----------
    picked : (n_members, n_picked, n_classes)
    rng : samples, where there are too many combinations

    Returns
    -------
    answers : (n_answers, n_members) probability of each combination under each member
    weights : (n_answers,) how much each counts in a sum over all combinations

    Examples
    --------
    >>> picked = np.array([[[1.0, 0.0]], [[0.5, 0.5]]])
    >>> joint_answers(picked, np.random.default_rng(0))
    (array([[1. , 0.5], [0. , 0.5]]), array([1., 1.]))
    """
    n_members, n_picked, n_classes = picked.shape
    if n_classes**n_picked <= EXACT_ANSWERS:
        answers = np.ones((1, n_members))
        for t in range(n_picked):
            answers = (answers[:, None, :] * picked[:, t, :].T).reshape(-1, n_members)
        return answers, np.ones(len(answers))
    members = rng.integers(n_members, size=SAMPLED_ANSWERS)
    ladder = picked[members].cumsum(axis=2)  # (n_samples, n_picked, n_classes)
    marks = rng.random((SAMPLED_ANSWERS, n_picked, 1)) * ladder[:, :, -1:]
    codes = (ladder <= marks).sum(axis=2)
    answers = picked[:, np.arange(n_picked), codes].prod(axis=2).T
    return answers, 1 / (SAMPLED_ANSWERS * answers.mean(axis=1))


def joint_gain(proba: FloatArray, answers: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the information that each row adds to the answers already expected, (n,) nats.

    Parameters
    ----------
    proba : (n_members, n, n_classes)
    answers, weights : from :func:`joint_answers`

    Examples
    --------
    A row that repeats the one picked adds nothing:

    >>> proba = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> joint_gain(proba, *joint_answers(proba, np.random.default_rng(0)))
    array([0.])
    """
    n_members, n, n_classes = proba.shape
    together = answers @ proba.reshape(n_members, -1) / n_members
    together = together.reshape(len(answers), n, n_classes)
    before = weights @ entropy(answers.mean(axis=1)[:, None])
    return np.asarray(weights @ entropy(together) - before - entropy(proba).mean(axis=0))
