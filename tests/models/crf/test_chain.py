"""The chain against all paths written out; segment probabilities among them."""

from itertools import pairwise, product

import numpy as np
import pytest

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import allowed, segments
from sparing.models.crf.chain import Transitions, forward_backward, pair_counts
from sparing.models.crf.packing import Packing
from sparing.models.crf.tagging import exact_tagging, tagging_from_marginals

STARTS = np.array([0, 3, 3, 7, 8])  # the second sentence is empty
N_CLASSES = 2


@pytest.fixture(params=[0, 1, 2])
def world(request):
    rng = np.random.default_rng(request.param)
    n = 2 * N_CLASSES + 1
    chain = Transitions(rng.normal(size=(n, n)), rng.normal(size=n), allowed(N_CLASSES))
    return rng.normal(size=(STARTS[-1], n)) * 2, chain


def paths_of(scores, chain):
    """Yield every path of one sentence that is allowed, with its weight."""
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        steps = list(pairwise(path))
        if path and chain.allowed[0, path[0]] and all(chain.allowed[step] for step in steps):
            score = sum(scores[t, y] for t, y in enumerate(path)) + chain.first[path[0]]
            yield path, np.exp(score + sum(chain.scores[step] for step in steps))


def sentences_of(scores):
    return [scores[a:b] for a, b in pairwise(STARTS) if b > a]


def spans(path):
    found = segments(np.array(path), np.array([0, len(path)]))
    return set(zip(*(part.tolist() for part in found), strict=True))


def test_everything_that_is_told_is_what_all_paths_say(world):
    scores, chain = world
    told = exact_tagging(scores, chain, STARTS)
    proba, best, log_proba, certainty = [], [], [], []
    for part in sentences_of(scores):
        paths = list(paths_of(part, chain))
        total = sum(weight for _, weight in paths)
        marginals = np.zeros_like(part)
        for path, weight in paths:
            marginals[np.arange(len(part)), path] += weight / total
        likeliest, weight = max(paths, key=lambda found: found[1])
        proba.append(marginals)
        best += likeliest
        log_proba.append(np.log(weight / total))
        certainty += [
            sum(weight for path, weight in paths if span in spans(path)) / total
            for span in sorted(spans(likeliest))
        ]
    np.testing.assert_allclose(told.proba, np.vstack(proba), atol=1e-12)
    assert told.tags.tolist() == best
    np.testing.assert_allclose(told.log_proba, [log_proba[0], 0, *log_proba[1:]], atol=1e-12)
    assert certainty, "a world without a span tests nothing"
    np.testing.assert_allclose(told.certainty, certainty, atol=1e-12)


def test_pairs_are_counted_as_all_paths_have_them(world):
    scores, chain = world
    packing = Packing(STARTS)
    scaled = forward_backward(scores[packing.order], chain, packing)
    expected = np.zeros_like(chain.scores)
    log_total = 0.0
    for part in sentences_of(scores):
        paths = list(paths_of(part, chain))
        total = sum(weight for _, weight in paths)
        log_total += np.log(total)
        for path, weight in paths:
            np.add.at(expected, (path[:-1], path[1:]), weight / total)
    np.testing.assert_allclose(pair_counts(scaled, chain, packing), expected, atol=1e-12)
    np.testing.assert_allclose(scaled.log_total, log_total)


def test_a_very_long_sentence_neither_under_nor_overflows():
    rng = np.random.default_rng(0)
    scores, starts = rng.normal(size=(5000, 3)) * 300, np.array([0, 5000])
    told = exact_tagging(scores, Transitions(np.zeros((3, 3)), np.zeros(3), allowed(1)), starts)
    assert np.isfinite(told.log_proba).all()
    np.testing.assert_allclose(told.proba.sum(axis=1), 1)
    assert not np.any((told.tags[1:] == 2) & (told.tags[:-1] == 0)), "nothing goes on from outside"


def test_a_foreign_taggers_marginals_are_read_as_tags_that_may_follow():
    marginals = np.array([[0.6, 0.4, 0.0], [0.1, 0.2, 0.7]])
    told = tagging_from_marginals(marginals, Sentences.of_texts(["Ada Lovelace"]))
    assert told.tags.tolist() == [1, 2]  # 0 then 2 is likelier token by token, and impossible
    assert 0 < told.certainty[0] <= 1
