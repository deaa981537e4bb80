"""The intervals that ship, simulated: they hold the truth as often as they say."""

import numpy as np
import pytest

from sparing.stats.hypergeometric import lower_limit, upper_limit
from sparing.stats.intervals import PoolConfidence, Strata, stratified_interval, uniform_interval

N_RUNS = 4000
NOISE = 3 * np.sqrt(0.05 * 0.95 / N_RUNS)


def world(kind, n=3000, seed=0):
    """Return confidences and whether each prediction is right."""
    rng = np.random.default_rng(seed)
    sure = 1 - 0.6 * rng.random(n) ** 2
    error = {
        "calibrated": 1 - sure,
        "few errors": (1 - sure) / 8,
        "overconfident": np.minimum(2 * (1 - sure), 1),
        "useless": np.full(n, 0.15),
        "backwards": sure / 5,
        "constant": np.full(n, 0.1),
    }[kind]
    if kind == "constant":
        sure = np.full(n, 0.9)
    return sure, (rng.random(n) >= error).astype(float)


KINDS = ("calibrated", "few errors", "overconfident", "useless", "backwards", "constant")


def drawn(rng, n, m):
    rows = np.argpartition(rng.random((N_RUNS, n), dtype=np.float32), m - 1, axis=1)[:, :m]
    return rng.permuted(rows, axis=1)


def holds(found, truth):
    return np.mean((found.low <= truth + 1e-12) & (truth - 1e-12 <= found.high))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [50, 200])
def test_a_uniform_audit_holds_the_truth_of_this_pool(kind, m):
    sure, right = world(kind)
    rows = drawn(np.random.default_rng(1), len(sure), m)
    found = uniform_interval(right[rows], sure[rows], PoolConfidence.of(sure), False, 0.05)
    assert holds(found, right.mean()) >= 0.945 - NOISE


@pytest.mark.parametrize("kind", ["calibrated", "few errors", "backwards"])
def test_a_uniform_audit_holds_the_truth_of_new_items(kind):
    """Each run has a pool of its own from one endless source, and its own audit of it."""
    rng = np.random.default_rng(2)
    sure, right = world(kind, n=200_000, seed=5)
    n, m = 400, 100
    pools = rng.integers(len(sure), size=(N_RUNS, n))
    held = 0
    for pool in pools:
        rows = pool[:m]  # a pool is in random order already
        found = uniform_interval(
            right[rows][None], sure[rows][None], PoolConfidence.of(sure[pool]), True, 0.05
        )
        held += holds(found, right.mean())
    assert held / N_RUNS >= 0.945 - NOISE


def test_new_items_are_less_certain_than_this_pool():
    sure, right = world("calibrated", n=400)
    rows = drawn(np.random.default_rng(1), 400, 100)[:200]
    pool, new = (
        uniform_interval(right[rows], sure[rows], PoolConfidence.of(sure), about_new, 0.05)
        for about_new in (False, True)
    )
    assert np.median((new.high - new.low) / (pool.high - pool.low)) > 1.1


@pytest.mark.parametrize("m", [1, 2, 4])
@pytest.mark.parametrize("new", [False, True])
def test_an_audit_of_very_few_items_is_exact_and_warns_of_nothing(m, new):
    right = np.array([[1.0] * m, [0.0] * m])
    found = uniform_interval(right, np.full((2, m), 0.9), PoolConfidence(50, 0.9, 0.01), new, 0.05)
    assert found.few.all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert found.high[0] == 1
    if new:  # Clopper and Pearson: the m-th root of 2.5 %
        assert found.low[0] == pytest.approx(0.025 ** (1 / m))


def test_few_errors_are_bounded_exactly_and_no_confidence_is_believed():
    right = np.ones((2, 100))
    right[:, :9] = 0
    sure = np.random.default_rng(0).random((2, 100))
    found = uniform_interval(right, sure, PoolConfidence(900, 0.1, 0.2), False, 0.05)
    assert found.few.all()
    assert found.value.tolist() == [0.91, 0.91]
    assert found.low[0] == lower_limit(91, 900, 100, 0.025) / 900
    assert found.high[0] == upper_limit(91, 900, 100, 0.025) / 900
    right[0, 9] = 0
    assert uniform_interval(
        right, sure, PoolConfidence(900, 0.1, 0.2), False, 0.05
    ).few.tolist() == [
        False,
        True,
    ]


def test_confidences_make_it_narrower_and_a_lucky_draw_is_corrected():
    sure, right = world("calibrated")
    rows = drawn(np.random.default_rng(1), len(sure), 200)
    pool = PoolConfidence.of(sure)
    powered = uniform_interval(right[rows], sure[rows], pool, False, 0.05)
    flat = uniform_interval(right[rows], np.full(rows.shape, 0.8), pool, False, 0.05)
    assert np.median((powered.high - powered.low) / (flat.high - flat.low)) < 0.95
    lucky = sure[rows].mean(axis=1) - sure.mean()
    before = np.corrcoef(lucky, right[rows].mean(axis=1))[0, 1]
    after = np.corrcoef(lucky, powered.value)[0, 1]
    assert before > 0.2 > abs(after)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [50, 200])
def test_a_stratified_audit_holds_the_truth(kind, m):
    sure, right = world(kind)
    order = np.argsort(sure, kind="stable")
    parts = np.array_split(order, 4)
    shares = np.array([0.35, 0.28, 0.22, 0.15])
    counts = np.diff(np.round(np.cumsum(shares) * m), prepend=0).astype(int)
    rng = np.random.default_rng(3)
    wrong = np.stack(
        [
            (1 - right[p])[drawn(rng, len(p), c)].sum(axis=1)
            for p, c in zip(parts, counts, strict=True)
        ],
        axis=1,
    )
    strata = Strata(np.array([len(p) for p in parts]), counts)
    found = stratified_interval(wrong, strata, False, 0.05)
    assert holds(found, right.mean()) >= 0.94 - NOISE
    assert abs(found.value.mean() - right.mean()) < 0.02


def test_one_stratum_with_few_errors_is_garwoods_interval():
    """Exact Poisson limits of 3 events: 0.6187 and 8.7673."""
    strata = Strata(np.array([1000]), np.array([100]))
    found = stratified_interval(np.array([[3]]), strata, False, 0.05)
    assert 1 - found.high[0] == pytest.approx(0.006187, abs=1e-6)
    assert 1 - found.low[0] == pytest.approx(0.087673, abs=1e-6)


def test_few_right_answers_are_the_mirror_image():
    strata = Strata(np.array([500, 500]), np.array([30, 70]))
    errors = stratified_interval(np.array([[2, 3]]), strata, False, 0.05)
    rights = stratified_interval(np.array([[28, 67]]), strata, False, 0.05)
    assert rights.low[0] == pytest.approx(1 - errors.high[0])
    assert rights.value[0] == pytest.approx(1 - errors.value[0])


@pytest.mark.parametrize("m", [20, 100, 297, 299, 300])
@pytest.mark.parametrize("new", [False, True])
def test_no_estimate_lies_outside_its_interval(m, new):
    """Not even where all are right, or where nearly all of the pool was audited."""
    n = 300
    right = np.tril(np.ones((m + 1, m)), -1)  # 0 to m of them right
    sure = np.full_like(right, 0.9)
    found = uniform_interval(right, sure, PoolConfidence(n, 0.9, 0.0), new, 0.05)
    assert np.all((found.low <= found.value) & (found.value <= found.high))
    assert found.high[-1] == 1
    assert found.low[0] == 0


PLACES = {  # the strata in which errors are, the least sure first
    "least sure": (1, 0, 0, 0), "second": (0, 1, 0, 0), "third": (0, 0, 1, 0),
    "surest": (0, 0, 0, 1), "everywhere": (1, 1, 1, 1), "both ends": (1, 0, 0, 1),
}  # fmt: skip
DRAWS = {  # of 1,000 items in four strata, as the model is ever surer of most of them
    30: [(8, 8, 7, 7), (12, 8, 6, 4), (15, 7, 4, 4), (9, 8, 7, 6)],
    50: [(13, 13, 12, 12), (20, 13, 10, 7), (26, 11, 7, 6), (15, 13, 12, 10)],
    100: [(25, 25, 25, 25), (40, 27, 19, 14), (51, 22, 14, 13), (29, 27, 24, 20)],
    200: [(51, 50, 50, 49), (80, 53, 39, 28), (103, 44, 28, 25), (59, 53, 48, 40)],
}


@pytest.mark.parametrize("m", DRAWS)
@pytest.mark.parametrize("rates", [(0.02, 0.1, 0.3, 0.6), (0.05, 0.2, 0.8, 0.95)])
def test_a_stratified_audit_holds_the_truth_wherever_the_errors_are(m, rates):
    """Twice 384 cells, 94 % in each: with Wilson's form the worst of them held 89 %."""
    size, rng, held = np.full(4, 250), np.random.default_rng(m), {}
    for draws in DRAWS[m]:
        for place, share in PLACES.items():
            for rate in rates:
                bad = np.round(np.array(share) * rate * size).astype(int)
                wrong = rng.hypergeometric(bad, size - bad, draws, (2000, 4)).astype(float)
                found = stratified_interval(wrong, Strata(size, np.array(draws)), False, 0.05)
                held[draws, place, rate] = holds(found, 1 - bad.sum() / size.sum())
    worst = min(held, key=held.get)
    assert held[worst] >= 0.94, (worst, held[worst])
