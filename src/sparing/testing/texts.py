"""Made-up sentences with names in them, for tests that need no data."""

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.types import IntArray

PEOPLE = ("Ada", "Bob Stone", "Eve", "Grace Hill", "Tim", "Uma Rao")
PLACES = ("Paris", "New York", "Lima", "Oslo", "Cape Town", "Rome")
FRAMES = (
    "{person} lives in {place} now",
    "we met {person} yesterday",
    "the train to {place} was late",
    "{person} and {other} left {place}",
    "nobody said a word about it",
    "it rained again all day long",
)


def sentences_with_names(n: int, seed: int = 0) -> tuple[Sentences, IntArray, int]:
    """Return sentences, their tags and the number of classes: people are 0, places 1.

    Examples
    --------
    >>> sentences, tags, n_classes = sentences_with_names(4)
    >>> len(sentences), len(tags) == len(sentences.word_ids), n_classes
    (4, True, 2)
    """
    rng = np.random.default_rng(seed)
    made = [_made(rng) for _ in range(n)]
    sentences = Sentences.of_words([words for words, _ in made])
    return sentences, np.concatenate([tags for _, tags in made]).astype(np.int64), 2


def _made(rng: np.random.Generator) -> tuple[list[str], list[int]]:
    words: list[str] = []
    tags: list[int] = []
    for part in str(rng.choice(FRAMES)).split():
        code = {"{person}": 0, "{other}": 0, "{place}": 1}.get(part)
        names = [part] if code is None else str(rng.choice((PEOPLE, PLACES)[code])).split()
        words += names
        tags += [0] if code is None else [2 * code + 1, *[2 * code + 2] * (len(names) - 1)]
    return words, tags
