"""Everything that ``sparing reproduce`` shows, computed in stages that report their progress."""

import os
import platform
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from threadpoolctl import threadpool_info

from sparing.datasets.mnist import Mnist
from sparing.experiment.article import (
    N_MANUAL,
    POOL_SIZE,
    Digits,
    LabelingSession,
    active_rounds,
    auto_label_all,
    fit_first,
    most_confident_first,
    one_blas_thread,
    watch_test,
)
from sparing.experiment.clustering import Clustering, cluster_digits
from sparing.experiment.engine import EngineResult, run_engine
from sparing.experiment.fragility import VARIANTS, Variant, run_variant
from sparing.experiment.honest import Honest, ShuffleScores, gather, run_shuffles
from sparing.types import FloatArray, IntArray, Progress

N_REST = POOL_SIZE - N_MANUAL


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """Test accuracy against the number of labels."""

    labels: list[int]
    accuracy: list[float]


@dataclass(frozen=True, eq=False, slots=True)
class ArticleResult:
    """The article's experiments in its own protocol; accuracies are fractions of 400 digits.

    Parameters
    ----------
    all, first_400 : 4,000 labels, and the first 400
    active : the curve of the 40 batches
    auto_label_all : after labeling the other 3,600 by the model, all at once
    most_confident_first : the curve while the model labels its ten most confident at a time
    asked : (400,) rows of the pool in the order in which they were asked
    confidence_first, confidence_rest : sorted confidences after the first batch and after the
        last
    """

    all: float
    first_400: float
    active: Curve
    auto_label_all: float
    most_confident_first: Curve
    asked: IntArray
    confidence_first: FloatArray
    confidence_rest: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Reproduction:
    """All results with what they were computed from.

    Parameters
    ----------
    digits : the pool and the test digits
    source : where the digits came from, in words
    checksums : file -> SHA-256 of the raw data
    is_article_test : whether the test digits are the article's
    seed : of the shuffles and of k-means
    article, clustering, engine, fragility, honest : the results
    n_wanted : shuffles that were asked for; more than were run if the person stopped it
    """

    digits: Digits
    source: str
    checksums: dict[str, str]
    is_article_test: bool
    seed: int
    article: ArticleResult
    clustering: Clustering
    engine: EngineResult
    fragility: list[Variant]
    honest: Honest
    n_wanted: int

    @property
    def interrupted(self) -> bool:
        """Whether fewer shuffles were run than asked for."""
        return self.honest.n_shuffles < self.n_wanted


def reproduce(
    mnist: Mnist, *, n_shuffles: int, seed: int, full: bool, tick: Progress
) -> Reproduction:
    """Run everything; an interrupt during the shuffles keeps those that are done.

    Parameters
    ----------
    mnist : the digits
    n_shuffles : random orders of the pool for the honest figures, >= 1
    seed : of the shuffles and of k-means
    full : run most-confident-first on the first five shuffles too
    tick : told of the progress of each stage
    """
    digits = Digits.of_article(mnist)
    with one_blas_thread():
        article = run_article(digits, tick)
        fragility = []
        for i, name in enumerate(VARIANTS):
            tick("fragility", i, len(VARIANTS))
            fragility.append(run_variant(mnist, name))
        tick("fragility", len(VARIANTS), len(VARIANTS))
    engine = run_engine(digits, seed, partial(tick, "this engine"))
    clustering = cluster_digits(digits, seed, partial(tick, "clustering"))
    shuffles = _run_shuffles(digits, n_shuffles, seed, full=full, tick=tick)
    return Reproduction(
        digits=digits,
        source=mnist.source,
        checksums=dict(mnist.checksums),
        is_article_test=mnist.is_article_test,
        seed=seed,
        article=article,
        clustering=clustering,
        engine=engine,
        fragility=fragility,
        honest=gather(shuffles),
        n_wanted=n_shuffles,
    )


def run_article(digits: Digits, tick: Progress) -> ArticleResult:
    """Run the article's experiments in its own protocol."""
    session = LabelingSession(digits, watch_test(digits))
    fit_first(session, POOL_SIZE)
    ground_truth = session.accuracy()
    fit_first(session, N_MANUAL)
    first_400 = session.accuracy()
    active, confidences = Curve([], []), []
    for confidence in active_rounds(session):
        confidences.append(confidence)
        _extend(active, session)
        tick("active learning", len(session.labeled), N_MANUAL)
    asked = session.labeled
    rest = session.fork()
    auto_label_all(rest)
    most_confident = Curve([], [])
    for _ in most_confident_first(session):
        _extend(most_confident, session)
        tick("most confident first", len(session.labeled) - N_MANUAL, N_REST)
    return ArticleResult(
        all=ground_truth,
        first_400=first_400,
        active=active,
        auto_label_all=rest.accuracy(),
        most_confident_first=most_confident,
        asked=asked,
        confidence_first=confidences[0],
        confidence_rest=confidences[-1],
    )


def _extend(curve: Curve, session: LabelingSession) -> None:
    curve.labels.append(len(session.labeled))
    curve.accuracy.append(session.accuracy())


def _run_shuffles(
    digits: Digits, n_shuffles: int, seed: int, *, full: bool, tick: Progress
) -> list[ShuffleScores]:
    done: dict[int, ShuffleScores] = {}
    tick("shuffles", 0, n_shuffles)
    try:
        for shuffle, scores in run_shuffles(
            digits, n_shuffles, seed, full=full, n_jobs=min(n_shuffles, os.cpu_count() or 1)
        ):
            done[shuffle] = scores
            tick("shuffles", len(done), n_shuffles)
    except KeyboardInterrupt:
        if not done:
            raise
    # In the order of the shuffles, whichever was done first: the same seed, the same file.
    return [done[i] for i in sorted(done)]


def describe_versions() -> dict[str, str]:
    """Name what the figures depend on: the language, the libraries and the BLAS kernels."""
    blas = [
        f"{lib.get('internal_api')} {lib.get('version')} {lib.get('architecture', '')}".strip()
        for lib in threadpool_info()
        if lib.get("user_api") == "blas"
    ]
    libraries = ("sparing", "numpy", "scipy", "scikit-learn")
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "blas": ", ".join(sorted(set(blas))) or "unknown",
        **{name: version(name) for name in libraries},
    }
