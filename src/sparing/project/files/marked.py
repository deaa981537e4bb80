"""Spans of a project in the formats that trainers take, and spans that others have marked."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.annotations.spans import Span
from sparing.annotations.tagging import tags_of
from sparing.annotations.windows import Windows
from sparing.datasets.decoding import whole_text
from sparing.datasets.marked.brat import write_brat
from sparing.datasets.marked.checking import POINTS
from sparing.datasets.marked.conll import write_conll
from sparing.datasets.marked.document import Document, Documents
from sparing.datasets.marked.jsonl import write_jsonl_spans
from sparing.datasets.marked.read import first_object, holds_texts, read_documents
from sparing.errors import SourceError
from sparing.files import staging, write_atomically
from sparing.project.files.export import SPAN_FORMS
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.readings import Found, Readings, RowReport, found_row
from sparing.project.log.meaning import as_said
from sparing.project.source.items import Item
from sparing.project.state import State
from sparing.store.records import FROM_FILE
from sparing.types import IntArray

CONLL, DOCCANO, PRODIGY, BRAT = SPAN_FORMS
NOT_HERE = "no text of the project is this one, or holds it"
NO_PLACE = "a span of white space alone, and the white space here is another"


def documents_of(state: State, rows: Sequence[ExportRow]) -> Documents:
    """Return the texts that have an answer, with their spans."""
    found = []
    for row in rows:
        item = state.item(row.item_id)
        if item.text is not None and row.spans is not None:
            found.append(document_of(row, item))
    return Documents(tuple(found))


def document_of(row: ExportRow, item: Item) -> Document:
    """Return the text of an item with its spans; of one that is gone nothing."""
    if item.text is None:
        return Document("", None, np.zeros((0, 2), np.int64), row.item)
    edges = np.array(item.tokens, dtype=np.int64).reshape(-1, 2)
    spans = None if row.spans is None else tuple((s.start, s.end, s.label) for s in row.spans)
    return Document(item.text, spans, edges, row.item)


def with_tokens(documents: Documents) -> Documents:
    """Return documents without those that no columns can hold: a text of white space is no line."""
    kept = tuple(d for d in documents.documents if d.tokens is None or len(d.tokens))
    n = len(documents) - len(kept)
    notes = (f"Left out, as CoNLL has a line a token: {n:,} without any.",) if n else ()
    return Documents(kept, documents.skipped, (*documents.notes, *notes))


def _conll(documents: Documents) -> str:
    pairs = [*tagged(documents, documents.labels)]
    texts = tuple(document.text for document in documents.documents)
    sentences = Sentences.of_tokens(texts, [at for at, _ in pairs])
    every = np.concatenate([np.zeros(0, np.int64), *(tags for _, tags in pairs)])
    return write_conll(sentences, every, documents.labels)


def tagged(documents: Documents, classes: Sequence[str]) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield of each text where its tokens are, and their tags, which those of no answer have too.

    A token in which a span begins or ends is parted there.

    Parameters
    ----------
    documents : texts with their spans
    classes : the labels in the order of the tags
    """
    values = documents.values(classes)
    for document, value in zip(documents.documents, values, strict=True):
        at = _parted(document.edges, document.spans or ())
        yield at, tags_of(value or (), at)


def _parted(tokens: IntArray, spans: Sequence[Span]) -> IntArray:
    """Return tokens of which none reaches over an end of a span.

    Examples
    --------
    >>> _parted(np.array([[0, 5], [6, 9]]), [(0, 3, "x")]).tolist()
    [[0, 3], [3, 5], [6, 9]]
    """
    cuts = sorted({edge for start, end, _ in spans for edge in (start, end)})
    parts: list[tuple[int, int]] = []
    for start, end in tokens.tolist():
        inside = [start, *(cut for cut in cuts if start < cut < end), end]
        parts += pairwise(inside)
    return np.array(parts, dtype=np.int64).reshape(-1, 2)


WRITERS: dict[str, Callable[[Documents], str]] = {
    CONLL: _conll,
    DOCCANO: lambda d: write_jsonl_spans(d.documents, DOCCANO),
    PRODIGY: lambda d: write_jsonl_spans(d.documents, PRODIGY),
}


def write_marked(path: Path, form: str, documents: Documents) -> None:
    """Write texts with their spans as a file, or brat's as a folder that is not there yet.

    Raises
    ------
    SourceError : the path cannot be written, or is a folder with something in it
    """
    if form != BRAT:
        write_atomically(path, WRITERS[form](documents).encode())
        return
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already: name a new or an empty folder.")
    target = path.resolve()
    with staging(target) as here:
        whole = here / BRAT
        whole.mkdir()
        write_brat(whole, documents.documents)
        whole.rename(target)


def is_of_texts(path: Path) -> bool:
    """Tell whether a file is of texts with spans, and no table; our own exports are tables."""
    if not path.exists() or not holds_texts(path):
        return False
    return path.is_dir() or not {"item_id", "provenance"} <= {*first_object(path)}


def read_marked(state: State, path: Path, offsets: str = POINTS) -> Readings:
    """Read texts with spans; each is an item, or holds some, whatever white space it has.

    Parameters
    ----------
    state : of the project
    path : of the file or folder
    offsets : as of :func:`sparing.datasets.marked.read.read_documents`

    Raises
    ------
    SourceError : the file cannot be read, or is in none of the formats
    """
    documents = read_documents(path, offsets=offsets)
    return Readings(*placed(state, documents), documents.notes)


def placed(state: State, documents: Documents) -> tuple[list[Found], list[RowReport]]:
    """Return what documents say of the items that they are or hold, and what fits none."""
    places = _Places(state, documents)
    found: list[Found] = []
    problems = [RowReport(one.name, "", one.reason) for one in documents.skipped]
    for document in documents.documents:
        if document.spans is None:
            continue
        here, lost = places.of(document)
        if not here:
            lost = lost or [(document.text, NOT_HERE)]
        problems += [RowReport(document.name, text[:60], reason) for text, reason in lost]
        for item_id, text, spans in here:
            keys = ("start", "end", "label")
            said = as_said([dict(zip(keys, span, strict=True)) for span in spans])
            told = {"class_name": said, "asked_for": FROM_FILE}
            found.append(found_row(state, document.name, text[:60], item_id, told))
    return found, problems


_Place = tuple[str, str, list[Span]]  # key and text of an item, and the spans there


_Named = tuple[str, str]  # key and text of an item
_Words = frozenset[int]  # where words begin, in a text without its white space


class _Places:
    """Finds the items that a text is, or that it holds.

    A text that is an item's to the letter is that one. Else white space makes no difference. Of a
    file that keeps words alone no letter between two of them is the item's: its texts are told by
    their words, and are the items in their order where they are as many.
    """

    def __init__(self, state: State, documents: Documents) -> None:
        self._exact: dict[str, deque[_Named]] = defaultdict(deque)
        self._alike: dict[str, deque[_Named]] = defaultdict(deque)
        self._named: set[str] = set()
        listing = state.listing
        tokens = listing.passages.tokens if listing.passages else (None,) * len(listing.ids)
        self._tokens = dict(zip(listing.ids, tokens, strict=True))
        for item_id, value in zip(listing.ids, listing.values, strict=True):
            text = whole_text(value)
            self._exact[text].append((item_id, text))
            self._alike[_squeezed(text)].append((item_id, text))
        texts: dict[str, list[_Words]] = defaultdict(list)
        for one in documents.documents:
            if one.spans is not None and one.tokens is not None:
                texts[_squeezed(one.text)].append(_words(one.text, one.tokens))
        same = {letters: [*self._alike[letters]] for letters in texts if letters in self._alike}
        words = {letters: [*map(self._words_of, of)] for letters, of in same.items() if of[1:]}
        self._in_order = {
            letters
            for letters, of in words.items()
            if len(of) == len(texts[letters]) and all(map(_Words.issubset, of, texts[letters]))
        }
        self._by_words: dict[str, dict[_Words, deque[_Named]]] = {}
        for letters in words.keys() - self._in_order:
            parts = self._by_words[letters] = defaultdict(deque)
            for item, at in zip(same[letters], words[letters], strict=True):
                parts[at].append(item)

    def of(self, document: Document) -> tuple[list[_Place], list[tuple[str, str]]]:
        """Return the items in a document, and what of it is none, each with the reason."""
        spans = document.spans or ()
        tokens = document.tokens
        words = None if tokens is None else _words(document.text, tokens)
        pieces = [(document.text, self._item(document.text, words), [*spans])]
        if pieces[0][1] is None:
            windows = Windows.of([document.text], [spans])
            apart = zip(windows.texts, windows.apart([spans]), strict=True)
            pieces = [(piece, self._item(piece, None), inside) for piece, inside in apart]
        found: list[_Place] = []
        lost: list[tuple[str, str]] = []
        for piece, item, inside in pieces:
            there = None if item is None else moved(piece, inside, item[1])
            if item is not None and there is not None:
                found.append((*item, there))
            elif inside:
                lost.append((piece, NOT_HERE if item is None else NO_PLACE))
        return found, lost

    def _item(self, text: str, words: _Words | None) -> _Named | None:
        """Return the next item with this text; of equal ones each is named once, then the last."""
        same = self._same(text, words)
        if not same:
            return None
        while len(same) > 1 and same[0][0] in self._named:
            same.popleft()
        self._named.add(same[0][0])
        return same[0]

    def _same(self, text: str, words: _Words | None) -> deque[_Named] | None:
        """Return the items that a text may be; it has words where it is told by these."""
        letters = _squeezed(text)
        if words is None:
            return self._exact.get(text) or self._alike.get(letters)
        by_words = self._by_words.get(letters, {})
        # An end of a span parts a word of the item, so that the text may have more words than it.
        fit = [words, *(at for at in by_words if at < words)]
        free = (by_words[at] for at in fit if at in by_words and self._is_free(by_words[at]))
        return next(free, by_words.get(words) or self._alike.get(letters))

    def _is_free(self, items: deque[_Named]) -> bool:
        return items[-1][0] not in self._named

    def _words_of(self, item: _Named) -> _Words:
        from sparing.annotations.tokens import tokenize

        item_id, text = item
        tokens = self._tokens[item_id]
        return _words(text, tokenize(text) if tokens is None else tokens)


def _words(text: str, tokens: IntArray) -> _Words:
    """Return where tokens begin, white space not counted.

    Examples
    --------
    >>> sorted(_words("Ada  met", np.array([[0, 3], [5, 8]])))
    [0, 3]
    """
    before = np.cumsum([0, *(not c.isspace() for c in text)])
    return frozenset(before[tokens[:, 0]].tolist())


def _squeezed(text: str) -> str:
    return "".join(text.split())


def moved(text: str, spans: Sequence[Span], into: str) -> list[Span] | None:
    """Return spans of a text as those of another that differs from it in white space alone.

    None where one of them is of white space alone, which has no place in the other.

    Examples
    --------
    >>> moved("Ada 's cat .", [(0, 3, "x"), (7, 12, "y")], "Ada's cat.")
    [(0, 3, 'x'), (6, 10, 'y')]
    """
    if text == into:
        return [*spans]
    before = np.cumsum([0, *(not c.isspace() for c in text)])
    places = [i for i, c in enumerate(into) if not c.isspace()]
    found = []
    for start, end, label in spans:
        first, after = int(before[start]), int(before[end])
        if first == after:
            return None
        found.append((places[first], places[after - 1] + 1, label))
    return found
