"""Pictures as a network sees them that reads words too: kept, and compared with words.

Words are no evidence. They say which pictures are looked at first, and find pictures; what is
learned comes from answers alone.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sparing.datasets.items import take_items
from sparing.errors import SourceError, SparingError
from sparing.files import atomic_stream
from sparing.project.folder import ProjectFolder
from sparing.project.source.encoding import AUTO, GIVEN
from sparing.project.source.items import Listing
from sparing.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from sparing.encoders.pretrained.network import NetworkEncoder

FOUND = (
    "Pictures are found by words: as long as there is no label the names of the classes order the"
    " first questions and the grids, and a search finds what pictures show. Words are never"
    " learned from."
)
LOST = "Pictures are not found by words: "
KEPT_SEARCHES = 100
AT_ONCE = 1 << 14  # rows that are multiplied at once


def keep_sights(
    folder: ProjectFolder,
    mark: str,
    encoder: str,
    listing: Listing,
    places: IntArray,
    good: BoolArray,
) -> str:
    """Keep what the network makes of the pictures, where it reads words too.

    Parameters
    ----------
    folder : of the project
    mark : fingerprint of the vectors
    encoder : the name of what made them
    listing : of the source
    places : (n_good,) of the pictures in it
    good : (n_rows,) True where a row has a vector

    Returns
    -------
    what people should know of it, in a sentence; ``""`` where no network of the encoder reads

    Raises
    ------
    SourceError : the folder cannot be written
    """
    if ":" not in encoder or encoder.startswith(GIVEN) or listing.kind != "images":
        return ""
    from sparing.encoders.choice import named_encoder
    from sparing.encoders.pretrained.words import OF_A_SEARCH, pair_of, word_vectors

    values = take_items(listing.values, places)
    try:
        pair = pair_of(named_encoder(encoder, listing.kind, values))
        if pair is None:
            return ""
        width = word_vectors(pair[1], ["it"], OF_A_SEARCH).shape[1]
        seen = pair[0].seen(values)
        if seen.shape[1] != width:
            sizes = f"{width} and {seen.shape[1]} numbers"
            raise SourceError(f"vectors of words and pictures differ in length, {sizes}.")
    except SparingError as error:
        return f"{LOST}{error}"
    spread = np.full((len(good), seen.shape[1]), np.nan, np.float32)
    spread[good] = seen
    with atomic_stream(folder.sights(mark)) as stream:
        np.save(stream, spread)
    return FOUND


def read_sights(folder: ProjectFolder, mark: str) -> FloatArray | None:
    """Return (n_rows, n_outputs) float32, NaN where a row has none; None: there are none."""
    try:
        sights: FloatArray = np.load(folder.sights(mark), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return sights


def reads_words(encoder: str, listing: Listing) -> bool:
    """Tell whether a network of an encoder reads words for the pictures that it sees.

    Raises
    ------
    SparingError : there is no such encoder, or its folder cannot be read
    """
    if encoder.startswith(GIVEN) or listing.kind != "images":
        return False
    from sparing.encoders.choice import default_name, named_encoder
    from sparing.encoders.pretrained.words import pair_of

    values = listing.values
    name = default_name(listing.kind, values) if encoder == AUTO else encoder
    return ":" in name and pair_of(named_encoder(name, listing.kind, values)) is not None


class Reader:
    """Compares words with the pictures of a project; the network that reads is loaded once.

    Parameters
    ----------
    folder : of the project
    mark : fingerprint of the vectors
    encoder : the name of what made them
    listing : of the source
    """

    def __init__(self, folder: ProjectFolder, mark: str, encoder: str, listing: Listing) -> None:
        self._folder, self._mark = folder, mark
        self._encoder, self._listing = encoder, listing
        self._reading: NetworkEncoder | None = None
        self.searched = lru_cache(KEPT_SEARCHES)(self._searched)

    def likeness(self, words: Sequence[str], caption: str) -> FloatArray | None:
        """Return (n_rows, n_words) cosines of pictures and captions; NaN where a row has no vector.

        None where pictures are not found by words.

        Raises
        ------
        SparingError : the network that reads is not here any more
        """
        sights = read_sights(self._folder, self._mark)
        if sights is None:
            return None
        from sparing.encoders.pretrained.words import word_vectors

        vectors = word_vectors(self._network(), words, caption).T
        out = np.empty((len(sights), vectors.shape[1]), np.float32)
        for start in range(0, len(sights), AT_ONCE):
            out[start : start + AT_ONCE] = sights[start : start + AT_ONCE] @ vectors
        return out

    def _searched(self, text: str) -> IntArray:
        """Return the rows whose pictures are compared with words, the likest first."""
        from sparing.encoders.pretrained.words import OF_A_SEARCH

        found = self.likeness([text], OF_A_SEARCH)
        if found is None:
            return np.zeros(0, np.int64)
        order = np.argsort(-found[:, 0], kind="stable")  # NaN comes last
        return order[: int(np.isfinite(found).sum())]

    def _network(self) -> "NetworkEncoder":
        if self._reading is None:
            from sparing.encoders.choice import named_encoder
            from sparing.encoders.pretrained.words import pair_of

            listing = self._listing
            pair = pair_of(named_encoder(self._encoder, listing.kind, listing.values))
            if pair is None:
                raise SourceError(f"The half of {self._encoder} that reads words is gone.")
            self._reading = pair[1]
        return self._reading
