"""``auto``: which strategy now, decided by what the labels show, and said in words."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from scipy import sparse

from sparing.errors import TooFewLabelsError
from sparing.learner.cold_start import covering
from sparing.learner.policy_evidence import COLD_LABELS, TELLING, PolicyEvidence, evidence_of
from sparing.models.structure import PoolStructure, column_scale
from sparing.models.version import ModelVersion
from sparing.models.views import ViewsClassifier
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Snapshot, Spectrum
from sparing.strategies.base import QueryStrategy, Selection
from sparing.strategies.class_search import SeedSearch
from sparing.strategies.clusters import TypiClust
from sparing.strategies.coverage import MaxHerding, UHerding
from sparing.strategies.mixed import Mix
from sparing.strategies.rare import RareSearch
from sparing.strategies.uncertainty import MarginSampling, RandomSampling
from sparing.types import FloatArray, IntArray, Label

UNIFORM_SHARE = 0.1
MISLED = 30  # labels, none of them of the class that seeds point at: then they are left alone


class Auto(QueryStrategy):
    """One strategy chosen for the labels as they are now, and why it was.

    Parameters
    ----------
    strategy : the one that was chosen
    why : the sentence for the person who labels
    points : (n_items, n_columns) the pool as the model compares items; None: its features
    """

    def __init__(self, strategy: QueryStrategy, why: str, points: FloatArray | None = None) -> None:
        self.strategy = strategy
        self.why = why
        self.points = points

    @property
    def name(self) -> str:  # type: ignore[override]
        """``"auto"`` and the name of the one that was chosen."""
        inner = self.strategy.strategy if isinstance(self.strategy, Mix) else self.strategy
        return f"auto: {inner if isinstance(inner, str) else inner.name}"

    @property
    def requires(self) -> frozenset[str]:  # type: ignore[override]
        """What the chosen one requires."""
        return self.strategy.requires

    @property
    def reason(self) -> str:  # type: ignore[override]
        """Why an item is asked, and why by this rule."""
        return f"{self.strategy.reason} ({self.why})"

    def utility(self, s: Snapshot) -> FloatArray:
        """Return the chosen one's utility."""
        return self.strategy.utility(self._seen(s))

    def select(self, s: Snapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return the chosen one's batch."""
        return self.strategy.select(self._seen(s), batch_size, rng)

    def _seen(self, s: Snapshot) -> Snapshot:
        return _in_one_unit(s) if self.points is None else replace(s, X=self.points)


def _points(version: ModelVersion, evidence: PolicyEvidence) -> FloatArray | None:
    """Return the pool as the model compares items: in one unit, views balanced, CSR reduced.

    Where there are so many classes that the pool is still covered though labels tell which view
    knows them, a view counts as it is believed: by one that does not tell classes apart fewer of
    them are found. Where doubt guides, views that see differently complete each other.
    """
    is_told = evidence.is_cold and evidence.n_labeled >= COLD_LABELS
    if is_told and isinstance(version.classifier, ViewsClassifier):
        return getattr(version.fitted.model, "points_", None)
    structure = getattr(getattr(version, "classifier", None), "structure", None)
    return structure.points if isinstance(structure, PoolStructure) else None


def _in_one_unit(s: Snapshot) -> Snapshot:
    """Scale columns of different units, as the graph does, before directions are compared."""
    if sparse.issparse(s.X):
        return s
    scale = column_scale(np.asarray(s.X).std(axis=0, dtype=np.float64))
    return s if scale is None else replace(s, X=np.asarray(s.X) * scale)


def auto_strategy(
    pool: Pool,
    version: ModelVersion,
    spectrum: Callable[[], Spectrum],
    seeds: Mapping[Label, IntArray] | None = None,
) -> QueryStrategy:
    """Return the strategy for the labels as they are now; it says which rule chose it and why.

    Few labels: cover the pool, first by the groups of its neighbour graph, if it has some, then by
    UHerding, which weighs doubt and coverage. As long as nearly all labels are of one class,
    others are searched for. Then the margin; sooner if near items share labels
    less than a linear model tells. From 20 labels on a tenth of each batch is drawn uniformly and
    marked so; if the model foretells nothing, all of it is.

    Parameters
    ----------
    pool : the labels of ``version``
    version : what the model says; asked only once there are enough labels to tell
    spectrum : gives that of the neighbour graph of pool rows that differ, as many as tell whether
        there are groups; asked only while there are few labels
    seeds : rows that are likely to be of a class, for classes to be found first

    Raises
    ------
    TooFewLabelsError : the model cannot be fitted yet, or not without some of the labels, to judge
        it by those: then :func:`covering_meanwhile` goes on

    Examples
    --------
    >>> from sparing.models.choice import auto_classifier
    >>> from sparing.models.spectrum import laplacian_spectrum
    >>> pool = Pool(np.eye(30))
    >>> version = ModelVersion(auto_classifier(pool.X), pool, seed=0)
    >>> auto = auto_strategy(pool, version, lambda: laplacian_spectrum(pool.X))
    >>> auto.name, auto.why
    ('auto: max_herding', 'before the first label: items of every kind')

    References
    ----------
    Hacohen, Dekel & Weinshall (2022), arXiv 2202.02794, on why few labels want coverage and many
    want doubt; Bae et al. (2025), arXiv 2412.20644
    """
    evidence = evidence_of(pool, version)
    sought = _sought(pool, seeds or {})
    if sought is not None and (evidence.is_cold or evidence.n_classes == 1):
        chosen, why = sought
    elif evidence.is_cold:
        chosen, why = covering(pool, spectrum), _why_cold(evidence)
    elif evidence.is_search:
        chosen, why = _searching(evidence)
    elif not evidence.has_skill:
        chosen, why = RandomSampling(), "the model foretells unseen labels no better than chance"
    else:
        chosen, why = _weighing(evidence)
    return Auto(chosen, why, _points(version, evidence))


def _weighing(evidence: PolicyEvidence) -> tuple[QueryStrategy, str]:
    """Return what follows the model's doubt, with coverage while labels are few, and why."""
    labels = f"{evidence.n_labeled} labels of {evidence.n_classes} classes"
    if not evidence.is_late:
        return Mix(
            UHerding(), UNIFORM_SHARE
        ), f"{labels}: doubtful ones, and those that stand for many"
    if evidence.neighbors_agree:
        why = f"{labels}: the model's doubt is a guide"
    else:
        why = f"{labels}; a linear model foretells them better than near neighbors do"
    return Mix(MarginSampling(), UNIFORM_SHARE), why


def covering_meanwhile(error: TooFewLabelsError) -> QueryStrategy:
    """Return what covers the pool without any model, and says why.

    Examples
    --------
    >>> covering_meanwhile(TooFewLabelsError("SVC could not be fitted on 3 items: why.")).why
    'SVC could not be fitted on 3 items: why: items of every kind meanwhile'
    """
    return Auto(MaxHerding(), f"{str(error).rstrip('.')}: items of every kind meanwhile")


def _searching(evidence: PolicyEvidence) -> tuple[QueryStrategy, str]:
    """Return what looks for examples of other classes than the commonest, and why."""
    if evidence.n_classes == 1:
        blind = Mix(TypiClust(), UNIFORM_SHARE)  # groups finer than a kernel sees, one by one
        return blind, f"{evidence.n_labeled} labels of a single class: look for another"
    found = f"{evidence.n_others} of {evidence.n_labeled} labels are not of the commonest class"
    return Mix(RareSearch(), UNIFORM_SHARE), f"{found}: look for more"


def _sought(pool: Pool, seeds: Mapping[Label, IntArray]) -> tuple[QueryStrategy, str] | None:
    """Return what looks for the class with seeds that has the fewest examples, and why.

    None where all have eight, or where thirty labels show that the seeds of one point nowhere.
    """
    codes = pool.y[pool.labeled]
    known = pool.classes.values
    code_of = {label: int(pool.classes.encode([label])[0]) for label in seeds if label in known}
    found = {label: int(np.sum(codes == code_of.get(label, -1))) for label in seeds}
    open_ = [label for label, n in found.items() if n < TELLING and (n or len(codes) < MISLED)]
    if not open_:
        return None
    label = min(open_, key=lambda label: found[label])
    search = SeedSearch(seeds[label], code_of.get(label))
    why = f"after {found[label]} labels of a class that is looked for: more like its seeds"
    return search, why


def _why_cold(evidence: PolicyEvidence) -> str:
    if not evidence.n_labeled:
        return "before the first label: items of every kind"
    few = f"{evidence.n_labeled} labels are too few to tell how good a model is"
    return f"{few}: items of every kind first"
