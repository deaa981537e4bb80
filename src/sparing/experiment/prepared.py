"""A data set that can be compared on: checked, numbered, with a fingerprint."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sparing.datasets.items import Labeled
from sparing.errors import InvalidInputError
from sparing.experiment.contents import content_ids, hash_of_set
from sparing.experiment.protocol import Protocol
from sparing.experiment.split import draw_test
from sparing.types import BoolArray, IntArray, Label


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """A data set as the trials need it.

    Parameters
    ----------
    data : items and labels
    classes : the distinct label values, sorted
    codes : (n,) positions in ``classes``; of items with several labels, which set of them
    contents : (n,) numbers that are equal where items are
    fingerprint : hash of items and labels
    present : (n, n_classes) which labels an item has, where it has several
    """

    data: Labeled
    classes: list[Label]
    codes: IntArray
    contents: IntArray
    fingerprint: str
    present: BoolArray | None = None

    def split(self, protocol: Protocol, seed: int) -> tuple[IntArray, IntArray]:
        """Return this seed's rows of the pool, in random order, and of the test.

        A file that is sorted by class would tell a strategy that breaks ties by position.
        """
        is_test = draw_test(self.codes, self.contents, protocol.test_share, seed)
        pool = np.random.default_rng(seed).permutation(np.flatnonzero(~is_test))
        return pool, np.flatnonzero(is_test)


def prepare(name: str, data: Labeled, protocol: Protocol) -> Prepared:
    """Check that the data can be compared on, and number its labels and contents.

    Raises
    ------
    InvalidInputError : a single class, nearly as many classes as items, all items the same, or
        fewer items to choose from than the budget
    """
    several = any(isinstance(label, tuple) for label in data.labels)
    sets = _sorted(data.labels)
    classes = _sorted(name for names in sets for name in names) if several else sets  # type: ignore[attr-defined]
    n = len(data)
    if len(sets) < 2:
        raise InvalidInputError(
            f"All {n:,} items of {name} have the label '{sets[0]}': there is nothing to learn."
        )
    if len(classes) > max(2, n // 2):
        raise InvalidInputError(
            f"The {n:,} items of {name} have {len(classes):,} different labels: "
            "that column names no classes."
        )
    hashes, contents = content_ids(data.items.values)
    if len(set(hashes)) == 1:
        raise InvalidInputError(f"All {n:,} items of {name} are the same: nothing to choose from.")
    numbers = {value: i for i, value in enumerate(sets)}
    codes = np.array([numbers[label] for label in data.labels])
    present = np.array([[c in s for c in classes] for s in data.labels]) if several else None  # type: ignore[operator]
    prepared = Prepared(data, classes, codes, contents, hash_of_set(hashes, data), present)
    _check_budget(name, prepared, protocol)
    return prepared


def _sorted(values: Iterable[Label]) -> list[Label]:
    """Return distinct values, those of one type together."""
    return sorted(dict.fromkeys(values), key=lambda value: (str(type(value)), value))


def _check_budget(name: str, prepared: Prepared, protocol: Protocol) -> None:
    n_pool, n_test = map(len, prepared.split(protocol, 0))
    if not n_test:
        raise InvalidInputError(f"{name} has {n_pool} items: too few to keep some as a test.")
    if protocol.budget > n_pool:
        raise InvalidInputError(
            f"A budget of {protocol.budget:,} labels is more than {name} has to choose from: of "
            f"its {n_pool + n_test:,} items {n_test:,} are the test, {n_pool:,} are left."
        )
