"""Windows: long documents as sentences that are asked one by one, and their spans put together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sparing.annotations.spans import Span
from sparing.annotations.tokens import tokenize
from sparing.types import IntArray

SENTENCE_END = re.compile(
    r"[.!?\u2026\u061f\u06d4\u0964]+[\"'\u201d\u2019\u00bb)\]]*\s+|[\u3002\uff01\uff1f]+|\n+"
)
MOST_TOKENS = 100


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """Pieces of documents, in order.

    Parameters
    ----------
    texts : (n_windows,) the pieces; white space around them is left out
    documents : (n_windows,) from which document each is
    starts : (n_windows,) where it begins there, in code points

    Examples
    --------
    >>> windows = Windows.of(["Ada ran. Bob sat.", "It rained."])
    >>> windows.texts, windows.starts
    (('Ada ran.', 'Bob sat.', 'It rained.'), array([0, 9, 0]))
    >>> windows.together([[(0, 3, "x")], [(0, 3, "x")], []])
    [[(0, 3, 'x'), (9, 12, 'x')], []]
    """

    texts: tuple[str, ...]
    documents: IntArray
    starts: IntArray

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        spans: Sequence[Iterable[Span]] | None = None,
        most_tokens: int = MOST_TOKENS,
    ) -> "Windows":
        """Cut documents at the ends of their sentences.

        Parameters
        ----------
        texts : the documents
        spans : of each document, if there are some: none is cut in two
        most_tokens : a longer sentence is cut between two tokens
        """
        pieces = [
            (i, start, text[start:end])
            for i, text in enumerate(texts)
            for start, end in _pieces(text, () if spans is None else spans[i], most_tokens)
        ]
        documents, starts = (np.array([p[k] for p in pieces], dtype=np.int64) for k in (0, 1))
        return cls(tuple(piece for _, _, piece in pieces), documents, starts)

    def together(self, spans: Sequence[Iterable[Span]]) -> list[list[Span]]:
        """Return the spans of each document, from those of each window."""
        n = int(self.documents.max(initial=-1)) + 1
        found: list[list[Span]] = [[] for _ in range(n)]
        for document, at, each in zip(
            self.documents.tolist(), self.starts.tolist(), spans, strict=True
        ):
            found[document] += [(start + at, end + at, label) for start, end, label in each]
        return found

    def apart(self, spans: Sequence[Iterable[Span]]) -> list[list[Span]]:
        """Return the spans of each window, from those of each document that no window cuts."""
        cut: list[list[Span]] = []
        for document, at, text in zip(
            self.documents.tolist(), self.starts.tolist(), self.texts, strict=True
        ):
            inside = (s for s in spans[document] if at <= s[0] and s[1] <= at + len(text))
            cut.append([(start - at, end - at, label) for start, end, label in inside])
        return cut


def _pieces(text: str, spans: Iterable[Span], most_tokens: int) -> list[tuple[int, int]]:
    """Return start and end of each sentence, without the white space around it; one at least."""
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    tokens = tokenize(text)
    edges = np.unique([0, *_without_long(ends, tokens, most_tokens), len(text)])
    whole = [(start, end) for start, end, _ in spans]
    kept = [e for e in edges.tolist() if not any(start < e < end for start, end in whole)]
    cut = [_stripped(text, a, b) for a, b in pairwise(kept)]
    return [piece for piece in cut if piece[0] < piece[1]] or [(0, len(text))]


def _without_long(ends: list[int], tokens: IntArray, most: int) -> list[int]:
    """Return the ends of sentences, and ends between tokens where a sentence is too long."""
    if not len(tokens):
        return ends
    sentence = np.searchsorted(ends, tokens[:, 0], side="right")
    first = np.searchsorted(sentence, sentence)
    place = np.arange(len(tokens)) - first
    return [*ends, *tokens[(place > 0) & (place % most == 0), 0].tolist()]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
