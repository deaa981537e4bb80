"""What a grid says of one data set: curves, paired differences to random, and what is saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparing.errors import InvalidInputError
from sparing.experiment.grid import RANDOM, CellResult
from sparing.experiment.statistics import (
    Band,
    Saving,
    SeedInterval,
    area_under_curve,
    label_saving,
    mean_interval,
    simultaneous_band,
)
from sparing.types import FloatArray, IntArray

LEVEL = 0.95


@dataclass(frozen=True, eq=False, slots=True)
class AgainstRandom:
    """One strategy against random labels, on the same seeds.

    All bands and intervals of a comparison hold together at 95 %, however many strategies there
    are, so the best may be picked afterwards.

    Parameters
    ----------
    band : of the difference in accuracy at each point
    gain : of the difference in area under the curve, which is the mean difference in accuracy
    saving : labels saved
    """

    band: Band
    gain: SeedInterval
    saving: Saving


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """All strategies on one data set with one encoder and one model.

    Parameters
    ----------
    labels : (n_points,) numbers of labels
    seeds : those for which every strategy is finished
    accuracy, balanced_accuracy : strategy -> (n_seeds, n_points)
    against_random : strategy -> what it is worth; all but random
    """

    labels: IntArray
    seeds: list[int]
    accuracy: Mapping[str, FloatArray]
    balanced_accuracy: Mapping[str, FloatArray]
    against_random: Mapping[str, AgainstRandom]

    @property
    def best(self) -> str:
        """The strategy with the largest gain in area."""
        return max(self.against_random, key=lambda name: self.against_random[name].gain.value)


def compare_results(results: Sequence[CellResult]) -> Comparison:
    """Compare the strategies in the trials of one data set, encoder and model.

    Parameters
    ----------
    results : finished trials; seeds that lack a strategy are left out

    Raises
    ------
    InvalidInputError : no seed has all strategies, or random or a second strategy is missing
    """
    by_name: dict[str, dict[int, CellResult]] = {}
    for result in results:
        by_name.setdefault(result.cell.strategy, {})[result.cell.seed] = result
    if RANDOM not in by_name or len(by_name) < 2:
        raise InvalidInputError("A comparison needs 'random' and at least one other strategy.")
    seeds = seeds_of_all(results, by_name)
    if not seeds:
        raise InvalidInputError("No seed has been finished by all strategies yet.")
    labels = np.array(by_name[RANDOM][seeds[0]].labels)
    accuracy = {name: np.array([runs[s].accuracy for s in seeds]) for name, runs in by_name.items()}
    balanced = {
        name: np.array([runs[s].balanced_accuracy for s in seeds]) for name, runs in by_name.items()
    }
    return Comparison(labels, seeds, accuracy, balanced, _against_random(labels, accuracy))


def seeds_of_all(results: Sequence[CellResult], strategies: Iterable[str]) -> list[int]:
    """Return the seeds that every one of these strategies has finished, ascending."""
    done = {name: {r.cell.seed for r in results if r.cell.strategy == name} for name in strategies}
    return sorted(set.intersection(*done.values()))


def _against_random(
    labels: IntArray, accuracy: Mapping[str, FloatArray]
) -> dict[str, AgainstRandom]:
    random = accuracy[RANDOM]
    others = {name: curves for name, curves in accuracy.items() if name != RANDOM}
    level = 1 - (1 - LEVEL) / len(others)  # Bonferroni
    band = simultaneous_band(np.hstack([c - random for c in others.values()]), level=LEVEL)
    parts = zip(*(np.split(a, len(others)) for a in (band.mean, band.low, band.high)), strict=True)
    return {
        name: AgainstRandom(
            Band(*part),
            mean_interval(area_under_curve(labels, curves - random), level=level),
            label_saving(labels, curves, random, level=level),
        )
        for (name, curves), part in zip(others.items(), parts, strict=True)
    }
