"""Texts by their words: TF-IDF, then the leading directions of its spectrum."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer, strip_accents_unicode
from sklearn.preprocessing import normalize

from sparing._validate import _Phrase, check_int, invalid
from sparing.datasets.scripts import words
from sparing.encoders.base import BlockEncoder
from sparing.types import FloatArray, Tick

MAX_WORDS = 100_000  # distinct words and pairs kept, the most frequent first
ROUNDING = 1e-5  # of the widest direction; texts of few words vary in fewer than are asked for


class TextEncoder(BlockEncoder):
    """Texts by the words and pairs of words in them (latent semantic analysis).

    Needs no model and no network. In scripts that do not separate words, such as Chinese, Japanese
    or Thai, pairs of characters are looked at; so they are where texts share no words. Each text
    becomes a vector of length 1, one without any known word the zero vector.

    Parameters
    ----------
    n_components : length of the vectors, at most
    min_count : a word that occurs in fewer texts is not looked at
    seed : of the randomized decomposition

    Examples
    --------
    >>> texts = ["a cat sat", "the cat ran", "stocks fell", "stocks rose"]
    >>> Z = TextEncoder(n_components=2, min_count=1).fit_transform(texts)
    >>> (Z @ Z.T).round(1)[0]
    array([1., 1., 0., 0.], dtype=float32)

    References
    ----------
    Deerwester et al. (1990), Indexing by latent semantic analysis
    """

    name: ClassVar[str] = "text"
    learned: ClassVar[tuple[str, ...]] = ("words_", "rarity_", "directions_", "by_pairs_")

    def __init__(self, n_components: int = 200, min_count: int = 2, seed: int = 0) -> None:
        self.n_components = n_components
        self.min_count = min_count
        self.seed = seed

    def _checked(self, X: Any) -> list[str]:
        return check_texts(X, type(self).__name__)

    def _learn(self, items: list[str], tell: Tick) -> None:
        where = type(self).__name__
        check_int("n_components", where, self.n_components, 1)
        min_count = min(check_int("min_count", where, self.min_count, 1), len(items))
        for analyzer, least in ((terms, min_count), (pairs, min_count), (terms, 1), (pairs, 1)):
            counter = _counter(analyzer, min_df=least, max_features=MAX_WORDS)
            try:
                weights = counter.fit_transform(items)
                break
            except ValueError:  # scikit-learn's word for "no words are left"
                continue
        else:
            raise invalid("X", where, "texts with some letters or digits", _Phrase("none"))
        tell(len(items), len(items))
        self.by_pairs_ = np.array(analyzer is pairs)
        self.words_ = counter.get_feature_names_out().astype(np.str_)
        self.rarity_ = counter.idf_
        self.directions_ = _directions(weights, self.n_components, self.seed)

    def _encode(self, block: list[str]) -> FloatArray:
        vectors = self._weights(block) @ self.directions_
        return np.asarray(normalize(vectors), np.float32)

    def _weights(self, block: list[str]) -> sparse.csr_matrix:
        places = {word: i for i, word in enumerate(self.words_.tolist())}
        counter = _counter(pairs if self.by_pairs_ else terms, vocabulary=places)
        counter.idf_ = self.rarity_
        return counter.transform(block)


def _counter(analyzer: Callable[[str], list[str]], **parameters: Any) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, dtype=np.float32, **parameters)


def terms(text: str) -> list[str]:
    """Return the words of a text and the pairs of words that follow each other.

    Examples
    --------
    >>> terms("Müde cats sat")
    ['mude', 'cats', 'sat', 'mude cats', 'cats sat']
    """
    found = words(_plain(text))
    return found + [f"{one} {next_}" for one, next_ in pairwise(found)]


def pairs(text: str) -> list[str]:
    """Return the pairs of letters and digits in a text."""
    letters = [c for c in _plain(text) if c.isalnum()]
    return [one + next_ for one, next_ in pairwise(letters)] or letters


def _plain(text: str) -> str:
    lower = text.lower()
    return lower if lower.isascii() else strip_accents_unicode(lower)


def _directions(weights: sparse.csr_matrix, n_components: int, seed: int) -> FloatArray:
    """Return (n_words, n_kept) leading right singular vectors, without those that are rounding."""
    n_kept = min(n_components, *(side - 1 for side in weights.shape))
    if n_kept < 1:  # a single text or a single word
        return np.eye(weights.shape[1], 1, dtype=np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):  # texts that are all alike vary by 0
        svd = TruncatedSVD(n_kept, random_state=seed).fit(weights)
    widths = svd.singular_values_
    return np.ascontiguousarray(svd.components_[widths > ROUNDING * widths[0]].T, np.float32)


def check_texts(X: Any, where: str) -> list[str]:
    """Return texts as a list of str.

    Raises
    ------
    InvalidInputError : a single text, or an item that is none; its place is named
    """
    if isinstance(X, str | bytes):
        raise invalid("X", where, "a list of texts", type(X).__name__)
    items: Sequence[Any] | npt.NDArray[Any] = X.tolist() if hasattr(X, "tolist") else X
    texts = list(items)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise invalid("X", where, f"a list of texts; item {i} is none", text)
    return texts


def sound_texts(X: Any, where: str) -> list[str]:
    r"""Return texts as ``check_texts`` does, with a question mark for each half of a character.

    Examples
    --------
    >>> sound_texts(["a cat \ud83d"], "an encoder")
    ['a cat ?']
    """
    return [text.encode("utf-8", "replace").decode() for text in check_texts(X, where)]
