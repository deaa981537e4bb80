"""Texts in which spans are marked: short ones whole, long ones sentence by sentence."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sparing.annotations.spans import text_hash
from sparing.annotations.windows import Windows
from sparing.datasets.decoding import whole_text
from sparing.datasets.items import summarize_skipped
from sparing.datasets.marked.document import Document, Documents
from sparing.datasets.marked.read import holds_texts, read_documents
from sparing.errors import SourceError
from sparing.project.source.items import Listing, Passages, numbered, shown

KEY_LENGTH = 24  # as of all other items
LONG = 600
"""Characters: a longer text is asked sentence by sentence."""
TEXTS = ("text", "content", "sentence", "body")  # names of a column, the likeliest first


def list_passages(
    path: Path,
    listed: Callable[[Sequence[str]], Listing],
    columns: Sequence[str] = (),
    encoding: str | None = None,
) -> Listing:
    """List the texts of a source in which spans are to be marked.

    What an item is follows from what it holds: one whose text has changed is another one, as no
    offset of the old one fits it.

    Parameters
    ----------
    path : of the source
    listed : lists it as a folder or a table, made of some columns
    columns : of a table: the one with the text, where somebody has named it
    encoding : where somebody has said it

    Raises
    ------
    SourceError : there is nothing, or it holds no texts
    """
    if not columns and path.exists() and holds_texts(path):
        documents = read_documents(path, encoding=encoding)
        return _passages(None, documents, path.name)
    found = listed(columns)
    if found.kind == "table" and not columns:
        text = _text_column(found.columns)
        found = found if text is None else listed((text,))
    if found.kind != "texts":
        there = f" It has: {', '.join(found.columns)}." if found.columns else ""
        raise SourceError(
            f"Spans are marked in texts, and the items of {path.name} are {_called(found.kind)}:"
            f" --columns says which column of a table has the text.{there}"
        )
    pairs = zip(found.values, found.names, strict=True)
    texts = tuple(Document(text, None, None, name) for text, name in pairs)
    return _passages(found, Documents(texts), path.name)


def passage_key(hashed: str) -> str:
    """Return what tells the content of a text from others, by the hash of the text."""
    return hashed[:KEY_LENGTH]


def _called(kind: str) -> str:
    return "rows of several columns" if kind == "table" else kind


def _text_column(columns: Sequence[str]) -> str | None:
    """Return the column that is called as texts are; None if there is none."""
    known = {name.casefold(): name for name in reversed(columns)}
    return next((known[name] for name in TEXTS if name in known), None)


def _passages(found: Listing | None, documents: Documents, name: str) -> Listing:
    """Return documents as items: short ones, and the sentences of long ones."""
    texts = [whole_text(document.text) for document in documents.documents]
    parts = [_parts(text, one) for text, one in zip(texts, documents.documents, strict=True)]
    of = np.repeat(np.arange(len(texts)), [len(pairs) for pairs in parts])
    starts = np.array([start for pairs in parts for start, _ in pairs], dtype=np.int64)
    values = [text[a:b] for text, pairs in zip(texts, parts, strict=True) for a, b in pairs]
    called = [shown(document.name) for document in documents.documents]
    names = [
        called[i] if len(parts[i]) == 1 else f"{called[i]}, {k + 1}"
        for i, pairs in enumerate(parts)
        for k in range(len(pairs))
    ]
    hashes = [passage_key(text_hash(text)) for text in values]
    tokens = [documents.documents[i].tokens for i in of.tolist()]
    ids, n = numbered(hashes), len(values)
    return Listing(
        "texts",
        ids,
        names,
        [(0, 0)] * n,
        [*hashes],
        [None] * n,
        values,
        layout=found.layout if found else None,
        table=found.table.take(of.tolist()) if found and found.table else None,
        said=(*(found.said if found else ()), *_said(documents)),
        passages=Passages(
            tuple(called[i] for i in of.tolist()),
            starts,
            tuple(tokens),
            np.array([bool(document.spans) for document in documents.documents], dtype=bool)[of],
        ),
    )


def _parts(text: str, document: Document) -> list[tuple[int, int]]:
    """Return where the passages of a text begin and end; what a file has in tokens is whole."""
    if len(text) <= LONG or document.tokens is not None:
        return [(0, len(text))]
    windows = Windows.of([text], None if document.spans is None else [document.spans])
    lengths = [len(piece) for piece in windows.texts]
    return [(a, a + n) for a, n in zip(windows.starts.tolist(), lengths, strict=True)]


def _said(documents: Documents) -> tuple[str, ...]:
    return (*documents.notes, *summarize_skipped(documents.skipped))
