"""What a tagger says of sentences: likeliest tags, marginals, how sure each span is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import allowed, segments
from sparing.models.crf.chain import Scaled, Transitions, best_path, bounded, forward_backward
from sparing.models.crf.packing import Packing
from sparing.types import FloatArray, IntArray

LEAST = 1e-12


@dataclass(frozen=True, eq=False, slots=True)
class Tagging:
    """What a tagger says of sentences.

    Parameters
    ----------
    tags : (n_tokens,) the likeliest
    proba : (n_tokens, n_tags) of each tag
    log_proba : (n_sentences,) logarithm of how likely all tags of a sentence are right together
    certainty : (n_spans,) how likely each span among ``tags`` is right exactly
    """

    tags: IntArray
    proba: FloatArray
    log_proba: FloatArray
    certainty: FloatArray


def joined(parts: Sequence[Tagging]) -> Tagging:
    """Return what is said of several lists of sentences, one after the other."""
    fields = ("tags", "proba", "log_proba", "certainty")
    return Tagging(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))


def nothing_said(n_sentences: int, n_tags: int) -> Tagging:
    """Return what is said of sentences without a token."""
    nothing = np.empty(0)
    return Tagging(
        nothing.astype(np.int64), nothing.reshape(0, n_tags), np.zeros(n_sentences), nothing
    )


def exact_tagging(scores: FloatArray, chain: Transitions, starts: IntArray) -> Tagging:
    """Return what a chain says of sentences.

    Parameters
    ----------
    scores : (n_tokens, n_tags) of each token's tags
    chain : how tags follow each other
    starts : (n + 1,) where each sentence begins
    """
    if not len(scores):
        return nothing_said(len(starts) - 1, len(chain.first))
    packing = Packing(starts)
    packed = bounded(scores[packing.order])
    scaled = forward_backward(packed, chain, packing)
    path, best = best_path(packed, chain, packing)
    back = np.argsort(packing.order)
    tags = path[back]
    proba = scaled.alpha * scaled.beta
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    totals = (np.log(scaled.scale) + scaled.shift)[back]
    log_proba = np.zeros(len(starts) - 1)
    log_proba[packing.ranked[: len(best)]] = best
    log_proba -= np.bincount(rows, totals, minlength=len(log_proba))
    certainty = segment_proba(scaled, chain, back, tags, starts)
    return Tagging(tags, proba[back], np.minimum(log_proba, 0), certainty)


def segment_proba(
    scaled: Scaled, chain: Transitions, back: IntArray, tags: IntArray, starts: IntArray
) -> FloatArray:
    """Return (n_spans,) how likely each span among ``tags`` is one exactly, end and class.

    Parameters
    ----------
    scaled, chain : the forward and backward numbers of these sentences
    back : (n_tokens,) where each token is in packed order
    tags : (n_tokens,) whose spans are meant
    starts : (n + 1,) where each sentence begins

    References
    ----------
    Culotta & McCallum (2004), Confidence estimation for information extraction
    """
    first, after, classes = segments(tags, starts)
    begin, go_on = 2 * classes + 1, 2 * classes + 2
    weights = chain.weights
    found = scaled.alpha[back[first], begin]
    last = begin.copy()
    for step in range(1, int((after - first).max(initial=1))):
        long = np.flatnonzero(first + step < after)
        at, inside = back[first[long] + step], go_on[long]
        found[long] *= (
            weights[last[long], inside] * scaled.potentials[at, inside] / scaled.scale[at]
        )
        last[long] = inside
    goes_past = np.flatnonzero(~np.isin(after, starts))
    at = back[after[goes_past]]
    told = scaled.potentials[at] * scaled.beta[at] / scaled.scale[at, None]
    told[np.arange(len(at)), go_on[goes_past]] = 0
    found[goes_past] *= np.vecdot(weights[last[goes_past]], told)
    return np.asarray(found)


def tagging_from_marginals(proba: FloatArray, sentences: Sentences) -> Tagging:
    """Return what can be said by marginals alone: the best tags that may follow each other.

    Tokens are taken for independent, for want of anything better.

    Parameters
    ----------
    proba : (n_tokens, n_tags)
    sentences : of these tokens
    """
    n = proba.shape[1]
    chain = Transitions(np.zeros((n, n)), np.zeros(n), allowed(n // 2))
    told = exact_tagging(np.log(np.maximum(proba, LEAST)), chain, sentences.starts)
    return Tagging(told.tags, proba, told.log_proba, told.certainty)


def token_entropy(proba: FloatArray) -> FloatArray:
    """Return the entropy of each row in nats.

    Examples
    --------
    >>> token_entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.693, 0.   ])
    """
    safe = np.where(proba > 0, proba, 1)
    return np.asarray(np.maximum(-(proba * np.log(safe)).sum(axis=1), 0))
