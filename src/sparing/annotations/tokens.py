"""Tokens of a text by Unicode's rules for words; offsets into the text are the truth."""

from itertools import pairwise

import numpy as np

from sparing.types import IntArray

WORDS = r"(?V1w)\b|(?<=['\u2019])|(?=['\u2019])"  # UAX 29; an apostrophe is a token of its own


def tokenize(text: str) -> IntArray:
    r"""Return (n_tokens, 2) start and end of each token in code points, white space left out.

    Words are those of Unicode's default segmentation, so a letter and its accents, or an emoji of
    several parts, stay together. An apostrophe stands by itself: the name in *Ada's* is a token.

    Examples
    --------
    >>> text = "Ada's cafe\u0301, 3.14"
    >>> [text[start:end] for start, end in tokenize(text)] == [
    ...     "Ada", "'", "s", "cafe\u0301", ",", "3.14"]
    True

    References
    ----------
    Unicode Standard Annex 29, Text Segmentation
    """
    import regex  # takes a while to load

    cuts = {0, *(found.start() for found in regex.finditer(WORDS, text)), len(text)}
    pairs = [(a, b) for a, b in pairwise(sorted(cuts)) if not text[a:b].isspace()]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
