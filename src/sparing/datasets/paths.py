"""Names of files in tables that other programs, and other systems, have written."""

import posixpath
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def plain_path(name: str) -> str:
    r"""Return the one way to write a path: composed accents, ``/`` between folders, no ``./``.

    Examples
    --------
    >>> plain_path(".\\pics\\cafe\u0301.png"), plain_path("file:///data/a%20b.png")
    ('pics/café.png', '/data/a b.png')
    """
    if name.startswith("file://"):
        from urllib.parse import unquote

        name = unquote(name.removeprefix("file://"))
    plain = composed(name).replace("\\", "/")
    return posixpath.normpath(plain) if plain else plain


def ways_to_name(name: str, root: str | None) -> Iterator[str]:
    """Yield the ways in which a path may name a file of a folder, the likeliest first.

    Parameters
    ----------
    name : the path
    root : name of the folder; what leads to it, on this machine or another, may stand before the
        path inside it

    Examples
    --------
    >>> list(ways_to_name("D:/sets/pics/cats/1.png", "pics"))
    ['D:/sets/pics/cats/1.png', 'cats/1.png']
    """
    plain = plain_path(name)
    yield plain
    parts = plain.split("/")
    for i, part in enumerate(parts[:-1], 1):
        if root is not None and part == plain_path(root):
            yield "/".join(parts[i:])


def composed(name: str) -> str:
    """Return a name without blanks around it, its accents put together in one way."""
    return unicodedata.normalize("NFC", name.strip())


def by_plain_name(
    names: Iterable[tuple[str, T | None]], to_plain: Callable[[str], str] = plain_path
) -> dict[str, T | None]:
    """Return what each name stands for, written plainly; None where two differ only in writing."""
    found: dict[str, T | None] = {}
    for name, of in names:
        plain = to_plain(name)
        found[plain] = of if found.get(plain, of) == of else None
    return found
