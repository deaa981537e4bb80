"""A small made-up pool with a model, from which snapshots are taken for checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparing.pool.snapshot import Predict, Snapshot, Spectrum
from sparing.types import BoolArray, FloatArray, IntArray

N_FEATURES = 6
N_CLASSES = 3
N_MEMBERS = 4
N_PAIRS = 5
MOST_LABELED = 100


@dataclass(frozen=True, eq=False, slots=True)
class World:
    """A pool and a linear model of it; rows and classes can be renumbered.

    Every field of its snapshots follows from these arrays, so a renumbered world gives a
    renumbered snapshot.

    Parameters
    ----------
    X : (n_items, n_features)
    weights : (n_members + 1, n_features, n_classes) of the model and of the committee
    vectors : (n_items, n_pairs) of the spectrum
    eligible : (n_items,)
    labeled : (n_labeled,) ascending
    codes : (n_labeled,)
    """

    X: FloatArray
    weights: FloatArray
    vectors: FloatArray
    eligible: BoolArray
    labeled: IntArray
    codes: IntArray

    @classmethod
    def made_up(cls, n_items: int = 40, seed: int = 0) -> "World":
        """Draw a world: a quarter labeled (100 at most), a tenth skipped, the rest may be asked.

        Examples
        --------
        >>> s = World.made_up().snapshot(frozenset({"proba"}))
        >>> s.proba.shape, s.n_classes, len(s.candidates), s.committee
        ((40, 3), 3, 26, None)
        """
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_items, N_FEATURES))
        weights = rng.standard_normal((N_MEMBERS + 1, N_FEATURES, N_CLASSES))
        weights[1:] = weights[0] + 0.5 * weights[1:]
        vectors = np.linalg.qr(rng.standard_normal((n_items, N_PAIRS)))[0]
        shuffled = rng.permutation(n_items)
        n_labeled = min(n_items // 4, MOST_LABELED)
        labeled, skipped = np.split(shuffled[: n_labeled + n_items // 10], [n_labeled])
        eligible = np.ones(n_items, dtype=bool)
        eligible[labeled] = eligible[skipped] = False
        labeled = np.sort(labeled)
        codes = np.argmax(X[labeled] @ weights[0], axis=1)
        return cls(X, weights, vectors, eligible, labeled, codes)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return int(self.weights.shape[2])

    def snapshot(self, requires: frozenset[str]) -> Snapshot:
        """Return fresh writable copies of exactly the fields that are required."""
        predict = _linear_model(self.weights[0])
        fields: dict[str, Callable[[], Any]] = {
            "proba": lambda: predict(self.X),
            "oof_proba": lambda: 0.8 * predict(self.X[self.labeled]) + 0.2 / self.n_classes,
            "committee": lambda: _LinearCommittee(self.weights[1:], self.X),
            "spectrum": lambda: Spectrum(np.arange(N_PAIRS) / N_PAIRS, self.vectors.copy()),
            "predict": lambda: predict,
            "refit": lambda: self._refit,
        }
        made = {name: make() for name, make in fields.items() if name in requires}
        own = (self.X.copy(), self.eligible.copy(), self.labeled.copy(), self.codes.copy())
        return Snapshot(*own, self.n_classes, **made)

    def with_rows(self, order: IntArray) -> "World":
        """Return the world whose row i is row ``order[i]`` of this one."""
        place = np.argsort(order)[self.labeled]
        by_place = np.argsort(place)
        return replace(
            self,
            X=self.X[order],
            vectors=self.vectors[order],
            eligible=self.eligible[order],
            labeled=place[by_place],
            codes=self.codes[by_place],
        )

    def with_classes(self, order: IntArray) -> "World":
        """Return the world whose class i is class ``order[i]`` of this one."""
        return replace(self, weights=self.weights[:, :, order], codes=np.argsort(order)[self.codes])

    def certain(self) -> "World":
        """Return a world whose model and committee give probabilities of exactly 0 and 1."""
        return replace(self, weights=self.weights * 1e6)

    def doubled(self) -> "World":
        """Return a world in which the second half of the rows repeats the first."""
        half = np.arange(len(self.X)) % ((len(self.X) + 1) // 2)
        return replace(self, X=self.X[half], vectors=self.vectors[half])

    def without_labels(self) -> "World":
        """Return the world as it is before the first answer."""
        return replace(self, labeled=self.labeled[:0], codes=self.codes[:0])

    def with_one_candidate(self) -> "World":
        """Return a world in which a single row may be asked."""
        only = np.zeros_like(self.eligible)
        only[np.flatnonzero(self.eligible)[0]] = True
        return replace(self, eligible=only)

    def _refit(self, rows: IntArray, codes: IntArray) -> Predict:
        """Fit class means: the simplest model that changes with each label."""
        X = self.X[rows]
        means = [
            X[codes == c].mean(axis=0) if (codes == c).any() else np.zeros(X.shape[1])
            for c in range(self.n_classes)
        ]
        return _linear_model(np.transpose(means))


@dataclass(frozen=True, eq=False, slots=True)
class _LinearCommittee:
    weights: FloatArray
    X: FloatArray

    @property
    def n_members(self) -> int:
        return len(self.weights)

    def blocks(self, rows: IntArray) -> Iterator[FloatArray]:
        """Yield at least seven rows at a time, so that even small worlds have several blocks."""
        step = max(7, len(rows) // 50)
        for start in range(0, len(rows), step):
            X = self.X[rows[start : start + step]]
            yield np.stack([_linear_model(w)(X) for w in self.weights])


def _linear_model(weights: FloatArray) -> Predict:
    def predict(X: FloatArray) -> FloatArray:
        logits = X @ weights
        proba = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(proba / proba.sum(axis=1, keepdims=True))

    return predict
