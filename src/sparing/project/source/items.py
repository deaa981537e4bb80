"""Items: what a source holds now, each under a key that survives new runs."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sparing.datasets.folders import find_files
from sparing.datasets.items import Items, summarize_skipped
from sparing.datasets.read import PAIR, read_items
from sparing.errors import SourceError

MNIST = "mnist"
MNIST_ITEMS = 4000  # the founding article's pool
SHOWN_NUMBERS = 8
BLOCK_BYTES = 1 << 20
PART = (
    "It is a part of each item, as when this project was made, and may mislead the model: 'sparing"
    " export' the labels, label with another --project, and 'sparing import' them there."
)


@dataclass(frozen=True, eq=False, slots=True)
class Item:
    """One item as a person sees it; one of the last four is there.

    Parameters
    ----------
    item_id : its key; safe in a URL
    name : a path inside the folder, or ``"line 7"``; text from outside, never to be trusted
    kind : ``"image"``, ``"text"`` or ``"card"``
    path : of an image file
    text : of a text
    fields : of a card: name of the column -> value
    pixels : of an image that is no file: (height, width[, channels]) uint8
    """

    item_id: str
    name: str
    kind: Literal["image", "text", "card"]
    path: Path | None = None
    text: str | None = None
    fields: Mapping[str, str] | None = None
    pixels: Any = None


@dataclass(frozen=True, eq=False, slots=True)
class Listing:
    """All that a source holds now, in a stable order; images are not opened yet.

    Parameters
    ----------
    kind : as of :class:`sparing.datasets.items.Items`
    ids, names : (n,) keys, and what people find the items by
    stamps : (n,) size and time of the last change of each file; zeros for rows of a table
    hashes : (n,) hash of the content where it is known without opening a file
    values : (n,) the items themselves
    columns, named_by, left_out : of a table, as of :class:`sparing.datasets.items.Items`
    root : folder that holds all image files; None if the items are no files
    said : sentences that the person should know
    """

    kind: str
    ids: list[str]
    names: list[str]
    stamps: list[tuple[int, int]]
    hashes: list[str | None]
    values: Any
    columns: tuple[str, ...] = ()
    named_by: str | None = None
    left_out: tuple[str, ...] = ()
    root: Path | None = None
    said: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def item(self, i: int) -> Item:
        """Return the item at a place of this listing."""
        item_id, name, value = self.ids[i], self.names[i], self.values[i]
        if self.kind == "images":
            if isinstance(value, Path):
                return Item(item_id, name, "image", path=value)
            return Item(item_id, name, "image", pixels=value)
        if self.kind == "texts":
            return Item(item_id, name, "text", text=value)
        if self.kind == "table":
            cells = zip(self.columns, value, strict=True)
            fields = {column: "" if cell is None else str(cell) for column, cell in cells}
            return Item(item_id, name, "card", fields=fields)
        return Item(item_id, name, "card", fields={"vector": _numbers(value)})

    def text(self, i: int) -> str:
        """Return all that can be read of the item at a place: its name, and its text or cells."""
        if self.kind == "texts":
            return f"{self.names[i]}\n{self.values[i]}"
        if self.kind == "table":
            cells = ("" if cell is None else str(cell) for cell in self.values[i])
            return "\n".join((self.names[i], *cells))
        return self.names[i]


def _numbers(vector: Any) -> str:
    shown = ", ".join(f"{number:.4g}" for number in vector[:SHOWN_NUMBERS])
    return shown + (", …" if len(vector) > SHOWN_NUMBERS else "")


def list_source(
    source: str, columns: Sequence[str] = (), left_out: Sequence[str] | None = None
) -> Listing:
    """List what a source holds: a folder, a table, a .npy file, or the word ``mnist``.

    Of image files only names, sizes and times are read, so that thousands take a moment; those
    that cannot be decoded are found out when they are encoded.

    Parameters
    ----------
    source : the folder or file
    columns : of a table: those that make an item; none: all but ``left_out``
    left_out : of a table: those that identify rows, as the project found when it was made, so that
        no later row changes what an item is; None: find them

    Raises
    ------
    SourceError : nothing there, or nothing that can be an item
    UnknownNameError, MissingExtraError : as of :func:`sparing.datasets.read.read_items`
    """
    path = Path(source)
    if source == MNIST and not path.exists():
        return _list_mnist()
    if path.is_dir() and not (path / PAIR).is_file():
        kind, paths, skipped = find_files(path)
        if kind == "images":
            return _list_images(path, paths, summarize_skipped(skipped))
    items = read_items(path, columns=columns, opened=False, left_out=left_out)
    listing = _list_read(items, path)
    if left_out == () and not columns and items.named_by:
        return replace(listing, said=(*listing.said, PART))
    return listing


def _list_images(root: Path, paths: list[Path], said: list[str]) -> Listing:
    names = [path.relative_to(root).as_posix() for path in paths]
    return Listing(
        "images",
        [key_of(os.fsencode(name)) for name in names],
        [shown(name) for name in names],
        [_stamp(path) for path in paths],
        [None] * len(paths),
        paths,
        root=root.resolve(),
        said=tuple(said),
    )


def _list_read(items: Items, path: Path) -> Listing:
    if items.kind == "images" and not isinstance(items.values, np.ndarray):
        return _list_named_images(items, path.parent)
    hashes = [key_of(_content(value)) for value in _plain(items.values)]
    if path.is_dir() and items.kind == "texts":
        ids = [key_of(os.fsencode(name)) for name in items.names]
        stamps = [_stamp(path / name) for name in items.names]
    else:
        ids, stamps = _numbered(hashes), [(0, 0)] * len(hashes)
    names = [shown(name) for name in items.names]
    said = tuple(items.said())
    listing = Listing(items.kind, ids, names, stamps, list(hashes), items.values, said=said)
    return _named(listing, items)


def _named(listing: Listing, items: Items) -> Listing:
    return replace(listing, columns=items.columns, named_by=items.named_by, left_out=items.left_out)


def _list_named_images(items: Items, root: Path) -> Listing:
    """List the images that a table names; those outside its folder are left out."""
    inside = root.resolve()
    first = dict(zip(reversed(items.values), reversed(items.names), strict=True))
    kept = [p for p in dict.fromkeys(items.values) if p.resolve().is_relative_to(inside)]
    n_out = len(items.values) - len(kept)
    said = [*items.said()]
    if n_out:
        said.append(f"{n_out:,} skipped, outside the folder of the table or named twice.")
    if not kept:
        raise SourceError(f"{items.source} names no image inside its folder.")
    listing = _named(_list_images(root, kept, said), items)
    return replace(listing, names=[first[p] for p in kept]) if items.named_by else listing


def _list_mnist() -> Listing:
    from sparing.datasets.mnist import load_mnist

    digits = load_mnist()
    images = digits.train_images[:MNIST_ITEMS]
    hashes: list[str | None] = [key_of(image.tobytes()) for image in images]
    names = [f"digit {i + 1}" for i in range(len(images))]
    ids = [key_of(name.encode()) for name in names]
    stamps = [(0, 0)] * len(ids)
    return Listing("images", ids, names, stamps, hashes, images, said=(digits.source,))


def key_of(content: bytes) -> str:
    """Return 24 hex digits that stand for some bytes.

    Examples
    --------
    >>> key_of(b"a.png")
    'faafae861169165c39459698'
    """
    return blake2b(content, digest_size=12).hexdigest()


def hash_file(path: Path) -> str:
    """Return the hash of a file's content, read in blocks.

    Raises
    ------
    SourceError : the file cannot be read
    """
    digest = blake2b(digest_size=12)
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def shown(name: str) -> str:
    """Return a file name as text that can be stored, whatever bytes it is made of."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "replace")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns


def _plain(values: Any) -> Any:
    """Return values that are quick to walk through: each row of a memory map is another map."""
    return values.view(np.ndarray) if isinstance(values, np.memmap) else values


def _content(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.tobytes()
    return repr([None if cell is None else str(cell) for cell in value]).encode()


def _numbered(hashes: Sequence[str]) -> list[str]:
    """Return a key for each row: its content, and which of several equal rows it is.

    So rows keep their labels when others are put between them.
    """
    seen: Counter[str] = Counter()
    ids = []
    for content in hashes:
        seen[content] += 1
        n = seen[content]
        ids.append(content if n == 1 else f"{content}-{n}")
    return ids
