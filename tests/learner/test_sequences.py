"""SequenceLearner: the loop, what it refuses, saving, foreign taggers, scores."""

import numpy as np
import pytest

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import n_tags, spans_of
from sparing.errors import (
    InvalidInputError,
    PoolExhaustedError,
    SourceError,
    TrainingError,
    UnknownNameError,
)
from sparing.learner.sequences import SequenceLearner
from sparing.strategies.sequences import SEQUENCE_STRATEGIES
from sparing.testing.texts import sentences_with_names

NAMES = ["person", "place"]
SENTENCES, TAGS, _ = sentences_with_names(80, seed=0)


def truth(row):
    at = slice(SENTENCES.starts[row], SENTENCES.starts[row + 1])
    units = spans_of(TAGS[at], SENTENCES.offsets[at])
    return [(*unit.place, NAMES[unit.class_id]) for unit in units]


def taught(n=30, **options):
    learner = SequenceLearner(SENTENCES, NAMES, **options)
    while len(learner.labeled) < n:
        rows = learner.query(10).indices
        learner.teach(rows, [truth(row) for row in rows])
    return learner


@pytest.mark.parametrize("strategy", sorted(SEQUENCE_STRATEGIES))
def test_a_loop_from_no_label_to_names_that_are_found(strategy):
    learner = taught(strategy=strategy, seed=1)
    others = np.flatnonzero(learner.eligible)
    right = np.mean([learner.predict()[row] == truth(row) for row in others])
    assert right > 0.8


def test_equal_seeds_ask_alike_and_the_first_batch_is_drawn():
    first, second = (SequenceLearner(SENTENCES, seed=3).query(5) for _ in range(2))
    assert first.indices.tolist() == second.indices.tolist()
    assert set(first.source) == {"uniform"}
    assert first.reason == "before the first label: drawn at random"
    assert SequenceLearner(SENTENCES, seed=4).query(5).indices.tolist() != first.indices.tolist()


def test_texts_tokens_and_sentences_are_taken():
    spans = [[(0, 3, "x")], []]
    for texts in (["Ada ran", "it rained"], [["Ada", "ran"], ["it", "rained"]]):
        learner = SequenceLearner(texts)
        learner.teach([0, 1], spans)
        assert learner.predict(["Ada sat"]) == [[(0, 3, "x")]]
        assert learner.classes == ["x"]


def test_offsets_are_code_points_of_the_text_as_it_is():
    text = "\U0001f642 Rene\u0301 lives"
    learner = SequenceLearner([text, "nobody lives"])
    learner.teach([0, 1], [[(2, 7, "x")], []])
    (found,) = learner.predict()[0]
    assert text[found[0] : found[1]] == "Rene\u0301"


def test_corrections_skips_and_forgetting():
    learner = SequenceLearner(["Ada ran", "Bob ran", "Eve ran"])
    learner.teach([0], [[(0, 3, "a")]])
    version = learner.model_version
    learner.teach([0], [[(0, 3, "a")]])
    assert learner.model_version == version, "the same answer again is no change"
    learner.teach(0, [[(0, 3, "b")]])
    assert learner.model_version == version + 1
    learner.skip([1])
    assert learner.query(1).indices.tolist() == [2]
    with pytest.raises(PoolExhaustedError):
        learner.query(2)
    learner.forget([0, 1])
    assert learner.labeled.tolist() == []


@pytest.mark.parametrize(
    ("spans", "error", "says"),
    [
        ([[(0, 99, "a")]], InvalidInputError, "Row 0: .*within its text of 7 characters"),
        ([[(0, 3, "a"), (2, 5, "a")]], InvalidInputError, "Row 0: .*cross"),
        ([[(0, 3, "c")]], UnknownNameError, "Row 0: There is no class 'c'"),
        ([[], []], InvalidInputError, "as many lists as indices, 1"),
        ({1: []}, InvalidInputError, "whose keys are the indices"),
        ("spans", InvalidInputError, "a list of spans"),
    ],
)
def test_bad_spans_are_refused_and_nothing_changes(spans, error, says):
    learner = SequenceLearner(["Ada ran", "Bob ran"], ["a", "b"])
    with pytest.raises(error, match=says):
        learner.teach([0], spans)
    assert not len(learner.labeled)
    assert learner.classes == ["a", "b"]


NAN = float("nan")


@pytest.mark.parametrize(
    "texts",
    ["Ada", [], [3], ["Ada", ["Bob"]], [["Ada", ""]], {"a": "b"}, ["a", None], ["a", NAN], [NAN]],
)
def test_what_is_no_list_of_sentences_is_refused(texts):
    with pytest.raises(InvalidInputError):
        SequenceLearner(texts)


def test_nothing_is_foretold_before_anything_was_taught():
    with pytest.raises(TrainingError, match="Nothing is labeled"):
        SequenceLearner(SENTENCES).predict()


def test_a_pool_without_any_entity_yet_goes_on():
    learner = SequenceLearner(SENTENCES)
    learner.teach([0, 1], [[], []])
    assert learner.predict()[0] == []
    assert len(learner.query(3)) == 3


def test_a_saved_learner_goes_on_with_the_same_queries(tmp_path):
    learner = taught(seed=5)
    path = tmp_path / "spans.npz"
    learner.save(path)
    again = SequenceLearner.load(path, SENTENCES)
    assert again.predict() == learner.predict()
    for _ in range(2):
        first, second = learner.query(6), again.query(6)
        assert first.indices.tolist() == second.indices.tolist()
        for each in (learner, again):
            each.teach(first.indices, [truth(row) for row in first.indices])


def test_a_file_of_other_texts_or_none_at_all_is_refused(tmp_path):
    path = tmp_path / "spans.npz"
    taught().save(path)
    with pytest.raises(InvalidInputError, match="the texts that the learner was saved with"):
        SequenceLearner.load(path, ["Ada ran"])
    path.write_bytes(b"no file of ours")
    with pytest.raises(SourceError, match="damaged"):
        SequenceLearner.load(path, SENTENCES)


class Lexicon:
    """A tagger that knows words that began a span, and nothing else."""

    def fit(self, sentences, tags, n_classes):
        self.known = {w: t for row, w in enumerate(sentences.word_ids) if (t := tags[row])}
        self.known = {sentences.words[w]: t for w, t in self.known.items()}
        self.n = n_tags(n_classes)
        return self

    def predict_marginals(self, sentences):
        tags = [self.known.get(sentences.words[w], 0) for w in sentences.word_ids]
        return np.eye(self.n)[tags] * 0.9 + 0.1 / self.n


def test_any_tagger_with_fit_and_predict_marginals_fits_in():
    learner = taught(tagger=Lexicon(), strategy="mnlp")
    assert np.mean([learner.predict()[row] == truth(row) for row in range(80)]) > 0.7
    with pytest.raises(InvalidInputError, match="fit and predict_marginals"):
        SequenceLearner(SENTENCES, tagger=object())


def test_a_tagger_that_answers_in_another_shape_is_told():
    class Odd(Lexicon):
        def predict_marginals(self, sentences):
            return np.ones((2, 2))

    learner = SequenceLearner(SENTENCES, NAMES, tagger=Odd())
    learner.teach([0], [truth(0)])
    with pytest.raises(TrainingError, match=r"gave \(2, 2\)"):
        learner.predict()


def test_scores_come_from_sentences_that_were_not_taught():
    learner = taught(20)
    rows = np.flatnonzero(learner.eligible)[:25]
    scores = learner.audit(rows, [truth(row) for row in rows])
    found = [learner.predict()[row] for row in rows]
    right = sum(len(set(a) & set(truth(row))) for a, row in zip(found, rows, strict=True))
    assert scores.right == right
    assert scores.true == sum(len(truth(row)) for row in rows)
    assert scores.f1.low <= scores.f1.value <= scores.f1.high
    assert "without a span" in str(scores)
    with pytest.raises(InvalidInputError, match="not taught"):
        learner.audit(learner.labeled[:2], [truth(row) for row in learner.labeled[:2]])


def test_how_likely_a_span_is_lies_beside_it():
    learner = taught(60)
    certain = [found.certainty for spans in learner.suggest() for found in spans]
    assert all(0 < c <= 1 for c in certain)
    assert np.mean(certain) > 0.8


def test_sentences_are_taken_as_they_are():
    assert SequenceLearner(Sentences.of_texts(["a b"])).sentences.texts == ("a b",)
