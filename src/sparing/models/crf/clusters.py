"""What unlabeled sentences tell of words: which company they keep, how they are written."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from sparing.annotations.sentences import Sentences
from sparing.numeric.kmeans import k_means
from sparing.numeric.principal import signed
from sparing.types import FloatArray, IntArray

GRAINS = (32, 128, 512)
N_DIRECTIONS = 50
LEAST_OFTEN = 3  # tokens of a word; of rarer ones the company tells nothing
MOST_CONTEXTS = 2000
CAPITAL_EDGES = (0.1, 0.5, 0.9)


class WordClusters:
    """Clusters of a pool's words by their neighbors, and their share of capitals amid sentences.

    Words are compared in lower case by the leading directions of their positive pointwise mutual
    information with the word before and the word after; k-means at three grains.

    Parameters
    ----------
    sentences : the pool

    References
    ----------
    Turian, Ratinov & Bengio (2010), on clusters as features; Levy & Goldberg (2014), on what is
    factorized
    """

    def __init__(self, sentences: Sentences) -> None:
        lower: dict[str, int] = {}
        of_word = [lower.setdefault(w.lower(), len(lower)) for w in sentences.words]
        ids = np.array(of_word, dtype=np.int64)[sentences.word_ids]
        self._lower = lower
        # The last row is for words that the pool does not have.
        columns = [
            *_clusters(ids, sentences.starts, len(lower)),
            _capitals(sentences, ids, len(lower)),
        ]
        self._table = sparse.csr_array(sparse.hstack(columns))

    def features(self, words: Sequence[str]) -> Any:
        """Return (n_words, n_features) CSR of 0 and 1; all 0 for words of which nothing is told."""
        unknown = len(self._lower)
        rows = np.array([self._lower.get(w.lower(), unknown) for w in words], dtype=np.int64)
        return self._table[rows]


def _clusters(ids: IntArray, starts: IntArray, n_words: int) -> list[Any]:
    """Return for each grain (n_words + 1, n_clusters) in which cluster a word is."""
    frequent = np.flatnonzero(np.bincount(ids, minlength=n_words) >= LEAST_OFTEN)
    if len(frequent) < 2 * N_DIRECTIONS:
        return []
    vectors = _directions(_company(ids, starts, n_words, frequent))
    rng = np.random.default_rng(0)
    found = []
    for grain in GRAINS:
        if grain < len(frequent) / 2:
            labels = k_means(vectors, grain, rng).labels
            one = (np.ones(len(frequent)), (frequent, labels))
            found.append(sparse.coo_array(one, shape=(n_words + 1, grain)))
    return found


def _company(ids: IntArray, starts: IntArray, n_words: int, frequent: IntArray) -> Any:
    """Return (n_frequent, n_contexts) positive mutual information with the words on both sides."""
    place = np.full(n_words, -1)
    place[frequent] = np.arange(len(frequent))
    often = np.argsort(-np.bincount(ids, minlength=n_words), kind="stable")[:MOST_CONTEXTS]
    context = np.full(n_words, -1)
    context[often] = np.arange(len(often))
    inside = np.ones(max(len(ids) - 1, 0), dtype=bool)
    inner = starts[1:-1]
    inside[inner[(inner > 0) & (inner < len(ids))] - 1] = False
    left, right = ids[:-1][inside], ids[1:][inside]
    pairs = [
        (place[left], context[right]),
        (place[right], context[left] + len(often) * (context[left] >= 0)),
    ]
    rows, columns = (np.concatenate(both) for both in zip(*pairs, strict=True))
    known = (rows >= 0) & (columns >= 0)
    counts = sparse.coo_array(
        (np.ones(int(known.sum())), (rows[known], columns[known])),
        shape=(len(frequent), 2 * len(often)),
    ).tocsr()
    counts.sum_duplicates()
    return _positive_information(counts)


def _positive_information(counts: Any) -> Any:
    """Return how much oftener two are together than by chance, in logarithms, 0 where seldomer."""
    total = counts.sum()
    rows, columns = counts.sum(axis=1), counts.sum(axis=0) ** 0.75
    found = counts.tocoo()
    i, j = found.coords
    expected = rows[i] * columns[j] / max(columns.sum(), 1)
    values = np.maximum(np.log(found.data / expected), 0) if total else found.data
    return sparse.csr_array((values, (i, j)), shape=counts.shape)


def _directions(information: Any) -> FloatArray:
    """Return (n_words, n_directions) unit vectors."""
    k = min(N_DIRECTIONS, min(information.shape) - 1)
    start = np.ones(min(information.shape))
    left, values, _ = svds(information, k=k, v0=start)
    vectors = signed(left) * np.sqrt(values)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def _capitals(sentences: Sentences, ids: IntArray, n_words: int) -> Any:
    """Return (n_words + 1, 4) by which share of its tokens amid sentences a word is capital."""
    capital = np.array([w[:1].isupper() for w in sentences.words], dtype=bool)
    amid = np.ones(len(ids), dtype=bool)
    amid[sentences.starts[:-1][sentences.lengths > 0]] = False
    times = np.bincount(ids[amid], minlength=n_words)
    large = np.bincount(ids[amid], weights=capital[sentences.word_ids[amid]], minlength=n_words)
    told = np.flatnonzero(times >= LEAST_OFTEN)
    bins = np.searchsorted(CAPITAL_EDGES, large[told] / times[told])
    shape = (n_words + 1, len(CAPITAL_EDGES) + 1)
    return sparse.coo_array((np.ones(len(told)), (told, bins)), shape=shape)
