"""Answers with spans that a model which has not seen them finds unlikely: likely mistakes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparing.learner.sequences import SequenceLearner
from sparing.models.crf.tagger import CrfTagger
from sparing.project.learning.span_evidence import table_of, tags_in, values_in
from sparing.types import FloatArray, IntArray

N_FOLDS = 5
LEAST_TEXTS = 20  # with fewer, a model finds everything unlikely
N_MISTAKES = 200


@dataclass(frozen=True, eq=False, slots=True)
class Doubted:
    """Texts whose answer may be a mistake, the clearest first.

    Parameters
    ----------
    texts : (n,) places among the texts of the learner
    belief : (n,) how likely what is said of its least likely word is
    words : (n, 2) start and end of that word, in code points
    """

    texts: IntArray
    belief: FloatArray
    words: IntArray


class SecondLook:
    """Models of all answers but a fifth: each is asked about the texts that it has not seen.

    A text is as doubtful as its least likely word. A fifth is looked at in its turn, so that a
    round takes one fit more; as long as fits are quick, all of them are.

    Parameters
    ----------
    n_texts : of the project
    seed : of the fifths

    References
    ----------
    Wang & Mueller (2022), arXiv 2210.03920: of many scores, the worst word finds mistakes best
    """

    def __init__(self, n_texts: int, seed: int) -> None:
        self._fold_of = np.random.default_rng([seed, 1]).integers(N_FOLDS, size=n_texts)
        self._turn = 0
        self._taggers: dict[int, CrfTagger] = {}
        self._said: dict[int, str] = {}
        self._own, self._best = np.ones(n_texts), np.ones(n_texts)
        self._words = np.zeros((n_texts, 2), dtype=np.int64)

    def look(
        self, learner: SequenceLearner, known: Sequence[str | int], *, at_all: bool
    ) -> Doubted:
        """Look at the next fifth, or at all; return what is doubted as far as it was looked at.

        Parameters
        ----------
        learner : knows the answers
        known : (n_texts,) content of each that is taught; else an int
        at_all : whether not to wait for a turn
        """
        labeled = learner.labeled
        if len(labeled) >= LEAST_TEXTS:
            for fold in range(N_FOLDS) if at_all else [self._turn]:
                self._look_at(fold, learner, known)
            self._turn = (self._turn + 1) % N_FOLDS
        return self._doubted(labeled, known)

    def _look_at(self, fold: int, learner: SequenceLearner, known: Sequence[str | int]) -> None:
        labeled = learner.labeled
        is_asked = self._fold_of[labeled] == fold
        train, asked = labeled[~is_asked], labeled[is_asked]
        if not len(train) or not len(asked):
            return
        texts, unseen = learner.sentences.take(train), learner.sentences.take(asked)
        tagger = self._taggers.setdefault(fold, CrfTagger(table=table_of(learner)))
        taught = tags_in(texts, values_in(learner, known, train))
        said = tags_in(unseen, values_in(learner, known, asked))
        proba = tagger.fit(texts, taught, len(learner.classes)).tag(unseen).proba
        own, rows = proba[np.arange(len(said)), said], unseen.rows
        worst = np.lexsort((own, rows))[np.unique(rows, return_index=True)[1]]  # a token a text
        at = asked[rows[worst]]
        self._own[asked] = self._best[asked] = 1  # of texts without a word nothing is unlikely
        self._own[at], self._best[at] = own[worst], proba[worst].max(axis=1)
        self._words[at] = unseen.offsets[worst]
        self._said |= {row: str(known[row]) for row in asked.tolist()}

    def _doubted(self, labeled: IntArray, known: Sequence[str | int]) -> Doubted:
        """Return those of whose word something else is likelier, if they are answered as then."""
        is_same = [self._said.get(row) == known[row] for row in labeled.tolist()]
        rows = labeled[np.array(is_same, dtype=bool)]
        rows = rows[self._own[rows] < self._best[rows]]
        rows = rows[np.argsort(self._own[rows], kind="stable")][:N_MISTAKES]
        return Doubted(rows, self._own[rows], self._words[rows])
