"""What all pretrained encoders share: a network, loaded where it is needed, and what follows it."""

from abc import abstractmethod
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from platformdirs import user_cache_path
from sklearn.utils.validation import check_is_fitted

from sparing._validate import _Phrase, invalid
from sparing.encoders.base import BlockEncoder, nobody
from sparing.encoders.cache import VERSION
from sparing.encoders.kept import kept
from sparing.types import FloatArray, Tick


class NetworkEncoder(BlockEncoder):
    """An encoder whose numbers were learned elsewhere.

    What the network makes of an item depends on that item alone, and is kept in the user's cache
    for the next time. What is learned from the items comes after it, and takes no time.
    """

    is_pretrained: ClassVar[bool] = True
    version: ClassVar[int] = 1
    """Of how items go in; raised when that changes, so that what was kept is made anew."""

    def fit(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> Self:
        """Learn from what the network makes of the items; labels are not looked at."""
        return self.settle(self.seen(X, progress=progress))

    def transform(self, X: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return one vector an item, (n_items, n_features) float32."""
        check_is_fitted(self)
        return self.reduced(self.seen(X, progress=progress))

    def fit_transform(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> FloatArray:
        """Fit and encode; every item goes through the network once."""
        seen = self.seen(X, progress=progress)
        return self.settle(seen).reduced(seen)

    def look(self, X: Any, *, progress: Tick | None = None) -> None:
        """Let the items go through the network: what it makes of them is kept."""
        self.seen(X, progress=progress)

    def seen(self, X: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return what the network makes of each item, (n_items, n_outputs) float32.

        Parameters
        ----------
        X : the items; only those that were never seen go through the network
        progress : told how many are done

        Raises
        ------
        MissingExtraError : a library is not installed
        SourceError : the model, or an item, cannot be read
        InvalidInputError : the items are none for this network, or it gives NaN
        """
        items = self._checked(X)
        if not len(items):
            raise invalid("X", type(self).__name__, "at least one item", 0)
        return kept(self._place(), items, self._through, progress or nobody)

    def _place(self) -> Path:
        """Return where the vectors of this network are kept."""
        parameters = sorted((k, v) for k, v in self.get_params().items() if k != "download")
        maker = repr(
            (VERSION, self.version, type(self).__qualname__, parameters, self.fingerprint())
        )
        key = sha256(maker.encode()).hexdigest()[:16]
        return user_cache_path("sparing") / "vectors" / f"{self.name}-{key}"

    def check(self) -> None:
        """Load the network, so that what is wrong with it shows before anything is made by it.

        Raises
        ------
        MissingExtraError, SourceError : as of ``seen``
        """
        _ = self._network

    def once(self, X: Any) -> FloatArray:
        """Return what the network makes of a few items; nothing of it is kept."""
        return self._through(X, None)

    def words(self) -> "NetworkEncoder | None":
        """Return the network that reads words for this one, which sees pictures.

        Its vectors and what ``seen`` returns are compared by their cosine. None: there is none;
        one that is named may still not be here.
        """
        return None

    def settle(self, seen: FloatArray) -> Self:
        """Learn from what ``seen`` returns; here nothing is to be learned."""
        self.n_items_seen_ = len(seen)
        return self

    def reduced(self, seen: FloatArray) -> FloatArray:
        """Return the vectors of what ``seen`` returns."""
        return seen

    @abstractmethod
    def _load(self) -> Any:
        """Return the network, ready to run."""

    @cached_property
    def _network(self) -> Any:
        return self._load()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network out of copies: it is loaded again where it is needed."""
        return {k: v for k, v in super().__getstate__().items() if k != "_network"}


def weights_hash(network: Any) -> str:
    """Return the hash of a torch module's weights."""
    digest = sha256()
    for name, weights in network.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()


def unit_vectors(vectors: FloatArray, encoder: str) -> FloatArray:
    """Return rows brought to length 1, zero rows as they are.

    Raises
    ------
    InvalidInputError : the network gave NaN or infinity

    Examples
    --------
    >>> unit_vectors(np.array([[3.0, 4.0], [0.0, 0.0]]), "it")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        got = _Phrase(f"NaN or infinity for item {row} of a block")
        raise invalid("model", encoder, "one that gives finite vectors", got)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)
