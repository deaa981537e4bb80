"""Every strategy for sentences passes the checks, and does what it says."""

import numpy as np
import pytest

from sparing.annotations.sentences import Sentences
from sparing.errors import InvalidInputError, UnknownNameError
from sparing.strategies.sequences import (
    SEQUENCE_STRATEGIES,
    SequenceSnapshot,
    UncertaintyMass,
    get_sequence_strategy,
)
from sparing.testing import yield_sequence_checks
from sparing.testing.sequence_checks import made_up

CASES = [
    pytest.param(name, check, id=f"{name}-{check.__name__}")
    for name in sorted(SEQUENCE_STRATEGIES)
    for check in yield_sequence_checks()
]


@pytest.mark.parametrize(("name", "check"), CASES)
def test_every_strategy_passes_the_checks(name, check):
    check(get_sequence_strategy(name))


def test_names_and_instances_are_taken_and_others_refused():
    assert get_sequence_strategy(UncertaintyMass()).name == "mass"
    with pytest.raises(UnknownNameError, match="Did you mean 'mnlp'"):
        get_sequence_strategy("mnpl")
    with pytest.raises(InvalidInputError, match="a name or a SequenceStrategy"):
        get_sequence_strategy(3)


def test_mass_is_the_greedy_choice_written_out():
    s = made_up()
    worth = UncertaintyMass()._worth(s)
    times = dict.fromkeys(range(len(s.sentences.words)), 0)

    def gain(row):
        at = s.sentences.tokens_of(np.array([row]))
        ids = s.sentences.word_ids[at]
        left = [w * 0.5 ** times[i] for w, i in zip(worth[at], ids, strict=True)]
        return sum(left) / (len(at) + 3)

    expected = []
    for _ in range(8):
        best = max((row for row in s.candidates if row not in expected), key=gain)
        expected.append(int(best))
        for i in s.sentences.word_ids[s.sentences.tokens_of(np.array([best]))]:
            times[i] += 1
    assert UncertaintyMass().select(s, 8, np.random.default_rng(0)).rows.tolist() == expected


def test_mass_counts_words_in_sentences_that_may_be_asked_alone():
    sentences = Sentences.of_texts(["Ada", "Bob", "Ada"])
    s = SequenceSnapshot(sentences, np.array([True, True, False]), entropy=np.ones(3))
    assert UncertaintyMass().utility(s).tolist() == [0.25, 0.25]
