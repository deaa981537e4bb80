"""The head: slopes by differences, and what it learns from cells that say it plainly."""

import numpy as np
import pytest

from sparing.models.detection.head import (
    CellHead,
    Cells,
    _slope,
    overlap_of_edges,
    quality_loss,
)

STEP = 1e-6


def by_differences(function, x):
    slope = np.zeros_like(x)
    for at in np.ndindex(*x.shape):
        more, less = x.copy(), x.copy()
        more[at] += STEP
        less[at] -= STEP
        slope[at] = (function(more) - function(less)) / (2 * STEP)
    return slope


def test_the_slope_of_the_quality_loss_is_that_of_its_values():
    rng = np.random.default_rng(0)
    logits, target = rng.normal(size=(4, 3)), rng.uniform(size=(4, 3))
    slope, _ = quality_loss(logits, target)
    wanted = by_differences(lambda z: quality_loss(z, target)[1].sum(), logits)
    assert slope == pytest.approx(wanted, abs=1e-6)


def test_the_slope_of_the_overlap_is_that_of_its_logarithm():
    rng = np.random.default_rng(1)
    edges, truth = rng.uniform(0.5, 2, (2, 6, 4))
    _, slope = overlap_of_edges(edges, truth)
    wanted = by_differences(lambda e: np.log(overlap_of_edges(e, truth)[0]).sum(), edges)
    assert slope == pytest.approx(wanted, abs=1e-6)


def test_where_nothing_is_only_the_scores_are_moved():
    out = np.random.default_rng(2).normal(size=(5, 6))
    cells = Cells(np.zeros((5, 2)), np.full(5, -1), np.ones((5, 4)), np.ones(5))
    slope, loss = _slope(out, cells, 2)
    assert loss > 0
    assert (slope[:, 2:] == 0).all()
    assert (slope[:, :2] > 0).all()


def test_a_head_learns_classes_and_edges():
    rng = np.random.default_rng(3)
    class_ids = rng.integers(-1, 2, 300)
    X = rng.normal(size=(300, 8)).astype(np.float32) * 0.1
    X[:, 0] += class_ids
    edges = np.where(class_ids[:, None] == 1, [2, 1, 2, 1], [0.5, 1, 0.5, 1]).astype(np.float32)
    cells = Cells(X, class_ids, edges, np.ones(300, np.float32))
    head = CellHead(X.mean(axis=0), X.std(axis=0), 2, rng)
    losses = [head.step(cells, 3e-3) for _ in range(150)]
    scores, told = head.told(X)
    assert losses[-1] < losses[0] / 3
    there = class_ids >= 0
    assert (scores[there].argmax(axis=1) == class_ids[there]).mean() > 0.95
    assert overlap_of_edges(told[there], edges[there])[0].mean() > 0.8
    assert scores[~there].max(axis=1).mean() < 0.2
