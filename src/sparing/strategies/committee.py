"""Strategies that let several models of the same task disagree."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sparing._validate import check_int, invalid
from sparing.numeric.geometry import row_blocks
from sparing.numeric.selection import lazy_greedy, top_k
from sparing.pool.snapshot import Snapshot
from sparing.strategies import measures
from sparing.strategies._batch_bald import JointInformation
from sparing.strategies.base import QueryStrategy, Selection, given
from sparing.types import FloatArray, IntArray

LARGEST_JOINT = 10  # picks whose joint distribution is still worth reckoning with


class _Disagreement(QueryStrategy):
    """A measure of (n_members, block, n_classes), block by block."""

    requires: ClassVar[frozenset[str]] = frozenset({"committee"})

    @abstractmethod
    def _measure(self, member_proba: FloatArray) -> FloatArray: ...

    def utility(self, s: Snapshot) -> FloatArray:
        """Return how much the members disagree about each candidate."""
        blocks = given(s, "committee").blocks(s.candidates)
        return np.concatenate([self._measure(block) for block in blocks])


class Bald(_Disagreement):
    """Ask where the members are each sure and do not agree.

    Examples
    --------
    The members contradict each other on row 0 and agree to be unsure on row 1:

    >>> from sparing.strategies import choose
    >>> class Two:
    ...     n_members = 2
    ...     def blocks(self, rows):
    ...         yield np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])[:, rows]
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 2, committee=Two())
    >>> choose(Bald(), s, 1, np.random.default_rng(0)).rows
    array([0])

    References
    ----------
    Houlsby, Huszár, Ghahramani & Lengyel (2011), arXiv 1112.5745
    """

    name: ClassVar[str] = "bald"
    reason: ClassVar[str] = "several models are each sure, and contradict one another"

    def _measure(self, member_proba: FloatArray) -> FloatArray:
        return np.asarray(measures.bald(member_proba))


class QueryByCommittee(_Disagreement):
    """Ask where the members' votes are split.

    Parameters
    ----------
    measure : ``"vote_entropy"``, ``"variation_ratio"`` or ``"consensus_kl"``

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> class Two:
    ...     n_members = 2
    ...     def blocks(self, rows):
    ...         yield np.array([[[0.6, 0.4], [0.6, 0.4]], [[0.4, 0.6], [0.9, 0.1]]])[:, rows]
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 2, committee=Two())
    >>> choose(QueryByCommittee(), s, 1, np.random.default_rng(0)).rows
    array([0])

    References
    ----------
    Seung, Opper & Sompolinsky (1992); Dagan & Engelson (1995); McCallum & Nigam (1998)
    """

    name: ClassVar[str] = "qbc"
    reason: ClassVar[str] = "several models vote for different answers"

    def __init__(self, measure: str = "vote_entropy") -> None:
        self.measure = measure

    def _measure(self, member_proba: FloatArray) -> FloatArray:
        if self.measure == "consensus_kl":
            return np.asarray(measures.consensus_kl(member_proba))
        votes, n_classes = member_proba.argmax(axis=2), member_proba.shape[2]
        if self.measure == "vote_entropy":
            return np.asarray(measures.vote_entropy(votes, n_classes))
        if self.measure == "variation_ratio":
            return np.asarray(measures.variation_ratio(votes, n_classes))
        expected = "'vote_entropy', 'variation_ratio' or 'consensus_kl'"
        raise invalid("measure", "QueryByCommittee", expected, self.measure)


class BatchBald(_Disagreement):
    """Ask for the batch that tells most about the model jointly: no two items say the same.

    For batches of at most 10: beyond it the joint distribution of the answers is too large. It is
    exact for the first picks and estimated from samples of answers after them.

    Raises
    ------
    InvalidInputError : ``batch_size`` above 10

    Examples
    --------
    Rows 0 and 1 tell the same, row 2 a little more:

    >>> from sparing.strategies import choose
    >>> sure = [[1.0, 0.0], [1.0, 0.0], [0.8, 0.2]], [[0.0, 1.0], [0.0, 1.0], [0.8, 0.2]]
    >>> other = [[1.0, 0.0], [1.0, 0.0], [0.2, 0.8]], [[0.0, 1.0], [0.0, 1.0], [0.2, 0.8]]
    >>> class Four:
    ...     n_members = 4
    ...     def blocks(self, rows):
    ...         yield np.array([*sure, *other])[:, rows]
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(3), np.ones(3, bool), nobody, nobody, 2, committee=Four())
    >>> choose(BatchBald(), s, 2, np.random.default_rng(0)).rows
    array([0, 2])

    References
    ----------
    Kirsch, van Amersfoort & Gal (2019), arXiv 1906.08158
    """

    name: ClassVar[str] = "batch_bald"
    reason: ClassVar[str] = "the answers of this batch together tell most about the model"

    def _measure(self, member_proba: FloatArray) -> FloatArray:
        return np.asarray(measures.bald(member_proba))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the greedy picks; mutual information only falls, so BALD bounds each gain."""
        k = check_int("batch_size", "batch_bald", batch_size, 1, LARGEST_JOINT)
        bounds, rows = self.utility(s), s.candidates
        # Ties are broken by where they stand: shuffle once.
        order = top_k(bounds, len(bounds), rng)
        joint = JointInformation(given(s, "committee"), rows[order], rng)
        picks, gains = lazy_greedy(bounds[order], joint, k)
        return Selection.chosen(rows[order[picks]], gains)


class Epig(QueryStrategy):
    """Ask what tells most about the answers for other items, not about the model as such.

    Parameters
    ----------
    n_targets : items, drawn evenly from the pool, whose answers count
    n_candidates : candidates that are looked at; where there are more, they are drawn evenly

    Examples
    --------
    >>> from sparing.strategies import choose
    >>> class Two:
    ...     n_members = 2
    ...     def blocks(self, rows):
    ...         yield np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])[:, rows]
    >>> nobody = np.array([], int)
    >>> s = Snapshot(np.eye(2), np.ones(2, bool), nobody, nobody, 2, committee=Two())
    >>> choose(Epig(), s, 1, np.random.default_rng(0)).rows
    array([0])

    References
    ----------
    Bickford Smith et al. (2023), arXiv 2304.08151
    """

    name: ClassVar[str] = "epig"
    requires: ClassVar[frozenset[str]] = frozenset({"committee"})

    def __init__(self, n_targets: int = 100, n_candidates: int = 100_000) -> None:
        self.n_targets = n_targets
        self.n_candidates = n_candidates

    @property
    def reason(self) -> str:  # type: ignore[override]  # it tells how many are looked at
        """Why an item is asked, with how many were compared at most."""
        return f"of up to {self.n_candidates:,}, its answer tells most about those for other items"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the expected gain about targets drawn by a fixed seed."""
        return self._gain(s, s.candidates, np.random.default_rng(0))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the candidates with the highest gain about targets drawn afresh."""
        n_tried = check_int("n_candidates", "Epig", self.n_candidates, 1)
        tried = np.sort(rng.permutation(s.candidates)[: max(n_tried, batch_size)])
        gain = self._gain(s, tried, rng)
        picks = top_k(gain, batch_size, rng)
        return Selection.chosen(tried[picks], gain[picks])

    def _gain(self, s: Snapshot, tried: IntArray, rng: np.random.Generator) -> FloatArray:
        committee, n = given(s, "committee"), s.X.shape[0]
        n_targets = min(n, check_int("n_targets", "Epig", self.n_targets, 1))
        rows = np.sort(rng.permutation(n)[:n_targets])
        targets = np.concatenate(list(committee.blocks(rows)), axis=1)
        return np.concatenate([_gain_of_block(b, targets) for b in committee.blocks(tried)])


def _gain_of_block(member_proba: FloatArray, targets: FloatArray) -> FloatArray:
    """EPIG, a few rows at a time: each makes n_targets n_classes**2 joint probabilities."""
    _, n, n_classes = member_proba.shape
    spans = row_blocks(n, targets[0].size * n_classes)
    return np.concatenate([measures.epig(member_proba[:, span], targets) for span in spans])
