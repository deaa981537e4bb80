"""What is compared: data sets x encoders x models x strategies x seeds, under one protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import product

import sparing
from sparing.encoders.choice import DEFAULT
from sparing.experiment.prepared import Prepared
from sparing.experiment.protocol import Protocol
from sparing.strategies.base import QueryStrategy
from sparing.types import Classifier

FORMAT = 2  # of a finished cell; raise it when the protocol computes something else
RANDOM = "random"


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
    accuracy, balanced_accuracy : on the test items, at each point; of items with several labels
        F1 over all labels (micro), and the mean of each label's own (macro), each as it is
        predicted for
    seconds : of the whole trial, without the encoding
    """

    cell: Cell
    labels: list[int]
    accuracy: list[float]
    balanced_accuracy: list[float]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class TrialGrid:
    """All trials to run.

    Parameters
    ----------
    datasets : name -> items with labels, by ``prepare``
    strategies : name -> strategy, by name or as an instance
    n_seeds : how many, from 0 on
    protocol : how each trial goes
    models : name -> ``"auto"`` or any scikit-learn classifier
    encoders : names; ``"default"``: what suits the items
    """

    datasets: Mapping[str, Prepared]
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

    def key(self, cell: Cell) -> str:
        """Return the hash of all that defines the trial, its data by their fingerprint."""
        definition = {
            "format": FORMAT,
            "version": sparing.__version__,
            "data": self.datasets[cell.dataset].fingerprint,
            "encoder": cell.encoder,
            "model": repr(self.models[cell.model]),
            "strategy": repr(self.strategies[cell.strategy]),
            "seed": cell.seed,
            "protocol": asdict(self.protocol),
        }
        content = json.dumps(definition, sort_keys=True).encode()
        return blake2b(content, digest_size=16).hexdigest()
