"""What the labels so far show, by which ``auto`` decides which strategy asks now."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sparing.models.ridge import linear_votes
from sparing.models.structure import column_scale
from sparing.models.version import ModelVersion
from sparing.numeric.geometry import products, squared_norms, take_rows
from sparing.pool.pool import Pool
from sparing.stats.calibration import fit_temperature, tempered
from sparing.types import Features, FloatArray, IntArray

COLD_LABELS = 20  # until then, and until two labels a class, the pool is covered
COLD_LABELS_A_CLASS = 2
COVERED_LABELS = 100  # until then, and until ten a class, doubt and coverage are weighed together
COVERED_WHERE_NEIGHBORS_MISLEAD = 50
COVERED_LABELS_A_CLASS = 10
JUDGED = 2000  # labels by which neighbours and the linear model are compared
CLEARLY = 2.0  # standard errors
TELLING = 8  # labels of another class than the commonest; fewer tell nothing of a model's skill


@dataclass(frozen=True, slots=True)
class PolicyEvidence:
    """What the labels so far show.

    Parameters
    ----------
    n_labeled : labels
    n_classes : classes among them
    has_skill : whether the model foretells labels that it has not seen better than their mere
        shares do; True before there are enough labels to tell
    neighbors_agree : whether near items have the same label often enough: the nearest labeled
        items do not clearly lose against a linear model
    n_others : labels that are not of the commonest class; many if it is not given
    """

    n_labeled: int
    n_classes: int
    has_skill: bool = True
    neighbors_agree: bool = True
    n_others: int = TELLING

    @property
    def is_cold(self) -> bool:
        """Whether there are too few labels to judge a model by."""
        return self.n_labeled < max(COLD_LABELS, COLD_LABELS_A_CLASS * self.n_classes)

    @property
    def is_search(self) -> bool:
        """Whether nearly all labels are of one class: examples of others are to be found."""
        return self.n_others < TELLING

    @property
    def is_late(self) -> bool:
        """Whether there are enough labels for the model's doubt alone to guide."""
        wanted = COVERED_LABELS if self.neighbors_agree else COVERED_WHERE_NEIGHBORS_MISLEAD
        return self.n_labeled >= max(wanted, COVERED_LABELS_A_CLASS * self.n_classes)


def evidence_of(pool: Pool, version: ModelVersion) -> PolicyEvidence:
    """Return what the labels show; a model is fitted only if there are enough to judge it by.

    While the second commonest class has fewer than eight labels nothing can be told of a model's
    skill: it is taken to have some.
    """
    labeled = pool.labeled
    codes = pool.y[labeled]
    counts = np.sort(np.bincount(codes, minlength=2))[::-1]
    n_classes, n_others = int(np.count_nonzero(counts)), len(codes) - int(counts[0])
    counted = PolicyEvidence(len(labeled), n_classes, n_others=n_others)
    if counted.is_cold or counted.is_search:
        return counted
    agree = sparse.issparse(pool.X) or neighbors_agree(pool.X, labeled, codes)
    skill = counts[1] < TELLING or foretells(version.oof_proba, codes)
    return replace(counted, has_skill=skill, neighbors_agree=agree)


def foretells(oof_proba: FloatArray, codes: IntArray) -> bool:
    """Tell whether out-of-fold probabilities say more of the labels than the classes' shares do.

    By likelihood, after the probabilities were tempered, or by the recall of an average class: a
    model may know one class from another though the largest share alone is hard to beat.

    Parameters
    ----------
    oof_proba : (n_labeled, n_classes)
    codes : (n_labeled,)

    Examples
    --------
    >>> codes = np.array([0, 1] * 20)
    >>> foretells(np.eye(2)[codes], codes), foretells(np.full((40, 2), 0.5), codes)
    (True, False)
    """
    n, n_classes = oof_proba.shape
    counts = np.bincount(codes, minlength=n_classes)
    rows = np.arange(n)
    told = tempered(oof_proba, fit_temperature(oof_proba, codes))[rows, codes]
    by_share = counts[codes] / n
    if np.log(np.maximum(told, 1e-3)).mean() > np.log(by_share).mean():
        return True
    hits = oof_proba.argmax(axis=1) == codes
    present = counts > 0
    recall = np.bincount(codes, weights=hits, minlength=n_classes)[present] / counts[present]
    chance = 1 / present.sum()
    error = np.sqrt((chance * (1 - chance) / counts[present]).sum()) * chance
    return bool(recall.mean() > chance + CLEARLY * error)


def neighbors_agree(X: Features, labeled: IntArray, codes: IntArray) -> bool:
    """Tell whether the nearest labeled item foretells labels not clearly worse than a line does.

    Each label is told by the others, once by the nearest of them and once by a linear model; the
    neighbours lose clearly if the line alone is right more often, by two standard errors.

    Parameters
    ----------
    X : (n_items, n_features) dense pool
    labeled : (n_labeled,) rows
    codes : (n_labeled,) class ids

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.hstack([rng.standard_normal((200, 60)), np.repeat([[-1.5], [1.5]], 100, axis=0)])
    >>> codes = np.repeat([0, 1], 100)
    >>> neighbors_agree(X, np.arange(200), codes), neighbors_agree(X[:, -1:], np.arange(200), codes)
    (False, True)
    """
    stride = -(-len(labeled) // JUDGED)
    rows = np.asarray(take_rows(X, labeled[::stride]), dtype=np.float64)
    codes = codes[::stride]
    scale = column_scale(rows.std(axis=0))
    points = rows if scale is None else rows * scale
    norms = squared_norms(points)
    gaps = norms - 2 * products(points, points)
    np.fill_diagonal(gaps, np.inf)
    near = codes[gaps.argmin(axis=1)] == codes
    _, oof = linear_votes(rows, codes, int(codes.max()) + 1, rows.mean(axis=0), rows.std(axis=0))
    line = oof.argmax(axis=1) == codes
    only_line, only_near = np.sum(line & ~near), np.sum(near & ~line)
    return bool(only_line - only_near <= CLEARLY * np.sqrt(only_line + only_near))
