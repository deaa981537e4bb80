"""What every strategy for sentences has to keep to, as small named checks."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from sparing.annotations.sentences import Sentences
from sparing.errors import CapabilityError, PoolExhaustedError
from sparing.strategies.base import Selection, choose
from sparing.strategies.sequences import SequenceSnapshot, SequenceStrategy
from sparing.testing.texts import sentences_with_names

SequenceCheck = Callable[[SequenceStrategy], None]
FIELDS = frozenset({"entropy", "log_proba"})
BATCHES = (1, 5, 40)


def yield_sequence_checks() -> Iterator[SequenceCheck]:
    """Yield the checks that a strategy for sentences has to pass.

    Each is a function of the strategy that returns None or raises AssertionError.

    Examples
    --------
    >>> from sparing.strategies.sequences import get_sequence_strategy
    >>> for check in yield_sequence_checks():
    ...     check(get_sequence_strategy("mass"))
    """
    yield check_declares_itself
    yield check_survives_clone_and_pickle
    yield check_utility_is_one_finite_number_a_candidate
    yield check_batches_are_distinct_and_eligible
    yield check_same_seed_same_batch
    yield check_snapshot_is_not_written
    yield check_more_than_all_is_refused
    yield check_missing_field_is_refused
    yield check_certain_model_and_empty_texts
    yield check_row_order_does_not_matter


def made_up(requires: frozenset[str] = FIELDS, *, certain: bool = False) -> SequenceSnapshot:
    """Return a snapshot of sixty sentences, two of them empty, of which forty may be asked.

    Examples
    --------
    >>> int(made_up().eligible.sum())
    40
    """
    some = sentences_with_names(58, seed=1)[0]
    sentences = Sentences.of_words([*some, [], []])
    rng = np.random.default_rng(0)
    eligible = np.arange(60) >= 20
    entropy = np.zeros(len(sentences.word_ids)) if certain else rng.random(len(sentences.word_ids))
    log_proba = -np.bincount(sentences.rows, entropy, minlength=60).astype(np.float64)
    return SequenceSnapshot(
        sentences,
        eligible,
        entropy if "entropy" in requires else None,
        log_proba if "log_proba" in requires else None,
    )


def check_declares_itself(strategy: SequenceStrategy) -> None:
    """Name and reason are texts, and what is required are fields of the snapshot."""
    _expect(all(isinstance(t, str) and t for t in (strategy.name, strategy.reason)), "no texts")
    _expect(strategy.requires <= FIELDS, f"it requires {set(strategy.requires - FIELDS)}")


def check_survives_clone_and_pickle(strategy: SequenceStrategy) -> None:
    """It holds parameters alone."""
    copy = pickle.loads(pickle.dumps(strategy))  # noqa: S301  # our own bytes
    _expect(repr(copy) == repr(strategy) == repr(clone(strategy)), "its copy differs")


def check_utility_is_one_finite_number_a_candidate(strategy: SequenceStrategy) -> None:
    """The utility has one finite number for each candidate."""
    s = made_up(strategy.requires)
    utility = strategy.utility(s)
    _expect(utility.shape == s.candidates.shape, f"utility of shape {utility.shape}")
    _expect(bool(np.isfinite(utility).all()), f"not finite: {utility}")


def check_batches_are_distinct_and_eligible(strategy: SequenceStrategy) -> None:
    """A batch has as many distinct rows as asked for, all of which may be asked."""
    s = made_up(strategy.requires)
    for k in BATCHES:
        picked = _select(strategy, s, k)
        _expect(len(set(picked.rows.tolist())) == k, f"{k} were asked for: {picked.rows}")
        _expect(bool(s.eligible[picked.rows].all()), f"may not be asked: {picked.rows}")
        _expect(bool(np.isfinite(picked.gains).all()), f"gains {picked.gains}")


def check_same_seed_same_batch(strategy: SequenceStrategy) -> None:
    """Equal seeds give equal batches."""
    s = made_up(strategy.requires)
    first, second = (_select(strategy, s, 7).rows for _ in range(2))
    _expect(np.array_equal(first, second), f"{first} and then {second}")


def check_snapshot_is_not_written(strategy: SequenceStrategy) -> None:
    """No array of the snapshot is written to."""
    s = made_up(strategy.requires)
    parts = [s.eligible, s.entropy, s.log_proba, s.sentences.word_ids, s.sentences.starts]
    for part in parts:
        if part is not None:
            part.flags.writeable = False
    _select(strategy, s, 5)


def check_more_than_all_is_refused(strategy: SequenceStrategy) -> None:
    """Asking for more than there is raises PoolExhaustedError."""
    try:
        _select(strategy, made_up(strategy.requires), 41)
    except PoolExhaustedError:
        return
    raise AssertionError("more sentences than may be asked were chosen")


def check_missing_field_is_refused(strategy: SequenceStrategy) -> None:
    """A snapshot without a required field raises CapabilityError."""
    if not strategy.requires:
        return
    try:
        _select(strategy, made_up(frozenset()), 1)
    except CapabilityError:
        return
    raise AssertionError("a field that is required is not read")


def check_certain_model_and_empty_texts(strategy: SequenceStrategy) -> None:
    """A model without doubt, and texts without a token, are no reason to fail."""
    s = made_up(strategy.requires, certain=True)
    alone = replace(s, eligible=np.arange(60) >= 58)
    _expect(set(_select(strategy, alone, 2).rows.tolist()) == {58, 59}, "empty texts are left out")
    _expect(len(_select(strategy, s, 40).rows) == 40, "not all are chosen")


def check_row_order_does_not_matter(strategy: SequenceStrategy) -> None:
    """The utility of a sentence does not depend on where it stands."""
    s = made_up(strategy.requires)
    back = np.arange(60)[::-1]
    at = s.sentences.tokens_of(back)
    turned = SequenceSnapshot(
        s.sentences.take(back),
        s.eligible[back],
        None if s.entropy is None else s.entropy[at],
        None if s.log_proba is None else s.log_proba[back],
    )
    same = np.allclose(strategy.utility(turned)[::-1], strategy.utility(s))
    _expect(same, "the order of the rows counts")


def _select(strategy: SequenceStrategy, s: SequenceSnapshot, k: int) -> Selection:
    return choose(strategy, s, k, np.random.default_rng(0))


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
