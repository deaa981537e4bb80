"""The model of a learner on its pool: what is prepared once, whatever the labels are."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sparing.learner.inputs import Inputs
from sparing.models.answers import check_can_be_judged
from sparing.models.choice import AUTO, auto_classifier
from sparing.models.graph import neighbor_graph
from sparing.models.spectrum import graph_spectrum, laplacian_spectrum, some_distinct
from sparing.models.structure import PoolStructure
from sparing.models.version import FROM_MODEL, check_reads_vectors
from sparing.pool.snapshot import Spectrum
from sparing.pool.views import Views
from sparing.strategies.base import QueryStrategy
from sparing.strategies.registry import get_strategy
from sparing.types import Classifier, Features, TransductiveClassifier

ASKED_BY_AUTO = frozenset({"proba", "oof_proba"})


@dataclass(frozen=True, eq=False)
class PoolModel:
    """A model as it was given, and what of the pool it sees.

    Parameters
    ----------
    given : ``"auto"``, or the object that was given
    X : (n_items, n_features) the vectors of the pool
    inputs : the items as they came
    views : which columns see the items in which way; for ``"auto"``
    seed : of the neighbour graph
    spectra : of that graph by their number of pairs, as far as they were asked for; the pool's own
    glimpses : the same of some rows that differ
    """

    given: Classifier | str
    X: Features
    inputs: Inputs
    views: Views | None
    seed: int
    spectra: dict[int, Spectrum] = field(default_factory=dict)
    glimpses: dict[int, Spectrum] = field(default_factory=dict)

    @cached_property
    def classifier(self) -> Classifier:
        """The unfitted classifier, prepared for the pool where it uses all of it."""
        if isinstance(self.given, str):
            return auto_classifier(self.X, self.views)
        if isinstance(self.given, TransductiveClassifier):
            return self.given.prepared(self.X)
        return self.given

    @property
    def seen(self) -> Any:
        """What it is fitted on: the vectors, or the items as they came."""
        return self.inputs.raw if self.inputs.is_raw_for(self.given) else self.X

    def features(self, X: Any, where: str) -> Any:
        """Return other items as it saw those of the pool; the pool itself where ``X`` is None.

        Raises
        ------
        InvalidInputError : they are of another kind, or have other features
        """
        return self.seen if X is None else self.inputs.read(X, self.given, where)

    def check_serves(self, strategy: QueryStrategy | str) -> None:
        """Refuse a model that gives none of what a strategy goes by, before anybody labels.

        Raises
        ------
        CapabilityError : it gives neither probabilities nor scores, or reads no vectors
        """
        if isinstance(self.given, str):
            return
        requires = ASKED_BY_AUTO if strategy == AUTO else get_strategy(strategy).requires
        if requires & FROM_MODEL:
            check_can_be_judged(self.classifier, self.seen)
            check_reads_vectors(requires, self.seen is self.X)

    def spectrum(self, n_pairs: int) -> Spectrum:
        """Return eigenpairs of the pool's neighbour graph, whatever its labels.

        Raises
        ------
        CapabilityError : so many items, or such features, that there is no graph
        """
        if n_pairs not in self.spectra:
            structure = self._structure
            self.spectra[n_pairs] = (
                laplacian_spectrum(self.X, n_pairs, seed=self.seed)
                if structure is None
                else structure.spectrum(n_pairs)
            )
        return self.spectra[n_pairs]

    def glimpse(self, n_pairs: int) -> Spectrum:
        """Return the spectrum of at most 10,000 rows that differ: it tells if there are groups.

        So the first query of a large pool without groups does not wait for the whole graph, and
        rows that are there many times are no group.
        """
        if n_pairs not in self.glimpses:
            structure = self._structure
            points = self.X if structure is None else structure.points
            rows = some_distinct(points, self.seed)
            self.glimpses[n_pairs] = (
                self.spectrum(n_pairs)
                if len(rows) == len(points)
                else graph_spectrum(
                    neighbor_graph(points[rows], join=structure is not None), n_pairs
                )
            )
        return self.glimpses[n_pairs]

    @property
    def _structure(self) -> PoolStructure | None:
        """What the classifier knows of the pool without labels, if it is one that uses it."""
        structure = getattr(self.classifier, "structure", None)
        return structure if isinstance(structure, PoolStructure) else None
