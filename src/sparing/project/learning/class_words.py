"""Words by which a class that is hard to find is looked for before it has examples."""

import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sparing.errors import SparingError
from sparing.project.folder import ProjectFolder
from sparing.project.settings import as_written
from sparing.project.source.contents import Contents
from sparing.project.source.items import Listing
from sparing.project.source.keywords import Keywords
from sparing.project.source.sights import Reader
from sparing.store import ItemRow, Store
from sparing.types import IntArray

SEEDS = "seeds"
N_PICTURED, OF_ALL = 8, 0.05  # pictures that words point at, at most: others are about other things


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


def pictured(
    seeds: Mapping[str, Sequence[str]],
    folder: ProjectFolder,
    contents: Contents,
    listing: Callable[[], Listing],
    rows: IntArray,
) -> dict[str, IntArray]:
    """Return the places among some rows whose pictures are most like the words, for each class.

    Nothing where words are not compared with pictures.

    Parameters
    ----------
    seeds : words by class
    folder, contents : of the project, and of its vectors
    listing : gives the source; asked only where it is needed
    rows : (n,) of items that have vectors
    """
    if not seeds or not folder.sights(contents.mark).is_file():
        return {}
    from sparing.encoders.pretrained.words import OF_A_SEARCH

    found = {}
    try:
        reader = Reader(folder, contents.mark, contents.encoder, listing())
        for name, words in seeds.items():
            cosines = reader.likeness(words, OF_A_SEARCH)
            if cosines is not None:
                likest = np.argsort(-cosines[rows].max(axis=1), kind="stable")
                n = max(1, min(N_PICTURED, int(OF_ALL * len(rows))))
                found[name] = np.sort(likest[:n])
    except SparingError:  # the half that reads is gone: the usual order goes on
        return {}
    return found
