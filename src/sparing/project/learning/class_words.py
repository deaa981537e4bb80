"""Words by which a class that is hard to find is looked for before it has examples."""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from sparing.project.settings import as_written
from sparing.project.source.items import Listing
from sparing.project.source.keywords import Keywords
from sparing.store import ItemRow, Store
from sparing.types import IntArray

SEEDS = "seeds"


def read_seeds(store: Store) -> dict[str, list[str]]:
    """Return the words for each class, by the name that it had.

    Raises
    ------
    StoreError : no version of this package has written this
    """
    with as_written():
        told = json.loads(store.settings().get(SEEDS, "{}"))
        return {str(name): [str(word) for word in words] for name, words in told.items()}


def keep_seeds(store: Store, seeds: Mapping[str, Sequence[str]]) -> None:
    """Write them down."""
    store.put_settings({SEEDS: json.dumps({name: list(words) for name, words in seeds.items()})})


def pointed_at(
    seeds: Mapping[str, Sequence[str]], items: Sequence[ItemRow], listing: Listing
) -> dict[str, IntArray]:
    """Return the places among some items that have one of the words, for each class.

    Parameters
    ----------
    seeds : words by class
    items : of the store
    listing : the source as it is today, under the keys of the items
    """
    places = {item_id: place for place, item_id in enumerate(listing.ids)}
    there = (places.get(item.item_id) for item in items)
    keywords = Keywords("" if place is None else listing.text(place) for place in there)
    return {
        name: np.unique(np.concatenate([keywords.rows(word) for word in words]))
        for name, words in seeds.items()
    }
