"""``auto``: which strategy now, decided by what the labels show, and said in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sparing.errors import TooFewLabelsError
from sparing.models.ridge import linear_votes
from sparing.models.spectrum import MAX_ITEMS
from sparing.models.structure import PoolStructure, column_scale
from sparing.models.version import ModelVersion
from sparing.numeric.geometry import products, squared_norms, take_rows
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Snapshot, Spectrum
from sparing.stats.calibration import fit_temperature, tempered
from sparing.strategies.base import QueryStrategy, Selection
from sparing.strategies.class_search import SeedSearch
from sparing.strategies.clusters import TypiClust
from sparing.strategies.coverage import MaxHerding, UHerding
from sparing.strategies.mixed import Mix
from sparing.strategies.rare import RareSearch
from sparing.strategies.spectral import SpectralMedoids
from sparing.strategies.uncertainty import MarginSampling, RandomSampling
from sparing.types import Features, FloatArray, IntArray, Label

COLD_LABELS = 20  # until then, and until two labels a class, the pool is covered
COLD_LABELS_A_CLASS = 2
COVERED_LABELS = 100  # until then, and until ten a class, doubt and coverage are weighed together
COVERED_WHERE_NEIGHBORS_MISLEAD = 50
COVERED_LABELS_A_CLASS = 10
UNIFORM_SHARE = 0.1
LEAK = 0.1  # the last of so many eigenvalues; below it a pool falls into so many groups
GAP = 1.3  # times as large is the next one where a pool falls into no more groups
MORE_GROUPS = 5  # than wanted, at most, that a pool may fall into: a class may have two
FIRST_BATCH = 10  # clusters, too, if nobody says how many classes there are
SMALLEST_BATCH = 5
BATCH_SHARE = 0.1  # of the labels so far
JUDGED = 2000  # labels by which neighbours and the linear model are compared
CLEARLY = 2.0  # standard errors
MISLED = 30  # labels, none of them of the class that seeds point at: then they are left alone
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


def _points(version: ModelVersion) -> FloatArray | None:
    """Return the pool as the model compares items: in one unit, views balanced, CSR reduced."""
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
    spectrum : gives that of the pool's neighbour graph; asked only while there are few labels
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
    ('auto: max_herding', 'no labels yet: cover the pool')

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
    return Auto(chosen, why, _points(version))


def _weighing(evidence: PolicyEvidence) -> tuple[QueryStrategy, str]:
    """Return what follows the model's doubt, with coverage while labels are few, and why."""
    labels = f"{evidence.n_labeled} labels of {evidence.n_classes} classes"
    if not evidence.is_late:
        return Mix(UHerding(), UNIFORM_SHARE), f"{labels}: doubt and coverage together"
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
    'SVC could not be fitted on 3 items: why: cover the pool meanwhile'
    """
    return Auto(MaxHerding(), f"{str(error).rstrip('.')}: cover the pool meanwhile")


def covering(pool: Pool, spectrum: Callable[[], Spectrum]) -> QueryStrategy:
    """Return what covers the pool: its groups if it falls into some, else wherever much is near."""
    n_first = max(FIRST_BATCH, len(pool.classes))
    has_graph = not sparse.issparse(pool.X) and len(pool) <= MAX_ITEMS
    if len(pool.labeled) < n_first and has_graph and _falls_into(n_first, spectrum()):
        return SpectralMedoids(n_first)
    return UHerding() if len(pool.labeled) else MaxHerding()


def pairs_wanted(pool: Pool, batch_size: int) -> int:
    """Return how many eigenpairs tell whether a pool has groups, and which: the fewest that do.

    Where there are no groups each further pair takes longer than the one before.

    Examples
    --------
    >>> pairs_wanted(Pool(np.eye(3)), 10), pairs_wanted(Pool(np.eye(3)), 30)
    (16, 36)
    """
    n_groups = max(FIRST_BATCH, len(pool.classes), len(pool.labeled) + batch_size)
    return n_groups + MORE_GROUPS + 1


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
    why = f"{found[label]} labels so far of a class that is looked for: more like its seeds"
    return search, why


def _falls_into(n_groups: int, spectrum: Spectrum) -> bool:
    """Tell whether a neighbour graph has so many groups with few edges between them, or few more.

    The k-th eigenvalue of its Laplacian is small if and only if there are k such groups, and the
    next one is clearly larger where there are no more. A pool that could as well be cut into any
    number, as texts and tables can, is better covered.

    References
    ----------
    Lee, Oveis Gharan & Trevisan (2014), arXiv 1111.1055
    """
    values = spectrum.values[n_groups - 1 : n_groups + MORE_GROUPS + 1]
    if len(values) < 2:
        return False
    return bool(values[0] < LEAK and (values[1:] > GAP * values[:-1]).any())


def _why_cold(evidence: PolicyEvidence) -> str:
    if not evidence.n_labeled:
        return "no labels yet: cover the pool"
    return f"{evidence.n_labeled} labels are too few to judge a model by: cover the pool"


def suggested_batch_size(n_labeled: int, n_classes: int = 0) -> int:
    """Return how many items to ask next: few while every label teaches much, then a tenth more.

    Parameters
    ----------
    n_labeled : labels so far
    n_classes : known classes; the first batch has one item for each at least

    Examples
    --------
    >>> [suggested_batch_size(n) for n in (0, 10, 50, 200, 1000)]
    [10, 5, 5, 20, 100]
    """
    if not n_labeled:
        return max(FIRST_BATCH, n_classes)
    return max(SMALLEST_BATCH, int(BATCH_SHARE * n_labeled))


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
