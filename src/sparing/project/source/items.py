"""Items: what a source holds now, each under a key that survives new runs."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sparing.datasets.decoding import whole_text
from sparing.datasets.items import take_items
from sparing.datasets.rows import RawTable
from sparing.errors import SourceError
from sparing.files import file_fault
from sparing.project.source.layout import Layout
from sparing.types import BoolArray, IntArray

MNIST = "mnist"
PRESENT, GONE, UNREADABLE = "present", "gone", "unreadable"  # states of an item
SHOWN_NUMBERS = 8
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, eq=False, slots=True)
class Item:
    """One item as a person sees it; one of path, text, fields and pixels is there.

    Parameters
    ----------
    item_id : its key; safe in a URL
    name : a path inside the folder, or ``"line 7"``; text from outside, never to be trusted
    kind : ``"image"``, ``"text"`` or ``"card"``
    path : of an image file
    text : of a text
    fields : of a card: name of the column -> value
    pixels : of an image that is no file: (height, width[, channels]) uint8
    is_marked : whether spans are marked in it
    is_framed : whether boxes are drawn in it
    words : (n_tokens, 2) offsets of its tokens, where the source says what these are
    """

    item_id: str
    name: str
    kind: Literal["image", "text", "card"]
    path: Path | None = None
    text: str | None = None
    fields: Mapping[str, str] | None = None
    pixels: Any = None
    is_marked: bool = False
    words: IntArray | None = None
    is_framed: bool = False

    @property
    def within(self) -> str | tuple[int, int] | None:
        """What the places of an answer lie in: the text of spans, the size of the picture of boxes.

        None: answers have no places, or what they lie in is gone.
        """
        return self.text if self.is_marked else self.size

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels of the upright picture in which boxes are drawn.

        None: it is none, or cannot be read.
        """
        if not self.is_framed:
            return None
        from sparing.project.source.framed import size_of

        return size_of(self)

    @property
    def width(self) -> int | None:
        """Pixels from left to right, of :attr:`size`."""
        return None if (size := self.size) is None else size[0]

    @property
    def height(self) -> int | None:
        """Pixels from top to bottom, of :attr:`size`."""
        return None if (size := self.size) is None else size[1]

    @property
    def tokens(self) -> list[int] | None:
        """Start and end of each token, one after the other, of a text in which spans are marked."""
        if not self.is_marked or self.text is None:
            return None
        from sparing.annotations.tokens import tokenize

        found = tokenize(self.text) if self.words is None else self.words
        return [int(edge) for edge in found.ravel()]


@dataclass(frozen=True, eq=False, slots=True)
class Passages:
    """Where texts in which spans are marked come from.

    Parameters
    ----------
    documents : (n,) name of the document that each is in
    starts : (n,) where in it the text begins, in code points
    tokens : (n,) offsets of the tokens, (n_tokens, 2), where the source says what these are; None:
        they are found by Unicode's rules
    marked : (n,) True where the source has spans of its document already
    """

    documents: tuple[str, ...]
    starts: IntArray
    tokens: tuple[IntArray | None, ...]
    marked: BoolArray

    def take(self, places: Sequence[int]) -> "Passages":
        """Return those of just these places."""
        return Passages(
            tuple(self.documents[i] for i in places),
            self.starts[list(places)],
            tuple(self.tokens[i] for i in places),
            self.marked[list(places)],
        )


@dataclass(frozen=True, eq=False, slots=True)
class Listing:
    """All that a source holds now, in a stable order; images are not opened yet.

    Parameters
    ----------
    kind : as of :class:`sparing.datasets.items.Items`
    ids, names : (n,) keys, and what people find the items by
    stamps : (n,) size and time of the last change of each file; zeros for rows of a table
    anchors : (n,) hash of what tells each from all others where its content changes: of its text,
        or of the path of its file; None if there is no such thing
    hashes : (n,) hash of the content where it is known without opening a file
    values : (n,) the items themselves
    layout : of a table: what its columns are
    table : of a table: all its columns
    is_files : whether the items are files, whose keys come from their paths
    root : folder that holds all the files; None if the items are none
    said : sentences that the person should know
    passages : of texts in which spans are marked: where they come from
    is_framed : whether the items are pictures in which boxes are drawn
    """

    kind: str
    ids: list[str]
    names: list[str]
    stamps: list[tuple[int, int]]
    hashes: list[str | None]
    anchors: list[str | None]
    values: Any
    layout: Layout | None = None
    table: RawTable | None = None
    is_files: bool = False
    root: Path | None = None
    said: tuple[str, ...] = ()
    passages: Passages | None = None
    is_framed: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def folder_name(self) -> str | None:
        """What the folder is called that holds all the files; None if the items are none."""
        return None if self.root is None else self.root.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that make an item, as far as they are there; none if this is no table."""
        there = () if self.table is None else self.table.columns
        return tuple(name for name in self.layout.columns if name in there) if self.layout else ()

    @property
    def named_by(self) -> str | None:
        """The column that the names are from; None if there is none, or it is not there."""
        column = self.layout.named_by if self.layout else None
        return column if self.table is not None and column in self.table.columns else None

    def take(self, places: Sequence[int]) -> "Listing":
        """Return the listing of just these places."""
        if len(places) == len(self):
            return self
        return replace(
            self,
            ids=[self.ids[i] for i in places],
            names=[self.names[i] for i in places],
            stamps=[self.stamps[i] for i in places],
            hashes=[self.hashes[i] for i in places],
            anchors=[self.anchors[i] for i in places],
            values=take_items(self.values, np.array(places, dtype=np.int64)),
            table=None if self.table is None else self.table.take(places),
            passages=None if self.passages is None else self.passages.take(places),
        )

    def item(self, i: int) -> Item:
        """Return the item at a place of this listing."""
        item_id, name, value = self.ids[i], self.names[i], self.values[i]
        if self.kind == "images":
            if isinstance(value, Path):
                return Item(item_id, name, "image", path=value, is_framed=self.is_framed)
            return Item(item_id, name, "image", pixels=value, is_framed=self.is_framed)
        if self.kind == "texts":
            text = Item(item_id, name, "text", text=whole_text(value))
            if self.passages is None:
                return text
            return replace(text, is_marked=True, words=self.passages.tokens[i])
        if self.kind == "table":
            cells = zip(self.columns, value, strict=True)
            fields = {whole_text(column): _shown_cell(cell) for column, cell in cells}
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


def _shown_cell(cell: Any) -> str:
    return "" if cell is None else whole_text(str(cell))


def _numbers(vector: Any) -> str:
    shown = ", ".join(f"{number:.4g}" for number in vector[:SHOWN_NUMBERS])
    return shown + (", …" if len(vector) > SHOWN_NUMBERS else "")


def numbered(hashes: Sequence[str | None]) -> list[str]:
    """Return a key for each row: its content, and which of several equal rows it is.

    So rows keep their labels when others are put between them.

    Examples
    --------
    >>> numbered(["a", "b", "a"])
    ['a', 'b', 'a-2']
    """
    seen: Counter[str] = Counter()
    ids = []
    for content in map(str, hashes):
        seen[content] += 1
        n = seen[content]
        ids.append(content if n == 1 else f"{content}-{n}")
    return ids


def hash_file(path: Path) -> str:
    """Return the hash of a file's content, read in blocks.

    Raises
    ------
    SourceError : the file cannot be read
    """
    digest = blake2b(digest_size=12)
    if (fault := file_fault(path)) and fault != "empty":
        raise SourceError(f"{path} cannot be read: {fault}.")
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
    try:
        return os.fsencode(name).decode("utf-8", "replace")
    except UnicodeEncodeError:  # no file name: half a character of a text
        return whole_text(name)
