"""SequenceLearner: ask for the sentences worth reading, teach their spans, and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sparing.annotations.base import labels_of_all
from sparing.annotations.sentences import Sentences
from sparing.annotations.spans import Span
from sparing.annotations.tagging import n_tags, segments, tags_of
from sparing.errors import TrainingError
from sparing.learner.freezing import frozen_answers
from sparing.learner.saving_units import SavedAs, SavedUnits, digest_of, own_strategy, read_units
from sparing.learner.span_inputs import (
    CRF,
    KIND,
    WHERE,
    another,
    own_tagger,
    read_sentences,
    tags_said,
)
from sparing.learner.span_scores import SpanScores, span_scores
from sparing.learner.unit_learner import UnitLearner, faults_named
from sparing.models.crf.tagger import CrfTagger, Tagger
from sparing.models.crf.tagging import Tagging, nothing_said, tagging_from_marginals, token_entropy
from sparing.pool.predictions import Predictions, items_digest
from sparing.strategies.sequences import (
    SEQUENCE_STRATEGIES,
    RandomSentences,
    SequenceSnapshot,
    SequenceStrategy,
    get_sequence_strategy,
)
from sparing.types import FloatArray, Label

MASS = "mass"
COLD = "before the first label: drawn at random"


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span that the model sees.

    Parameters
    ----------
    start, end : code points in the text, the end exclusive
    label : of which class
    certainty : how likely it is right exactly, ends and class
    """

    start: int
    end: int
    label: Label
    certainty: float


class SequenceLearner(UnitLearner):
    """Active learning for spans in sentences, in memory: ``query``, mark, ``teach``, and again.

    As ``ActiveLearner`` is for one label an item. Equal seeds give equal results.

    Parameters
    ----------
    texts : sentences, each a text or a list of its tokens; tokens are joined by one space
    classes : all labels; then any other is refused. None: whatever is taught becomes a class
    tagger : ``"crf"``, or any object with ``fit(sentences, tags, n_classes)`` and
        ``predict_marginals(sentences)``, of which a copy is used
    strategy : a name of ``SEQUENCE_STRATEGIES`` or a ``SequenceStrategy``; the first batch is drawn
        at random where it needs a model
    seed : an int >= 0

    Attributes
    ----------
    sentences : the texts with their tokens
    model_version : how often the labels have changed
    round : how many queries were made

    Raises
    ------
    InvalidInputError : a parameter is not as above
    UnknownNameError : there is no such strategy

    Examples
    --------
    >>> learner = SequenceLearner(["Ada met Bob", "Bob met Eve", "it rained", "Eve met Ada"])
    >>> learner.teach([0, 2], [[(0, 3, "person"), (8, 11, "person")], []])
    >>> learner.query().indices.shape
    (1,)
    >>> learner.predict()[0]
    [(0, 3, 'person'), (8, 11, 'person')]
    """

    _kind = KIND
    _saved_as = SavedAs("spans 1", WHERE, "texts")
    _first = RandomSentences()
    _why_first = COLD

    def __init__(
        self,
        texts: Iterable[str] | Iterable[Sequence[str]] | Sentences,
        classes: Iterable[Label] | None = None,
        tagger: Tagger | str = CRF,
        strategy: SequenceStrategy | str = MASS,
        *,
        seed: int = 0,
    ) -> None:
        self.sentences = read_sentences(texts, "texts")
        super().__init__(len(self.sentences), classes, get_sequence_strategy(strategy), seed)
        self._tagger = own_tagger(tagger, self.sentences)
        self._fitted_at = -1
        self._deaf: tuple[int, Tagger] | None = None  # has heard nobody else, as of a version
        self._tagging: Tagging | None = None

    def __repr__(self) -> str:
        n, n_classes = len(self.sentences), len(self.classes)
        said = f"{len(self.labeled)} of {n} labeled, {n_classes} classes"
        return f"<SequenceLearner: {said}, model version {self.model_version}>"

    def teach(self, indices: npt.ArrayLike, spans: Sequence[Any] | Mapping[int, Any]) -> None:
        """Set all spans of some sentences: a batch, a part of it, any others, corrections.

        Parameters
        ----------
        indices : (k,) rows
        spans : (k,) lists of ``(start, end, label)`` in code points of the text, end exclusive; an
            empty list says that there is none. Or a dict from row to such a list

        Raises
        ------
        InvalidInputError : not one list a row, or spans that are empty, cross, or end past the text
        UnknownNameError : ``classes`` was given and does not have the label
        """
        self._teach(indices, spans)

    def consult(self, indices: npt.ArrayLike, spans: Sequence[Any] | Mapping[int, Any]) -> None:
        """Listen to what others say of some sentences: a language model, or a model of before.

        It is no label. The tagger hears it token by token, and learns from the sentences that are
        taught how much it is worth, and for what: those who are wrong are not heard. Others than
        those of the pool are read without, by a tagger that has not heard it. Each call takes the
        place of the one before. Not saved: consult them again.

        Parameters
        ----------
        indices, spans : as of ``teach``; labels that are none of the learner's are fine

        Raises
        ------
        InvalidInputError : as of ``teach``

        Examples
        --------
        >>> learner = SequenceLearner(["Ada met Bob", "Bob met Eve", "it met us", "Zoe met it"])
        >>> learner.teach([0, 2], [[(0, 3, "person"), (8, 11, "person")], []])
        >>> two = [(0, 3, "PER"), (8, 11, "PER")]
        >>> learner.consult([0, 1, 2, 3], [two, two, [], [(0, 3, "PER")]])
        >>> learner.predict()[3]
        [(0, 3, 'person')]
        """
        rows = self._rows(indices, "consult")
        raws = self._raws(rows, spans, "consult")
        said = tags_said(self.sentences, rows, raws)
        self.sentences = replace(self.sentences, said=said if len(rows) else None)
        self.model_version += 1

    def predict(self, texts: Iterable[str] | None = None) -> list[list[Span]]:
        """Return the spans of each sentence, of the pool if no others are given.

        They have the form that ``teach`` takes.

        Raises
        ------
        TrainingError : nothing is labeled yet
        """
        return [
            [(found.start, found.end, found.label) for found in spans]
            for spans in self.suggest(texts)
        ]

    def suggest(self, texts: Iterable[str] | None = None) -> list[list[FoundSpan]]:
        """Return the spans of each sentence with how likely each is right exactly."""
        sentences = self.sentences if texts is None else read_sentences(texts, "texts")
        told = self.tagging if texts is None else self._told(sentences)
        first, after, classes = segments(told.tags, sentences.starts)
        found: list[list[FoundSpan]] = [[] for _ in range(len(sentences))]
        starts, ends = sentences.offsets[first, 0], sentences.offsets[after - 1, 1]
        each = zip(sentences.rows[first], starts, ends, classes, told.certainty, strict=True)
        for row, start, end, code, certainty in each:
            label = self._answers.classes.values[code]
            found[row].append(FoundSpan(int(start), int(end), label, float(certainty)))
        return found

    def audit(self, indices: npt.ArrayLike, spans: Sequence[Any] | Mapping[int, Any]) -> SpanScores:
        """Return precision, recall and F1 with intervals, from sentences drawn at random.

        Draw them with ``strategy="random"`` or by other chance, and score them before they are
        taught: of sentences that were chosen, or learned, nothing follows for the others.

        Parameters
        ----------
        indices : (k,) rows that were not taught
        spans : as of ``teach``

        Raises
        ------
        InvalidInputError : a row was taught; fewer than two rows; spans as in ``teach``
        TrainingError : nothing is labeled yet
        """
        rows = self._untaught(indices)
        raws = self._raws(rows, spans, "audit")
        classes = self._answers.classes.with_values(labels_of_all(KIND, raws))
        values = self._read(rows, raws, classes)
        others = np.setdiff1d(np.arange(len(self.sentences)), self.labeled)
        return span_scores(self.sentences, self.tagging, rows, values, others)

    def frozen(self) -> Predictions:
        """Return what the model says of every sentence, for an audit and its certificate.

        A sentence is right if all of its spans are: an answer is what :meth:`as_answer` makes of
        spans. The confidence is how likely all tags of a sentence are right together.

        Raises
        ------
        TrainingError : nothing is labeled yet
        """
        said = [self.as_answer(spans) for spans in self.predict()]
        taught = {
            row: self.as_answer((u.place[0], u.place[1], self.classes[u.class_id]) for u in value)
            for row, value in self._answers.values.items()
        }
        sure, skipped = np.exp(self.tagging.log_proba), self._answers.skipped
        items = items_digest(self.sentences.texts)
        return frozen_answers(said, sure, taught, skipped, self.model_version, items)

    @staticmethod
    def as_answer(spans: Iterable[Span]) -> tuple[Span, ...]:
        """Return spans as one answer: hashable, the same in whatever order they came."""
        return tuple(sorted((int(s), int(e), label) for s, e, label in spans))

    @property
    def tagging(self) -> Tagging:
        """What the model says of the pool, for the labels as they are now.

        Raises
        ------
        TrainingError : nothing is labeled yet, or the tagger could not be fitted
        """
        if self._tagging is None or self._fitted_at != self.model_version:
            self._tagging = self._told(self.sentences)
        return self._tagging

    @property
    def fitted(self) -> Tagger:
        """The tagger, fitted on the labels as they are now; it reads any sentences.

        Raises
        ------
        TrainingError : nothing is labeled yet, or the tagger could not be fitted
        """
        if self._fitted_at != self.model_version:
            self._fit(self._tagger, self.sentences)
            self._fitted_at, self._tagging = self.model_version, None
        return self._tagger  # type: ignore[no-any-return]

    @property
    def _fitted_alone(self) -> Tagger:
        """The tagger that has heard nobody else: for sentences of which nobody says anything."""
        if self.sentences.said is None:
            return self.fitted
        if self._deaf is None or self._deaf[0] != self.model_version:
            tagger = another(self._tagger) if self._deaf is None else self._deaf[1]
            self._fit(tagger, replace(self.sentences, said=None))
            self._deaf = self.model_version, tagger
        return self._deaf[1]

    def _fit(self, tagger: Tagger, sentences: Sentences) -> None:
        rows = self.labeled
        if not len(rows):
            raise TrainingError("Nothing is labeled yet: teach some sentences first.")
        known = sentences.take(rows)
        edges = np.split(known.offsets, known.starts[1:-1])
        values = [self._answers.values[row] for row in rows.tolist()]
        each = [tags_of(value, at) for value, at in zip(values, edges, strict=True)]
        with faults_named(tagger):
            tagger.fit(known, np.concatenate(each), len(self.classes))

    def _told(self, sentences: Sentences) -> Tagging:
        tagger = self._fitted_alone if sentences.said is None else self.fitted
        if isinstance(tagger, CrfTagger):
            return tagger.tag(sentences)
        if not len(sentences.word_ids):
            return nothing_said(len(sentences), n_tags(len(self.classes)))
        proba = np.asarray(tagger.predict_marginals(sentences), dtype=np.float64)
        shape = (len(sentences.word_ids), n_tags(len(self.classes)))
        if proba.shape != shape:
            raise TrainingError(f"predict_marginals gave {proba.shape}, and {shape} was expected.")
        return tagging_from_marginals(proba, sentences)

    @property
    def _can_learn(self) -> bool:
        return bool(len(self.labeled))

    def _shown(self, row: int) -> str:
        return self.sentences.texts[row]

    def _to_fit(self, row: int) -> str:
        return self.sentences.texts[row]

    def _digest(self) -> str:
        return _digest(self.sentences)

    def _weights(self) -> tuple[int, Mapping[str, FloatArray]]:
        has_heard = self.sentences.said is not None
        if not isinstance(self._tagger, CrfTagger) or self._fitted_at < 0 or has_heard:
            return -1, {}
        return self._fitted_at, self._tagger.get_state()

    def _snapshot(self, strategy: SequenceStrategy, batch_size: int) -> SequenceSnapshot:
        requires = strategy.requires
        told = self.tagging if requires else None
        return SequenceSnapshot(
            self.sentences,
            self.eligible,
            token_entropy(told.proba) if told and "entropy" in requires else None,
            told.log_proba if told and "log_proba" in requires else None,
        )

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        texts: Iterable[str] | Iterable[Sequence[str]] | Sentences,
        tagger: Tagger | str = CRF,
        strategy: SequenceStrategy | None = None,
    ) -> Self:
        """Return the learner that was saved; it goes on with the same queries.

        Parameters
        ----------
        path : what ``save`` wrote
        texts : the same texts
        tagger : the same tagger; the CRF goes on from where it was, any other is fitted anew
        strategy : needed only if it was not one of this package

        Raises
        ------
        SourceError : there is no such file, or it is damaged or no saved learner
        InvalidInputError : other texts than those that were saved
        """
        sentences = read_sentences(texts, "texts")
        saved = read_units(path, _digest(sentences), cls._saved_as)
        asks = own_strategy(saved, SEQUENCE_STRATEGIES, strategy)
        learner = cls(sentences, None, tagger, asks, seed=saved.seed)
        learner._continue_from(saved)
        return learner

    def _continue_from(self, saved: SavedUnits) -> None:
        super()._continue_from(saved)
        if saved.weights and isinstance(self._tagger, CrfTagger) and self._tagger.table is not None:
            self._tagger.set_state(dict(saved.weights), self._tagger.table)
            self._fitted_at = saved.fitted_at


def _digest(sentences: Sentences) -> str:
    return digest_of(text.encode("utf-8", "surrogatepass") for text in sentences.texts)
