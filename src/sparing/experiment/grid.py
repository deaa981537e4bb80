"""What is compared: data sets x encoders x models x strategies x seeds, under one protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import product

import sparing
from sparing._validate import check_int
from sparing.datasets.items import Labeled
from sparing.encoders.choice import DEFAULT
from sparing.strategies.base import QueryStrategy
from sparing.types import Classifier

FORMAT = 1  # of a finished cell; raise it when the protocol computes something else
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one trial goes.

    Parameters
    ----------
    budget : labels at the end
    batch_size : labels a round; what is left if the budget ends in between
    n_initial : labels drawn uniformly at the start, the same ones for all strategies of a seed
    test_share : of the items, held out to measure; each seed draws its own
    """

    budget: int
    batch_size: int
    n_initial: int = 0
    test_share: float = 0.3

    def __post_init__(self) -> None:
        check_int("budget", "compare", self.budget, 1)
        check_int("batch_size", "compare", self.batch_size, 1, self.budget)
        check_int("n_initial", "compare", self.n_initial, 0, self.budget)

    def label_counts(self) -> list[int]:
        """Return at how many labels the model is measured.

        Examples
        --------
        >>> Protocol(budget=50, batch_size=20).label_counts()
        [20, 40, 50]
        >>> Protocol(budget=50, batch_size=20, n_initial=15).label_counts()
        [15, 35, 50]
        """
        start = self.n_initial or self.batch_size
        return [*range(start, self.budget, self.batch_size), self.budget]


@dataclass(frozen=True, slots=True)
class Cell:
    """One trial of the grid, by names.

    Parameters
    ----------
    dataset, encoder, model, strategy : names in the grid
    seed : of the split, of the learner and of all that is drawn
    """

    dataset: str
    encoder: str
    model: str
    strategy: str
    seed: int


@dataclass(frozen=True, slots=True)
class CellResult:
    """What one trial gave.

    Parameters
    ----------
    cell : which one
    labels : how many labels there were at each point
    accuracy, balanced_accuracy : on the test items, at each point
    seconds : of the whole trial, without the encoding
    """

    cell: Cell
    labels: list[int]
    accuracy: list[float]
    balanced_accuracy: list[float]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """All trials to run.

    Parameters
    ----------
    datasets : name -> items with labels
    strategies : name -> strategy, by name or as an instance
    n_seeds : how many, from 0 on
    protocol : how each trial goes
    models : name -> ``"auto"`` or any scikit-learn classifier
    encoders : names; ``"default"``: what suits the items
    """

    datasets: Mapping[str, Labeled]
    strategies: Mapping[str, str | QueryStrategy]
    n_seeds: int
    protocol: Protocol
    models: Mapping[str, str | Classifier] = field(default_factory=lambda: {"auto": "auto"})
    encoders: Sequence[str] = (DEFAULT,)

    def cells(self) -> list[Cell]:
        """Return all trials, those of one seed and one encoding together."""
        names = product(
            range(self.n_seeds), self.datasets, self.encoders, self.models, self.strategies
        )
        return [Cell(d, e, m, s, seed) for seed, d, e, m, s in names]

    def key(self, cell: Cell, fingerprint: str) -> str:
        """Return the hash of all that defines the trial, its data by their fingerprint."""
        definition = {
            "format": FORMAT,
            "version": sparing.__version__,
            "data": fingerprint,
            "encoder": cell.encoder,
            "model": repr(self.models[cell.model]),
            "strategy": repr(self.strategies[cell.strategy]),
            "seed": cell.seed,
            "protocol": asdict(self.protocol),
        }
        content = json.dumps(definition, sort_keys=True).encode()
        return blake2b(content, digest_size=16).hexdigest()
