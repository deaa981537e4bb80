"""The cold start: what is asked while labels are too few to judge a model by."""

from collections.abc import Callable

from scipy import sparse

from sparing.models.spectrum import MAX_ITEMS
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Spectrum
from sparing.strategies.base import QueryStrategy
from sparing.strategies.coverage import MaxHerding, UHerding
from sparing.strategies.spectral import SpectralMedoids

LEAK = 0.1  # the last of so many eigenvalues; below it a pool falls into so many groups
GAP = 1.3  # times as large is the next one where a pool falls into no more groups
MORE_GROUPS = 5  # than wanted, at most, that a pool may fall into: a class may have two
FIRST_BATCH = 10  # clusters, too, if nobody says how many classes there are


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
    >>> import numpy as np
    >>> pairs_wanted(Pool(np.eye(3)), 10), pairs_wanted(Pool(np.eye(3)), 30)
    (16, 36)
    """
    n_groups = max(FIRST_BATCH, len(pool.classes), len(pool.labeled) + batch_size)
    return n_groups + MORE_GROUPS + 1


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
