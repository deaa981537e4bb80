"""The article's experiments over many shuffles of the pool: what of its gain is real."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy import stats

from sparing.experiment.article import (
    N_MANUAL,
    POOL_SIZE,
    TEST_SIZE,
    Digits,
    LabelingSession,
    active_rounds,
    auto_label_all,
    fit_first,
    most_confident_first,
    one_blas_thread,
    watch_held_out,
    watch_test,
)
from sparing.types import FloatArray

EXPERIMENTS = ("all", "first_400", "least_confident", "auto_label_all", "most_confident_first")
PROTOCOLS = ("stopped_on_test", "stopped_on_held_out")
TEST_SETS: dict[str, int | None] = {"test_400": TEST_SIZE, "test_all": None}
FEWEST_FOR_INTERVAL = 5
N_FULL = 5  # shuffles that also run most-confident-first, the slow one

# protocol -> experiment -> test set -> accuracy
ShuffleScores = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean, spread and 95 % interval of one figure over shuffles.

    Parameters
    ----------
    mean, sd : over the shuffles; the standard deviation is of one run, not of the mean
    low, high : Student's t interval of the mean; None for fewer than five shuffles, as ``sd`` is
        for a single one
    values : the figure of each shuffle
    """

    mean: float
    sd: float | None
    low: float | None
    high: float | None
    values: list[float]


def summarize(values: FloatArray) -> Summary:
    """Summarize one figure over shuffles.

    Examples
    --------
    >>> s = summarize(np.array([0.81, 0.82, 0.83, 0.84, 0.85]))
    >>> round(s.mean, 3), round(s.low, 3), round(s.high, 3)
    (0.83, 0.81, 0.85)
    """
    n, mean = len(values), float(values.mean())
    sd = float(values.std(ddof=1)) if n > 1 else None
    if sd is None or n < FEWEST_FOR_INTERVAL:
        return Summary(mean, sd, None, None, values.tolist())
    half = float(stats.t.ppf(0.975, n - 1)) * sd / n**0.5
    return Summary(mean, sd, mean - half, mean + half, values.tolist())


def run_shuffles(
    digits: Digits, n_shuffles: int, seed: int, *, full: bool, n_jobs: int
) -> Iterator[tuple[int, ShuffleScores]]:
    """Yield (shuffle, its scores) as each is done, in any order; each has its own seed."""
    jobs = (
        delayed(run_shuffle)(digits, seed, i, full=full and i < N_FULL) for i in range(n_shuffles)
    )
    return iter(Parallel(n_jobs, return_as="generator_unordered")(jobs))


def run_shuffle(
    digits: Digits, seed: int, shuffle: int, *, full: bool
) -> tuple[int, ShuffleScores]:
    """Run all experiments on the pool in one random order, under both protocols."""
    shuffled = digits.shuffled(np.random.default_rng([seed, shuffle]))
    watches = (watch_test(shuffled), watch_held_out)
    with one_blas_thread():
        return shuffle, {
            protocol: _run_experiments(LabelingSession(shuffled, watch), full=full)
            for protocol, watch in zip(PROTOCOLS, watches, strict=True)
        }


def _run_experiments(session: LabelingSession, *, full: bool) -> dict[str, dict[str, float]]:
    scores = {}
    fit_first(session, POOL_SIZE)
    scores["all"] = _score(session)
    fit_first(session, N_MANUAL)
    scores["first_400"] = _score(session)
    for _ in active_rounds(session):
        pass
    scores["least_confident"] = _score(session)
    rest = session.fork()
    auto_label_all(rest)
    scores["auto_label_all"] = _score(rest)
    if full:
        for _ in most_confident_first(session):
            pass
        scores["most_confident_first"] = _score(session)
    return scores


def _score(session: LabelingSession) -> dict[str, float]:
    return {name: session.accuracy(n_test) for name, n_test in TEST_SETS.items()}


@dataclass(frozen=True, slots=True)
class Honest:
    """All shuffles together.

    Parameters
    ----------
    n_shuffles : how many were run
    summary : protocol -> test set -> experiment -> Summary
    gain : protocol -> test set -> Summary of the paired difference, least confident minus the
        first 400 of the same shuffle
    """

    n_shuffles: int
    summary: dict[str, dict[str, dict[str, Summary]]]
    gain: dict[str, dict[str, Summary]]


def gather(shuffles: list[ShuffleScores]) -> Honest:
    """Summarize the scores of the shuffles."""
    summary: dict[str, dict[str, dict[str, Summary]]] = {}
    gain: dict[str, dict[str, Summary]] = {}
    for protocol in PROTOCOLS:
        runs = [s[protocol] for s in shuffles]
        for test in TEST_SETS:
            values = {
                name: np.array([run[name][test] for run in runs if name in run])
                for name in EXPERIMENTS
            }
            present = {name: summarize(v) for name, v in values.items() if len(v)}
            summary.setdefault(protocol, {})[test] = present
            paired = values["least_confident"] - values["first_400"]
            gain.setdefault(protocol, {})[test] = summarize(paired)
    return Honest(len(shuffles), summary, gain)
