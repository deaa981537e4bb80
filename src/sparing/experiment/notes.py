"""What the person should know of the data before believing any figure of it."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min

from sparing.experiment.prepared import Prepared
from sparing.experiment.protocol import Protocol
from sparing.experiment.trial import Encoding, encoded
from sparing.types import FloatArray

FEW = 10  # items of a class; some split will have hardly any to test or to ask
MOST = 0.8  # share of one class from which accuracy says little
NEAR = 0.05  # of the usual distance to the nearest item: a near-copy
LOOKED_AT = 1000  # test items whose nearest neighbor is looked up
WORTH_SAYING = 0.01  # share of near-copies


def data_notes(prepared: Prepared, encoder: str, protocol: Protocol) -> list[str]:
    """Return sentences on what was skipped, on equal items, rare classes and near-copies.

    Parameters
    ----------
    prepared : the data
    encoder : name of the encoder by whose vectors near-copies are found
    protocol : whose first split is looked at
    """
    said = prepared.data.items.said()
    return [*said, *_equal(prepared), *_classes(prepared), *_near(prepared, encoder, protocol)]


def _equal(prepared: Prepared) -> list[str]:
    n_copies = len(prepared.contents) - int(prepared.contents.max()) - 1
    if not n_copies:
        return []
    of_all = f"{n_copies:,} of {len(prepared.contents):,} items"
    return [f"{of_all} equal another one; equal items stay on the same side of each split."]


def _classes(prepared: Prepared) -> list[str]:
    several = prepared.present is not None
    counts = (
        np.bincount(prepared.codes) if prepared.present is None else prepared.present.sum(axis=0)
    )
    notes = []
    rare = [f"'{prepared.classes[i]}' ({counts[i]})" for i in np.flatnonzero(counts < FEW)]
    if rare:
        notes.append(f"Classes with fewer than {FEW} items: {_listed(rare)}.")
    if not several and counts.max() > MOST * counts.sum():
        name = prepared.classes[int(counts.argmax())]
        share = counts.max() / counts.sum()
        notes.append(
            f"{share:.0%} of the items are '{name}': who always says so is right as often. Look at "
            "the balanced accuracy."
        )
    return notes


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _near(prepared: Prepared, encoder: str, protocol: Protocol) -> list[str]:
    X, X_test, _ = encoded(Encoding.of(prepared, encoder, protocol, seed=0))
    share = near_copies(X, X_test)
    if share < WORTH_SAYING:
        return []
    found = f"About {share:.0%} of the test items have a near-copy in the pool"
    return [f"{found}, as pictures of a series do: on items from elsewhere accuracy is lower."]


def near_copies(pool: FloatArray, test: FloatArray) -> float:
    """Return the share of test items that are far nearer to a pool item than is usual.

    Items that are equal in all that the encoder sees do not count: in tables of few values they
    are no copies.

    Examples
    --------
    >>> pool, test = np.array([[0.0], [5.0], [9.0]]), np.array([[1.0], [6.5], [9.001]])
    >>> round(near_copies(pool, test), 2)
    0.33
    """
    _, distance = pairwise_distances_argmin_min(test[:LOOKED_AT], pool)
    apart = distance[distance > 1e-6 * max(float(distance.max()), 1e-12)]
    if not len(apart):
        return 0.0
    return float(np.sum(apart < NEAR * np.median(apart)) / len(distance))
