"""Features of words: computed once a distinct word, whatever is said of it anywhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from sparing.annotations.sentences import Sentences
from sparing.models.crf.clusters import WordClusters
from sparing.types import IntArray

LONGEST_AFFIX = 4
EDGE = "\n"  # stands before the first word and after the last; no token can be that


def word_features(word: str) -> list[str]:
    """Return the names of a word's features: itself, its form, its beginning and end.

    Examples
    --------
    >>> word_features("McAdam")[:4]
    ['w=mcadam', 'shape=XxXx', 'p1=m', 's1=m']
    """
    if word == EDGE:
        return ["edge"]
    lower = word.lower()
    names = [f"w={lower}", f"shape={shape(word)}"]
    for k in range(1, min(LONGEST_AFFIX, len(lower)) + 1):
        names += [f"p{k}={lower[:k]}", f"s{k}={lower[-k:]}"]
    flags = {
        "upper": word.isupper() and len(word) > 1,
        "title": word[:1].isupper(),
        "digit": any(map(str.isdigit, word)),
        "letter": any(map(str.isalpha, word)),
        "short": len(word) <= 2,
    }
    return names + [name for name, holds in flags.items() if holds]


def shape(word: str) -> str:
    """Return a word's letters and digits as classes, each run once.

    Examples
    --------
    >>> shape("McAdam"), shape("U.S."), shape("3.14")
    ('XxXx', 'X.X.', '0.0')
    """
    classes = [
        "X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c for c in word
    ]
    runs = [c for i, c in enumerate(classes) if not i or classes[i - 1] != c]
    return "".join(runs[:8])


class WordTable:
    """The features of the words of a pool, and of any others by the same names.

    Those that a single token has are left out: they foretell nothing of another. What the
    unlabeled sentences tell of a word, its cluster and how often it is written large, is a feature
    like any other.

    Parameters
    ----------
    sentences : the pool

    Attributes
    ----------
    X : (n_words + 1, n_features) CSR of 0 and 1; the last row is the edge of a sentence
    """

    def __init__(self, sentences: Sentences) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        self._clusters = WordClusters(sentences)
        self._counts = CountVectorizer(analyzer=word_features, binary=True, dtype=np.float64)
        own = self._counts.fit_transform([*sentences.words, EDGE])
        times = np.bincount(sentences.word_ids, minlength=len(sentences.words))
        often = own.T @ np.append(times, 2)
        self._kept = np.flatnonzero(often > 1)
        self.words = sentences.words
        self.X = self._joined(own, sentences.words)

    def of(self, words: Sequence[str]) -> Any:
        """Return the features of any words, (n_words + 1, n_features)."""
        if words is self.words:
            return self.X
        return self._joined(self._counts.transform([*words, EDGE]), words)

    def _joined(self, own: Any, words: Sequence[str]) -> Any:
        told = self._clusters.features(words)
        edge = sparse.csr_array((1, told.shape[1]))
        both = sparse.hstack([own[:, self._kept], sparse.vstack([told, edge])])
        return sparse.csr_array(both)


def neighbors(sentences: Sentences) -> tuple[IntArray, IntArray, IntArray]:
    """Return the word ids of each token, of the one before it and of the one after it.

    Beyond an edge the id is the number of words, the last row of a :class:`WordTable`.

    Examples
    --------
    >>> neighbors(Sentences.of_texts(["a b", "b"]))
    (array([0, 1, 1]), array([2, 0, 2]), array([1, 2, 2]))
    """
    ids, edge = sentences.word_ids, len(sentences.words)
    before, after = np.roll(ids, 1), np.roll(ids, -1)
    filled = sentences.lengths > 0
    before[sentences.starts[:-1][filled]] = edge
    after[sentences.starts[1:][filled] - 1] = edge
    return ids, before, after
