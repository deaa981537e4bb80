"""How far people agree on several labels an item: on all of them, and on each label alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparing.stats.agreement import (
    Agreement,
    Figure,
    agreement,
    class_agreement,
    krippendorff_alpha,
)
from sparing.stats.dawid_skene import count_votes

Vote = tuple[str, str, frozenset[str]]
"""Of which item, by whom, which labels."""
YES, NO = "yes", "no"


def label_agreement(votes: Sequence[Vote], *, alpha: float = 0.05, seed: int = 0) -> Agreement:
    """Return how far people agree on the labels of items that several of them have answered.

    ``overall``, ``people`` and ``pairs`` take the set of an item's labels for one answer; of each
    label alone ``classes`` say whether another person gives it, too, and ``labels`` how far that
    goes beyond chance, by Krippendorff's alpha.

    Parameters
    ----------
    votes : of items with two answers or more
    alpha : how often each interval may miss
    seed : of the bootstrap over items

    Examples
    --------
    >>> both, one = frozenset({"rain", "wind"}), frozenset({"rain"})
    >>> said = [both, both] * 12 + [both, one] * 12 + [frozenset(), frozenset()] * 12
    >>> votes = [(str(i // 2), ("Ada", "Ben")[i % 2], labels) for i, labels in enumerate(said)]
    >>> {name: round(figure.value, 2) for name, figure in label_agreement(votes).labels}
    {'rain': 1.0, 'wind': 0.34}
    """
    if not votes:
        return agreement(None)
    items, people, sets = zip(*votes, strict=True)
    called = [", ".join(sorted(labels)) for labels in sets]
    whole = agreement(count_votes(items, people, called), alpha=alpha, seed=seed)
    if whole.overall is None:
        return whole
    classes: list[tuple[str, Figure]] = []
    beyond: list[tuple[str, Figure]] = []
    for label in sorted(frozenset().union(*sets)):
        alone = count_votes(items, people, [YES if label in one else NO for one in sets])
        found = class_agreement(alone, YES, alpha=alpha, seed=seed)
        classes += [(label, found)] if found else []
        if np.count_nonzero(alone.counts().sum(axis=0)) > 1:  # else chance would give the same
            beyond.append((label, krippendorff_alpha(alone, alpha=alpha, seed=seed)))
    return replace(whole, classes=tuple(classes), labels=tuple(beyond))
