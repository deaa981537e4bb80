"""What a SequenceLearner is given: sentences, a tagger, what others say; each checked."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

import numpy as np

from sparing._validate import invalid
from sparing.annotations.base import labels_of_all
from sparing.annotations.sentences import Sentences
from sparing.annotations.spans import SpanSet
from sparing.annotations.tagging import tags_of
from sparing.learner.unit_answers import read_values
from sparing.models.crf.tagger import CrfTagger
from sparing.pool.classes import ClassTable
from sparing.types import IntArray

WHERE = "SequenceLearner"
CRF = "crf"
KIND = SpanSet()


def read_sentences(texts: Any, name: str) -> Sentences:
    """Return texts, or lists of tokens, as sentences; those that are some as they are.

    Raises
    ------
    InvalidInputError : neither, both, or none at all

    Examples
    --------
    >>> [len(read_sentences(some, "texts")) for some in (["Ada ran", "Bob sat"], [["Ada"]])]
    [2, 1]
    """
    if isinstance(texts, Sentences):
        return texts
    if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
        raise invalid(name, WHERE, "a list of texts, or of lists of tokens", texts)
    listed = [text if isinstance(text, str) else _words(text) for text in texts]
    if not listed:
        raise invalid(name, WHERE, "of one sentence at least", listed)
    if all(isinstance(text, str) for text in listed):
        return Sentences.of_texts(listed)
    odd = [t for t in listed if not isinstance(t, list) or not all(_is_word(w) for w in t)]
    if odd:
        raise invalid(name, WHERE, "all texts, or all lists of tokens that are not empty", odd[0])
    return Sentences.of_words(listed)


def _words(text: Any) -> Any:
    return list(text) if isinstance(text, Iterable) else text  # a gap is refused by its name


def _is_word(word: Any) -> bool:
    return isinstance(word, str) and bool(word)


def own_tagger(tagger: Any, sentences: Sentences) -> Any:
    """Return a tagger of this learner's own.

    Raises
    ------
    InvalidInputError : it has no fit and predict_marginals
    """
    if tagger == CRF:
        return CrfTagger().prepared(sentences)
    if isinstance(tagger, CrfTagger):
        return tagger.prepared(sentences)
    methods = ("fit", "predict_marginals")
    if isinstance(tagger, type) or not all(callable(getattr(tagger, m, None)) for m in methods):
        expected = "'crf' or an object with fit and predict_marginals"
        raise invalid("tagger", WHERE, expected, tagger)
    return deepcopy(tagger)


def another(tagger: Any) -> Any:
    """Return a tagger that is fitted apart from this one; what is known of a pool is shared."""
    return copy(tagger) if isinstance(tagger, CrfTagger) else deepcopy(tagger)


def tags_said(sentences: Sentences, rows: IntArray, raws: Sequence[Any]) -> IntArray:
    """Return (n_tokens,) what others say of each token, as ``Sentences`` has it.

    Parameters
    ----------
    sentences : the pool
    rows : of which something is said
    raws : (n_rows,) spans of each

    Raises
    ------
    InvalidInputError : spans that are empty, cross, or end past the text

    Examples
    --------
    >>> two = Sentences.of_texts(["Ada ran", "Bob sat"])
    >>> tags_said(two, np.array([1]), [[(0, 3, "person")]])  # 0: nobody has said anything
    array([0, 0, 2, 1])
    """
    table = ClassTable().with_values(labels_of_all(KIND, raws))
    said = np.zeros(len(sentences.word_ids), dtype=np.int64)
    values = read_values(KIND, rows, raws, table, sentences.texts.__getitem__)
    for row, value in zip(rows.tolist(), values, strict=True):
        here = slice(*sentences.starts[row : row + 2])
        said[here] = 1 + tags_of(value, sentences.offsets[here])
    return said
