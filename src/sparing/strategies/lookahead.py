"""Expected error reduction: train on every possible answer and see which helps most."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from sparing._validate import check_int
from sparing.numeric.geometry import take_rows
from sparing.numeric.selection import top_k
from sparing.pool.snapshot import Snapshot
from sparing.strategies import measures
from sparing.strategies.base import QueryStrategy, Selection, given
from sparing.types import Features, FloatArray


class ExpectedErrorReduction(QueryStrategy):
    """Ask what is expected to leave the model surest about the pool, by refitting it every time.

    One fit for each candidate and class, so only ``n_candidates`` drawn evenly are looked at, and
    the error is judged on ``n_judged`` items. With labels of fewer than two classes there is no
    model to refit and every candidate counts the same.

    Parameters
    ----------
    n_candidates : how many candidates are tried
    n_judged : how many items the expected error is measured on

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sparing.strategies import choose
    >>> X = np.array([[0.0], [0.1], [4.0], [9.0], [5.0]])
    >>> def refit(rows, codes):
    ...     return LogisticRegression().fit(X[rows], codes).predict_proba
    >>> rows, codes = np.array([0, 3]), np.array([0, 1])
    >>> s = Snapshot(X, np.array([False, True, True, False, True]), rows, codes, 2,
    ...              proba=refit(rows, codes)(X), refit=refit)
    >>> choose(ExpectedErrorReduction(), s, 1, np.random.default_rng(0)).rows
    array([2])

    References
    ----------
    Roy & McCallum (2001)
    """

    name: ClassVar[str] = "expected_error_reduction"
    requires: ClassVar[frozenset[str]] = frozenset({"proba", "refit"})

    def __init__(self, n_candidates: int = 100, n_judged: int = 1000) -> None:
        self.n_candidates = n_candidates
        self.n_judged = n_judged

    @property
    def reason(self) -> str:  # type: ignore[override]  # it tells how many were tried
        """Why an item is asked, with how many were compared."""
        return f"of {self.n_candidates} drawn at random, its answer should help the model most"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return minus the expected error after asking each candidate: a fit for each class."""
        return self._gains(s, np.random.default_rng(0))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the best of a random few of the candidates, at least ``batch_size``."""
        n_tried = check_int("n_candidates", "ExpectedErrorReduction", self.n_candidates, 1)
        tried = np.sort(rng.permutation(s.candidates)[: max(n_tried, batch_size)])
        eligible = np.zeros(len(s.eligible), dtype=bool)
        eligible[tried] = True
        gains = self._gains(replace(s, eligible=eligible), rng)
        picks = top_k(gains, batch_size, rng)
        return Selection.chosen(tried[picks], gains[picks])

    def _gains(self, s: Snapshot, rng: np.random.Generator) -> FloatArray:
        if len(np.unique(s.codes)) < 2:
            return np.zeros(len(s.candidates))
        n_judged = check_int("n_judged", "ExpectedErrorReduction", self.n_judged, 1)
        judged = take_rows(s.X, np.sort(rng.permutation(s.X.shape[0])[:n_judged]))
        return np.array([-self._expected_error(s, row, judged) for row in s.candidates])

    def _expected_error(self, s: Snapshot, row: int, judged: Features) -> float:
        """The mean error that the refitted model itself expects, over what the answer may be."""
        refit, rows, expected = given(s, "refit"), np.append(s.labeled, row), 0.0
        for code, chance in enumerate(given(s, "proba")[row]):
            if chance > 0:
                predict = refit(rows, np.append(s.codes, code))
                expected += chance * float(np.mean(measures.least_confidence(predict(judged))))
        return expected
