"""Sentences: texts as tokens, with each distinct word numbered once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparing.annotations.tokens import tokenize
from sparing.types import IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Sentences:
    """Texts and their tokens, all in one row.

    Parameters
    ----------
    texts : (n,) as they came
    offsets : (n_tokens, 2) start and end of each token in its text, in code points
    starts : (n + 1,) where each text's tokens begin in that row
    words : the distinct words
    word_ids : (n_tokens,) which word each token is
    said : (n_tokens,) what others say of each token: 0 nothing, else 1 and their tag, as of
        :mod:`sparing.annotations.tagging`, in their own classes; None where nobody is consulted

    Examples
    --------
    >>> two = Sentences.of_texts(["Ada met Bob", "Bob"])
    >>> two.starts, two.word_ids
    (array([0, 3, 4]), array([0, 1, 2, 2]))
    >>> list(two)
    [['Ada', 'met', 'Bob'], ['Bob']]
    """

    texts: tuple[str, ...]
    offsets: IntArray
    starts: IntArray
    words: tuple[str, ...]
    word_ids: IntArray
    said: IntArray | None = None

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> "Sentences":
        """Return texts, cut by :func:`tokenize`."""
        texts = tuple(texts)
        return cls.of_tokens(texts, [tokenize(text) for text in texts])

    @classmethod
    def of_words(cls, sentences: Iterable[Sequence[str]]) -> "Sentences":
        """Return sentences whose tokens are known; their text has a space between each two."""
        lists = [list(words) for words in sentences]
        return cls.of_tokens(tuple(" ".join(words) for words in lists), map(_spaced, lists))

    @classmethod
    def of_tokens(cls, texts: tuple[str, ...], offsets: Iterable[IntArray]) -> "Sentences":
        """Return texts with the tokens at these offsets, (n_tokens, 2) each."""
        each = list(offsets)
        ids: dict[str, int] = {}
        word_ids = [
            ids.setdefault(text[start:end], len(ids))
            for text, pairs in zip(texts, each, strict=True)
            for start, end in pairs.tolist()
        ]
        starts = np.cumsum([0, *(len(pairs) for pairs in each)])
        row = np.concatenate([np.empty((0, 2), np.int64), *each])
        return cls(texts, row, starts, tuple(ids), np.array(word_ids, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, row: int) -> list[str]:
        """Return the words of one sentence."""
        return [self.words[i] for i in self.word_ids[self.starts[row] : self.starts[row + 1]]]

    def __iter__(self) -> Iterator[list[str]]:
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> IntArray:
        """(n,) how many tokens each has."""
        return np.diff(self.starts)

    @property
    def rows(self) -> IntArray:
        """(n_tokens,) in which sentence each token is."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def tokens_of(self, rows: IntArray) -> IntArray:
        """Return the positions of these sentences' tokens, sentence by sentence."""
        return positions_in_ranges(self.starts[rows], self.lengths[rows])

    def take(self, rows: IntArray) -> "Sentences":
        """Return just these sentences; words keep their numbers."""
        at = self.tokens_of(rows)
        return replace(
            self,
            texts=tuple(self.texts[row] for row in rows.tolist()),
            offsets=self.offsets[at],
            starts=np.concatenate([[0], np.cumsum(self.lengths[rows])]),
            word_ids=self.word_ids[at],
            said=None if self.said is None else self.said[at],
        )


def positions_in_ranges(starts: IntArray, lengths: IntArray) -> IntArray:
    """Return the positions of ranges, one range after the other.

    Examples
    --------
    >>> positions_in_ranges(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def _spaced(words: list[str]) -> IntArray:
    """Return the offsets of words that have one space between them."""
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    return np.column_stack([starts, starts + lengths])
