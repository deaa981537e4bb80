"""Strategies for sentences whose tokens have tags, and the snapshot that they see."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.numeric.selection import lazy_greedy
from sparing.strategies.base import Selection
from sparing.strategies.unit_strategy import MixedItems, RandomItems, UnitStrategy, named_strategy
from sparing.types import BoolArray, FloatArray, IntArray

AGAIN = 0.5  # what a word is worth that the batch has already
OVERHEAD = 3  # tokens' worth of effort that a sentence takes beside its own


@dataclass(frozen=True, eq=False, slots=True)
class SequenceSnapshot:
    """What one model version says of the tokens of a pool; None where no strategy asked.

    Parameters
    ----------
    sentences : the whole pool
    eligible : (n,) True where a sentence may be asked
    entropy : (n_tokens,) of each token's tag, in nats
    log_proba : (n,) logarithm of how likely all tags of a sentence are right together
    """

    sentences: Sentences
    eligible: BoolArray
    entropy: FloatArray | None = None
    log_proba: FloatArray | None = None

    @property
    def candidates(self) -> IntArray:
        """Rows that may be asked, ascending."""
        return np.flatnonzero(self.eligible)

    @property
    def lengths(self) -> IntArray:
        """(n_candidates,) their tokens; one at least, an empty text is read too."""
        return np.maximum(self.sentences.lengths[self.candidates], 1)

    def field(self, name: str) -> Any:
        """Return a field by the name that ``requires`` uses; None if it is not there."""
        return getattr(self, name, None)


class SequenceStrategy(UnitStrategy):
    """How to choose which sentences a person reads next; a pure function of a frozen snapshot."""

    @abstractmethod
    def utility(self, s: SequenceSnapshot) -> FloatArray:
        """Return one finite number a candidate; higher = ask first."""


class RandomSentences(RandomItems, SequenceStrategy):
    """Draw sentences uniformly.

    Examples
    --------
    >>> s = SequenceSnapshot(Sentences.of_texts(["a", "b"]), np.array([True, True]))
    >>> RandomSentences().select(s, 2, np.random.default_rng(0)).propensity
    array([0.5, 1. ])
    """


class LongestSentences(SequenceStrategy):
    """Ask for the longest sentences.

    Examples
    --------
    >>> s = SequenceSnapshot(Sentences.of_texts(["a", "b c"]), np.array([True, True]))
    >>> LongestSentences().utility(s)
    array([1., 2.])

    References
    ----------
    Settles & Craven (2008), on length as a rival of any strategy for sequences
    """

    name: ClassVar[str] = "longest"
    reason: ClassVar[str] = "it is long"

    def utility(self, s: SequenceSnapshot) -> FloatArray:
        """Return the number of tokens."""
        return s.lengths.astype(np.float64)


class NormalizedLogProba(SequenceStrategy):
    """Ask where the likeliest tags are least likely, a token: MNLP.

    Examples
    --------
    >>> s = SequenceSnapshot(Sentences.of_texts(["a", "b c"]), np.array([True, True]),
    ...                      log_proba=np.array([-1.0, -1.0]))
    >>> NormalizedLogProba().utility(s)
    array([1. , 0.5])

    References
    ----------
    Shen et al. (2017), arXiv 1707.05928
    """

    name: ClassVar[str] = "mnlp"
    requires: ClassVar[frozenset[str]] = frozenset({"log_proba"})
    reason: ClassVar[str] = "the model is least sure of it, token for token"

    def utility(self, s: SequenceSnapshot) -> FloatArray:
        """Return minus the logarithm of the best tags' probability a token."""
        assert s.log_proba is not None  # noqa: S101  # it is in ``requires``
        return np.asarray(-s.log_proba[s.candidates] / s.lengths)


class TokenEntropy(SequenceStrategy):
    """Ask where the tags of the average token are most open.

    Examples
    --------
    >>> s = SequenceSnapshot(Sentences.of_texts(["a", "b c"]), np.array([True, True]),
    ...                      entropy=np.array([0.5, 0.2, 0.4]))
    >>> TokenEntropy().utility(s).round(2)
    array([0.5, 0.3])

    References
    ----------
    Settles & Craven (2008), An analysis of active learning strategies for sequence labeling tasks
    """

    name: ClassVar[str] = "token_entropy"
    requires: ClassVar[frozenset[str]] = frozenset({"entropy"})
    reason: ClassVar[str] = "the tags of its tokens are most open"

    def utility(self, s: SequenceSnapshot) -> FloatArray:
        """Return the mean entropy of the tokens."""
        assert s.entropy is not None  # noqa: S101  # it is in ``requires``
        rows = s.sentences.rows
        total = np.bincount(rows, s.entropy, minlength=len(s.sentences))
        return np.asarray(total[s.candidates] / s.lengths)


class UncertaintyMass(SequenceStrategy):
    """Ask for sentences with open words that are open in many other sentences, too.

    A token is worth its own entropy times the root of all that its word has in sentences that may
    still be asked; half as much each time the batch has the word already. A sentence is worth its
    tokens, over its length and the effort that any sentence takes.

    Examples
    --------
    >>> texts = ["Ada ran", "Bob ran", "Ada sat", "Eve"]
    >>> doubt = np.array([0.5, 0, 0.5, 0, 0.5, 0, 0.1])
    >>> s = SequenceSnapshot(Sentences.of_texts(texts), np.ones(4, bool), entropy=doubt)
    >>> UncertaintyMass().utility(s).round(3)
    array([0.1  , 0.071, 0.1  , 0.008])
    >>> 1 in UncertaintyMass().select(s, 2, np.random.default_rng(0)).rows  # not Ada again
    True

    References
    ----------
    Settles & Craven (2008), information density; here the density is a word's
    """

    name: ClassVar[str] = "mass"
    requires: ClassVar[frozenset[str]] = frozenset({"entropy"})
    reason: ClassVar[str] = "the model is unsure of words in it that many other texts have, too"

    def utility(self, s: SequenceSnapshot) -> FloatArray:
        """Return the worth of each sentence, were it the first of its batch."""
        return _summed(s, self._worth(s))

    def select(self, s: SequenceSnapshot, batch_size: int, rng: np.random.Generator) -> Selection:
        """Return a batch in which no word is asked for its own sake again and again."""
        worth, sentences, candidates = self._worth(s), s.sentences, s.candidates
        times = np.zeros(len(sentences.words))
        counted = [0]
        shuffled = rng.permutation(len(candidates))  # ties go to the first

        def gain(positions: IntArray, picked: IntArray) -> FloatArray:
            new = candidates[shuffled[picked[counted[0] :]]]
            counted[0] = len(picked)
            np.add.at(times, sentences.word_ids[sentences.tokens_of(new)], 1)
            return _gains(s, worth, times, candidates[shuffled[positions]])

        picks, gains = lazy_greedy(_summed(s, worth)[shuffled], gain, batch_size)
        return Selection.chosen(candidates[shuffled[picks]], gains)

    def _worth(self, s: SequenceSnapshot) -> FloatArray:
        """Return (n_tokens,) what each token is worth."""
        assert s.entropy is not None  # noqa: S101  # it is in ``requires``
        ids = s.sentences.word_ids
        waiting = np.repeat(s.eligible, s.sentences.lengths)
        mass = np.bincount(ids[waiting], s.entropy[waiting], minlength=len(s.sentences.words))
        return np.asarray(s.entropy * np.sqrt(mass[ids]))


def _summed(s: SequenceSnapshot, worth: FloatArray) -> FloatArray:
    return _gains(s, worth, np.zeros(len(s.sentences.words)), s.candidates)


def _gains(s: SequenceSnapshot, worth: FloatArray, times: FloatArray, rows: IntArray) -> FloatArray:
    """Return the worth of sentences after words were taken so many times."""
    tokens, lengths = s.sentences.tokens_of(rows), s.sentences.lengths[rows]
    left = worth[tokens] * AGAIN ** times[s.sentences.word_ids[tokens]]
    total = np.bincount(np.repeat(np.arange(len(rows)), lengths), left, minlength=len(rows))
    return np.asarray(total / (lengths + OVERHEAD))


class MixedSentences(MixedItems, SequenceStrategy):
    """Ask by ``mass``, and one sentence in five at random, which says how good the model is.

    The random ones are spread over the batch.

    Parameters
    ----------
    share : of a batch that is drawn at random

    Examples
    --------
    >>> s = SequenceSnapshot(Sentences.of_texts("abcdefghij"), np.ones(10, bool),
    ...                      entropy=np.linspace(0, 1, 10))
    >>> MixedSentences().select(s, 5, np.random.default_rng(0)).source
    array(['strategy', 'strategy', 'uniform', 'strategy', 'strategy'], dtype='<U8')
    """

    requires: ClassVar[frozenset[str]] = UncertaintyMass.requires
    reason: ClassVar[str] = UncertaintyMass.reason
    _inner = UncertaintyMass


_OWN: tuple[type[SequenceStrategy], ...] = (
    UncertaintyMass,
    LongestSentences,
    MixedSentences,
    NormalizedLogProba,
    RandomSentences,
    TokenEntropy,
)
SEQUENCE_STRATEGIES: Mapping[str, type[SequenceStrategy]] = MappingProxyType(
    {c.name: c for c in _OWN}
)
"""The strategies for sentences by name."""


def get_sequence_strategy(strategy: str | SequenceStrategy) -> SequenceStrategy:
    """Return the strategy of that name; an instance as it is.

    Raises
    ------
    UnknownNameError : there is no such strategy for sentences
    InvalidInputError : neither a name nor a strategy for sentences

    Examples
    --------
    >>> get_sequence_strategy("mass")
    UncertaintyMass()
    """
    return named_strategy(
        strategy, SEQUENCE_STRATEGIES, SequenceStrategy, "sentences", "SequenceLearner"
    )
