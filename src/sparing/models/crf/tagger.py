"""CrfTagger: tags of tokens, by features of words and a chain of tags."""

from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import BaseEstimator

from sparing._validate import check_positive, invalid
from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import allowed, n_tags
from sparing.errors import TrainingError
from sparing.models.crf.chain import Transitions, forward_backward, pair_counts
from sparing.models.crf.features import WordTable, neighbors
from sparing.models.crf.packing import Packing
from sparing.models.crf.tagging import Tagging, exact_tagging, joined
from sparing.types import FloatArray, IntArray

N_PLACES = 3  # the word itself, the one before, the one after
BLOCK = 4096  # sentences that are read at a time
CLOSE_ENOUGH = 3e-5  # the loss falls by no larger share in a step
MEMORY = 4  # steps that L-BFGS remembers; more take longer than they save
BENT = 0.3  # power of its curvature by which a weight is stretched; half would be Newton's at zero
LEAST_SPREAD = 1e-4  # of a tag that no labeled token has


class Tagger(Protocol):
    """Whatever tells how likely each tag of a token is (:mod:`sparing.annotations.tagging`)."""

    def fit(self, sentences: Sentences, tags: IntArray, n_classes: int) -> Self: ...  # noqa: D102
    def predict_marginals(self, sentences: Sentences) -> FloatArray: ...  # noqa: D102


class ChainWeights(NamedTuple):
    """What a fit finds.

    Parameters
    ----------
    coef : (n_features, 3 * n_tags) of the word itself, the one before, the one after
    said : (n_said, n_tags) of what others say of the token
    scores : (n_tags, n_tags) of pairs of tags
    first : (n_tags,) of the first tag of a sentence
    """

    coef: FloatArray
    said: FloatArray
    scores: FloatArray
    first: FloatArray


class CrfTagger(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A conditional random field on features of each word and of its two neighbors.

    What a fit found is where the next one starts, and the fit goes on to its optimum: the loss is
    convex, so that only time is saved.

    Parameters
    ----------
    l2 : half of it times the squared weights is added to the loss
    max_iter : of L-BFGS
    table : what is known of a pool's words; made from the sentences of ``fit`` if not given

    Attributes
    ----------
    coef_ : (n_features, 3 * n_tags) weights of the word itself, the one before, the one after
    said_ : (n_said, n_tags) weights of what others say of a token; no row where nobody is consulted
    chain_ : how tags follow each other

    Examples
    --------
    >>> sentences = Sentences.of_texts(["Ada met Bob", "Bob met Eve", "we met"] * 3)
    >>> tags = np.array([1, 0, 1, 1, 0, 1, 0, 0] * 3)
    >>> tagger = CrfTagger().fit(sentences, tags, n_classes=1)
    >>> tagger.tag(Sentences.of_texts(["Eve met Ada"])).tags
    array([1, 0, 1])

    References
    ----------
    Lafferty, McCallum & Pereira (2001), Conditional random fields
    """

    def __init__(
        self, l2: float = 0.3, max_iter: int = 200, table: WordTable | None = None
    ) -> None:
        self.l2 = l2
        self.max_iter = max_iter
        self.table = table

    def prepared(self, sentences: Sentences) -> Self:
        """Return a copy that knows the pool: its words' features and its unlabeled sentences."""
        return type(self)(self.l2, self.max_iter, WordTable(sentences))

    def fit(self, sentences: Sentences, tags: IntArray, n_classes: int) -> Self:
        """Fit the weights, from those of the fit before if there was one.

        Parameters
        ----------
        sentences : labeled ones
        tags : (n_tokens,) of them
        n_classes : how many there are; more than before is fine

        Raises
        ------
        InvalidInputError : not one tag a token, or ``l2`` is not positive
        TrainingError : there is no token to learn from
        """
        check_positive("l2", "CrfTagger", self.l2)
        if tags.shape != sentences.word_ids.shape:
            raise invalid(
                "tags", "CrfTagger.fit", f"one a token, {len(sentences.word_ids)}", tags.shape
            )
        if not len(tags):
            raise TrainingError("There is no token to learn from: label a sentence with some text.")
        self.table_ = self.table or WordTable(sentences)
        loss = _Loss(self.table_.of(sentences.words), sentences, tags, n_classes, self.l2)
        before = self._weights(self.table_.X.shape[1], loss.n_said, n_tags(n_classes))
        options = {"maxiter": self.max_iter, "ftol": CLOSE_ENOUGH, "maxcor": MEMORY}
        start = loss.row_of(before)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        self.coef_, self.said_, scores, first = loss.weights_of(found)
        self.chain_ = Transitions(scores, first, allowed(n_classes))
        return self

    def tag(self, sentences: Sentences) -> Tagging:
        """Return what the model says of sentences, exactly."""
        by_word = self.table_.of(sentences.words) @ self.coef_
        blocks = np.array_split(np.arange(len(sentences)), -(-len(sentences) // BLOCK) or 1)
        parts = [sentences.take(rows) for rows in blocks]
        scores = (emissions(by_word, neighbors(p)) + self._heard(p) for p in parts)
        told = zip(scores, parts, strict=True)
        return joined([exact_tagging(each, self.chain_, p.starts) for each, p in told])

    def _heard(self, sentences: Sentences) -> FloatArray:
        """Return (n_tokens, n_tags) what others add; nothing where it was not heard in the fit."""
        said = sentences.said
        if said is None or not len(self.said_):
            return np.zeros((len(sentences.word_ids), len(self.chain_.first)))
        known = np.where(said < len(self.said_), said, 0)
        return self.said_[known]

    def predict_marginals(self, sentences: Sentences) -> FloatArray:
        """Return (n_tokens, n_tags) how likely each tag is."""
        return self.tag(sentences).proba

    def get_state(self) -> dict[str, FloatArray]:
        """Return what was fitted, as arrays."""
        chain = self.chain_
        return {
            "coef": self.coef_,
            "said": self.said_,
            "scores": chain.scores,
            "first": chain.first,
        }

    def set_state(self, state: dict[str, FloatArray], table: WordTable) -> Self:
        """Take over what another one fitted on the words of this pool."""
        n_classes = len(state["first"]) // 2
        self.table_, self.coef_ = table, state["coef"]
        self.said_ = state.get("said", np.zeros((0, len(state["first"]))))
        self.chain_ = Transitions(state["scores"], state["first"], allowed(n_classes))
        return self

    def _weights(self, n_features: int, n_said: int, n: int) -> ChainWeights:
        """Return the weights of the fit before, 0 for what it did not know."""
        coef = np.zeros((n_features, N_PLACES, n))
        said, scores, first = np.zeros((n_said, n)), np.zeros((n, n)), np.zeros(n)
        chain = getattr(self, "chain_", None)
        known = 0 if chain is None else len(chain.first)
        if chain is not None and known <= n and len(self.coef_) == n_features:
            coef[:, :, :known] = self.coef_.reshape(n_features, N_PLACES, known)
            n_both = min(n_said, len(self.said_))
            said[:n_both, :known] = self.said_[:n_both]
            scores[:known, :known], first[:known] = chain.scores, chain.first
        return ChainWeights(coef.reshape(n_features, -1), said, scores, first)


def emissions(by_word: FloatArray, ids: tuple[IntArray, ...]) -> FloatArray:
    """Return (n_tokens, n_tags) scores: what each word and its neighbors add.

    Parameters
    ----------
    by_word : (n_words + 1, 3 * n_tags)
    ids : words of each token, of the one before, of the one after
    """
    places = np.split(by_word, N_PLACES, axis=1)
    return np.asarray(sum(part[at] for part, at in zip(places, ids, strict=True)))


class _Loss:
    """Minus the logarithm of the labels' likelihood, and its slope, of weights in one row.

    In that row each weight has a unit of its own: those of features that many tokens have move the
    loss most, and are stretched least. A fit takes half the steps so, and a third of them where it
    goes on from the one before.
    """

    def __init__(
        self, X: Any, sentences: Sentences, tags: IntArray, n_classes: int, l2: float
    ) -> None:
        ids = neighbors(sentences)
        used, places = np.unique(np.concatenate(ids), return_inverse=True)
        X = X[used]
        self._merged, self._X = _without_twins(X)
        self._packing = Packing(sentences.starts)
        order, n = self._packing.order, n_tags(n_classes)
        self._ids = tuple(at[order] for at in np.split(places, N_PLACES))
        self._l2, self._n, self._allowed = l2, n, allowed(n_classes)
        self._tags = tags[order]
        said = sentences.said
        self._said = None if said is None else said[order]
        self.n_said = 0 if said is None else int(said.max(initial=0)) + 1
        ones = np.ones(len(order))
        at = (np.arange(len(order)),)
        self._sums = [
            sparse.csr_array((ones, (ids, *at)), shape=(len(used), len(order))) for ids in self._ids
        ]
        before, later = self._packing.before, slice(int(self._packing.sizes[0]), None)
        self._pairs = np.zeros((n, n))
        np.add.at(self._pairs, (self._tags[before], self._tags[later]), 1)
        self._units = self._curvature() ** -BENT

    @property
    def size(self) -> int:
        """How many weights there are."""
        return len(self._units)

    def row_of(self, weights: ChainWeights) -> FloatArray:
        """Return weights as one row; features that no labeled word has are left out."""
        coef, *others = weights
        row = np.concatenate([(self._merged.T @ coef).ravel(), *(part.ravel() for part in others)])
        return np.asarray(row / self._units)

    def weights_of(self, row: FloatArray) -> ChainWeights:
        """Return the weights of all features, of what others say, of pairs and of first tags."""
        coef, *others = self._parts(row * self._units)
        return ChainWeights(self._merged @ coef, *others)

    def _curvature(self) -> FloatArray:
        """Return about how strongly the loss bends along each weight, were tags independent."""
        share = np.bincount(self._tags, minlength=self._n) / len(self._tags)
        spread = share * (1 - share) + LEAST_SPREAD
        squares = self._X.power(2).T
        times = [squares @ np.bincount(at, minlength=self._X.shape[0]) for at in self._ids]
        heard = np.zeros(0) if self._said is None else np.bincount(self._said)
        n_firsts = np.array([self._packing.sizes[0]])
        sums = [np.column_stack(times).ravel(), heard, self._pairs.sum(axis=1), n_firsts]
        return np.asarray(np.outer(np.concatenate(sums), spread).ravel() + self._l2)

    def _parts(self, row: FloatArray) -> ChainWeights:
        n, n_said = self._n, self.n_said
        ends = len(row) - np.cumsum([n, n * n, n_said * n])[::-1]
        coef, said, scores, first = np.split(row, ends)
        parts = coef.reshape(-1, N_PLACES * n), said.reshape(n_said, n), scores.reshape(n, n), first
        return ChainWeights(*parts)

    def __call__(self, row: FloatArray) -> tuple[float, FloatArray]:
        """Return the loss and its slope."""
        row = row * self._units
        coef, said, scores, first = self._parts(row)
        chain = Transitions(scores, first, self._allowed)
        by_token = emissions(self._X @ coef, self._ids)
        if self._said is not None:
            by_token += said[self._said]
        scaled = forward_backward(by_token, chain, self._packing)
        at, n_first = np.arange(len(self._tags)), int(self._packing.sizes[0])
        firsts = self._tags[:n_first]
        told = by_token[at, self._tags].sum() + (self._pairs * scores).sum() + first[firsts].sum()
        off = scaled.alpha * scaled.beta
        pairs = pair_counts(scaled, chain, self._packing) - self._pairs
        off[at, self._tags] -= 1
        by_word = np.hstack([total @ off for total in self._sums])
        parts = [self._X.T @ by_word, self._heard(off), pairs, off[:n_first].sum(0)]
        slope = np.concatenate([part.ravel() for part in parts])
        loss = scaled.log_total - told + self._l2 / 2 * float(row @ row)
        return float(loss), (slope + self._l2 * row) * self._units

    def _heard(self, off: FloatArray) -> FloatArray:
        """Return (n_said, n_tags) the slope along the weights of what others say."""
        if self._said is None:
            return np.zeros((0, self._n))
        columns = (np.bincount(self._said, each, minlength=self.n_said) for each in off.T)
        return np.column_stack([*columns])


def _without_twins(X: Any) -> tuple[Any, Any]:
    """Return what merges features that the same words have, and the words' merged features.

    Words seen once have many such: their beginning, their end, themselves. With a quadratic penalty
    k equal columns get equal weights, so one column, sqrt(k) times as large, stands for them all.

    Parameters
    ----------
    X : (n_words, n_features) CSR of 0 and 1

    Returns
    -------
    merged : (n_features, n_merged) with orthonormal columns; features that no word has are left out
    features : (n_words, n_merged), X @ merged
    """
    mark = np.random.default_rng(0).random(X.shape[0])  # equal columns have equal sums of marks
    there, sums = np.flatnonzero(X.T @ np.ones(X.shape[0])), X.T @ mark
    _, group, times = np.unique(sums[there], return_inverse=True, return_counts=True)
    share = 1 / np.sqrt(times[group])
    merged = sparse.csr_array((share, (there, group)), shape=(X.shape[1], len(times)))
    return merged, sparse.csr_array(X @ merged)
