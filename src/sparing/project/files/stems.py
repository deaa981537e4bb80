"""Names of pictures without a suffix: which picture is meant, and one of its own for each."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePath, PurePosixPath
from urllib.parse import quote

from sparing.datasets.paths import plain_path
from sparing.project.state import State


class Stems:
    """Pictures by their paths and names, with a suffix or without, where only one has it."""

    def __init__(self, state: State) -> None:
        listing = state.listing
        paths = [plain_path(name) for name in listing.names]
        bare = [PurePosixPath(path).name for path in paths]
        self._paths, self._names = (
            (_unique(names, listing.ids), _unique(map(_stem, names), listing.ids))
            for names in (paths, bare)
        )

    def find(self, name: str) -> str | None:
        """Return the key of an item; None if there is none, or two are called so.

        Folders of another machine may stand before the path, and another suffix, such as that of a
        file with labels, after it.
        """
        return next((key for key in self._meant(name) if key), None)

    def is_shared(self, name: str) -> bool:
        """Tell whether no item is found because two are called so."""
        return self.find(name) is None and None in self._meant(name)

    def _meant(self, name: str) -> Iterator[str | None]:
        """Yield what each way to read a name finds: a key, or None where two are called so."""
        *tails, bare = _tails(plain_path(name))
        read = [(tail, self._paths) for tail in tails or [bare]] + [(bare, self._names)]
        for way, names in read:
            yield from (known[one] for one in (way, _stem(way)) for known in names if one in known)


def own_stems(names: Collection[str]) -> dict[str, str]:
    """Return for each picture a name of files that no other has, on any file system.

    It is the name without suffix; the whole one where that could mean another picture, too. A name
    that leads out of the folder, as a column of a table may have it, becomes that of a file in it.

    Examples
    --------
    >>> own_stems(["a.jpg", "a.png", "deep/b.jpg"])
    {'a.jpg': 'a.jpg', 'a.png': 'a.png', 'deep/b.jpg': 'deep/b'}
    """
    whole = {name: name if _is_inside(name) else quote(name, safe="") for name in names}
    claims = Counter(way.casefold() for one in whole.values() for way in {one, _stem(one)})
    return {
        name: _stem(one) if claims[_stem(one).casefold()] == 1 else one
        for name, one in whole.items()
    }


def _is_inside(name: str) -> bool:
    return not PurePath(name).is_absolute() and ".." not in PurePath(name).parts


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name


def _tails(path: str) -> Iterator[str]:
    """Yield a path, each time without its first folder, down to the name alone."""
    parts = path.split("/")
    return ("/".join(parts[i:]) for i in range(len(parts)))


def _unique(names: Iterable[str], ids: Iterable[str]) -> dict[str, str | None]:
    """Return the key of each name; None where two have it."""
    found: dict[str, str | None] = {}
    for name, item_id in zip(names, ids, strict=True):
        found[name] = None if name in found else item_id
    return found
