"""The tagger: its slope, its optimum, classes that come later, words it has not seen."""

from dataclasses import replace

import numpy as np
import pytest

from sparing.annotations.sentences import Sentences
from sparing.errors import InvalidInputError, TrainingError
from sparing.models.crf.features import WordTable, neighbors
from sparing.models.crf.tagger import CrfTagger, _Loss
from sparing.testing.texts import sentences_with_names


@pytest.fixture(scope="module")
def world():
    return sentences_with_names(120, seed=0)


@pytest.mark.parametrize("are_consulted", [False, True])
def test_the_slope_is_that_of_the_loss(world, are_consulted):
    sentences, tags, n_classes = world
    said = 1 + np.roll(tags, 1) if are_consulted else None
    sentences = replace(sentences, said=said)
    loss = _Loss(WordTable(sentences).X, sentences, tags, n_classes, 0.3)
    rng = np.random.default_rng(0)
    at, way = rng.normal(size=(2, loss.size))
    at *= 0.1
    ahead, behind = (loss(at + step * way)[0] for step in (1e-5, -1e-5))
    np.testing.assert_allclose(loss(at)[1] @ way, (ahead - behind) / 2e-5, rtol=1e-6)


def test_names_are_found_in_sentences_that_were_not_seen(world):
    sentences, tags, n_classes = world
    rows = np.arange(60)
    tagger = CrfTagger().prepared(sentences)
    tagger.fit(sentences.take(rows), tags[sentences.tokens_of(rows)], n_classes)
    others = np.arange(60, 120)
    found = tagger.tag(sentences.take(others)).tags
    assert np.mean(found == tags[sentences.tokens_of(others)]) > 0.95


def test_where_a_fit_starts_changes_nothing_but_the_time(world):
    sentences, tags, n_classes = world
    some, all_of = np.arange(40), np.arange(120)
    table = WordTable(sentences)
    cold, warm = CrfTagger(table=table), CrfTagger(table=table)
    warm.fit(sentences.take(some), tags[sentences.tokens_of(some)], n_classes)
    for tagger in (cold, warm):
        tagger.fit(sentences.take(all_of), tags, n_classes)
    np.testing.assert_allclose(
        cold.predict_marginals(sentences), warm.predict_marginals(sentences), atol=0.02
    )


def test_a_class_may_come_later(world):
    sentences, tags, n_classes = world
    first = np.where(tags > 2, 0, tags)  # of the first class alone
    tagger = CrfTagger(table=WordTable(sentences)).fit(sentences, first, 1)
    assert tagger.fit(sentences, tags, n_classes).predict_marginals(sentences).shape[1] == 5


def test_a_state_says_the_same_in_another_tagger(world):
    sentences, tags, n_classes = world
    fitted = CrfTagger().prepared(sentences).fit(sentences, tags, n_classes)
    again = CrfTagger().set_state(fitted.get_state(), WordTable(sentences))
    assert np.array_equal(again.tag(sentences).proba, fitted.tag(sentences).proba)


def test_words_of_no_letters_and_empty_texts_are_read(world):
    sentences, tags, n_classes = world
    tagger = CrfTagger().fit(sentences, tags, n_classes)
    told = tagger.tag(Sentences.of_texts(["", "\u200b \U0001f642", "", "Zyx"]))
    assert len(told.log_proba) == 4
    assert len(told.tags) == 3
    assert len(tagger.tag(Sentences.of_texts([""])).tags) == 0


def test_neighbors_do_not_cross_empty_texts():
    ids, before, after = neighbors(Sentences.of_texts(["a b", "", "c", ""]))
    assert ids.tolist() == [0, 1, 2]
    assert before.tolist() == [3, 0, 3]
    assert after.tolist() == [1, 3, 3]


def test_bad_input_is_refused(world):
    sentences, tags, n_classes = world
    with pytest.raises(InvalidInputError, match="one a token"):
        CrfTagger().fit(sentences, tags[:-1], n_classes)
    with pytest.raises(InvalidInputError, match="finite number > 0"):
        CrfTagger(l2=0).fit(sentences, tags, n_classes)
    with pytest.raises(TrainingError, match="no token"):
        CrfTagger().fit(Sentences.of_texts([""]), np.empty(0, np.int64), 1)
