"""From events to a model version where spans are marked: a SequenceLearner is taught."""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn
from uuid import uuid4

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.annotations.tagging import segments
from sparing.annotations.tokens import tokenize
from sparing.errors import CapabilityError
from sparing.learner.batches import suggested_batch_size
from sparing.learner.query import Query
from sparing.learner.sequences import SequenceLearner
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.project.folder import ProjectFolder
from sparing.project.learning.advice import beats_commonest, standing
from sparing.project.learning.batch import N_SPARE
from sparing.project.learning.consulted import Consulted
from sparing.project.learning.course import Course
from sparing.project.learning.scores import (
    NO_SPANS,
    NOT_CERTAIN,
    NOT_NAMED,
    Scores,
    asked_rows,
    write_scores,
)
from sparing.project.learning.second_look import Doubted, SecondLook
from sparing.project.learning.span_evidence import Folds, HeldOut
from sparing.project.learning.wanted import wanted_of
from sparing.project.log.replay import Replay
from sparing.project.settings import SPANS
from sparing.project.source.changes import ITEMS_STAMP, attached
from sparing.project.source.items import PRESENT, Listing
from sparing.store import ItemRow, Store, Version, VersionFacts
from sparing.store.contents import units_in
from sparing.strategies.base import FROM_UNIFORM
from sparing.types import BoolArray, IntArray, Progress

STRATEGY = "mixed"
N_WATCHED = 200  # texts whose tags are compared between versions
MANY_TOKENS = 2000  # labeled; from then on suggestions do not wait for how good they are
NO_MODEL_OF_SPANS = (
    "A model file is of one class an item; this project is of spans: teach SequenceLearner in"
    " Python to mark other texts."
)
NO_MAP = "There is no map of texts in which spans are marked."


class SpanTrainee:
    """Learns spans from the events of a project as they come; one thread at a time.

    It has the methods of :class:`sparing.project.learning.trainee.Trainee`. Texts are read as they
    are: there are no vectors.

    Parameters
    ----------
    folder : of the project
    store : may be opened for reading only
    list_items : lists the source
    seed : of the learner
    progress : told (what, done, in all)
    """

    def __init__(
        self,
        folder: ProjectFolder,
        store: Store,
        list_items: Callable[[], Listing],
        seed: int,
        progress: Progress = lambda what, done, total: None,
    ) -> None:
        self._folder = folder
        self._store = store
        self._list_items = list_items
        self._seed = seed
        self._tell = progress
        self._replay = Replay()
        self._course = Course()
        self._folds = Folds(0, seed)
        self._second_look = SecondLook(0, seed)
        self._doubted: Doubted | None = None
        self._items: list[ItemRow] = []
        self._rows = np.zeros(0, np.int64)
        self._learner: SequenceLearner | None = None
        self._known: list[str | int] = []
        self._consulted = Consulted(folder, SPANS)
        self._draft: tuple[int, Scores] | None = None
        self._stamp: str | None = None
        self._mark = f"-{uuid4().hex[:8]}" if folder.is_shared else ""

    def encode(self) -> bool:
        """Read the texts, where they are others than before; of vectors there is no news."""
        stamp = self._store.settings().get(ITEMS_STAMP)
        if self._learner is None or stamp != self._stamp:
            self._read_texts()
            self._stamp = stamp
        return False

    def look(self, seconds: float) -> tuple[int, int]:
        """Say that all is seen."""
        return 1, 1

    def map(self, seconds: float) -> tuple[str, int, int]:
        """Refuse to make a map.

        Raises
        ------
        CapabilityError : there are no vectors
        """
        raise CapabilityError(NO_MAP)

    def draft(self, version: int) -> Version | None:
        """Write what the model says now, where it takes long to find out how good it is.

        Returns
        -------
        what belongs in the store, to be followed by :meth:`learn`; None if that is quick, or what
        it would say has not been followed by it yet. It keeps what is known of the model before
        """
        self._read_events()
        learner = self._learned
        if self._draft is not None or _n_tokens(learner) < MANY_TOKENS:
            return None
        scores = self._write(version)
        self._draft = self._replay.last_seq, scores
        n, whole = len(learner.labeled), (v for v in self._store.versions() if not v.is_draft)
        known = [VersionFacts(), *(f for f in standing(whole) if f.n_labels <= n)][-1]
        return self._version(version, replace(known, n_labels=n, is_draft=True), scores)

    def model(self) -> NoReturn:
        """Refuse to make a model file.

        Raises
        ------
        CapabilityError : there is none of spans
        """
        raise CapabilityError(NO_MODEL_OF_SPANS)

    def arrange(self) -> bool:
        """Say that there are no clusters to be found."""
        return False

    def learn(self, version: int) -> Version:
        """Learn from all events there are; write the scores, and return what belongs in the store.

        Raises
        ------
        SparingError : the source cannot be read, or the model cannot be fitted
        """
        self._read_events()
        self._tell("training", 0, 1)
        scores = self._write(version, looks=True)
        self._draft = None
        made = self._version(version, self._facts(), scores)
        self._tell("training", 1, 1)
        return made

    def _read_events(self) -> None:
        self.encode()
        for event in self._store.events(self._replay.last_seq):
            self._replay.apply(event)
        self._follow()

    def _write(self, version: int, *, looks: bool = False) -> Scores:
        """Write the scores; those of a draft, as long as nothing was said since.

        Parameters
        ----------
        version : its number
        looks : whether answers are looked at again
        """
        draft = self._draft
        is_same = draft is not None and draft[0] == self._replay.last_seq
        scores = draft[1] if draft is not None and is_same else self._scores()
        if looks:
            is_quick = _n_tokens(self._learned) < MANY_TOKENS
            self._doubted = self._second_look.look(self._learned, self._known, at_all=is_quick)
        scores = self._with_doubts(scores)
        write_scores(self._folder.new_scores(version, self._mark), scores)
        return scores

    def _with_doubts(self, scores: Scores) -> Scores:
        """Return scores with the answers that are likely mistakes, as far as was looked."""
        found = self._doubted
        if found is None:
            return scores
        return replace(
            scores,
            doubted=self._rows[found.texts],
            doubt=found.belief,
            doubted_words=found.words,
        )

    def _version(self, version: int, facts: VersionFacts, scores: Scores) -> Version:
        facts = replace(facts, asked=asked_rows(scores), mark=self._mark)
        return Version(version, self._replay.last_seq, facts)

    def _read_texts(self) -> None:
        self._items = self._store.items()
        listing = attached(self._items, self._list_items())
        place = {item_id: i for i, item_id in enumerate(listing.ids)}
        there = [i for i in self._items if i.state == PRESENT and i.item_id in place]
        places = [place[item.item_id] for item in there]
        texts = tuple(str(listing.values[i]) for i in places)
        assert listing.passages is not None  # noqa: S101  # it lists texts to be marked
        known = listing.passages.tokens
        tokens = [
            tokenize(text) if (told := known[i]) is None else told
            for i, text in zip(places, texts, strict=True)
        ]
        sentences = Sentences.of_tokens(texts, tokens)
        self._rows = np.array([item.row for item in there], dtype=np.int64)
        self._learner = SequenceLearner(sentences, strategy=STRATEGY, seed=self._seed)
        self._known = [UNLABELED] * len(there)
        self._consulted = Consulted(self._folder, SPANS)
        self._draft = None
        self._folds = Folds(len(there), self._seed)
        self._second_look, self._doubted = SecondLook(len(there), self._seed), None
        self._course = Course()

    @property
    def _learned(self) -> SequenceLearner:
        assert self._learner is not None  # noqa: S101  # encode() has run
        return self._learner

    def _follow(self) -> None:
        """Teach, skip and forget until the learner's labels are those of the events."""
        learner = self._learned
        items = [self._items[row] for row in self._rows.tolist()]
        wanted = wanted_of(self._folder, self._replay, items)
        said = self._consulted.news(items, self._replay)
        if said is not None:
            learner.consult(list(said), [[*units_in(one)] for one in said.values()])
        differ = [i for i, (a, b) in enumerate(zip(self._known, wanted, strict=True)) if a != b]
        taught = {i: units_in(w) for i in differ if isinstance(w := wanted[i], str)}
        if taught:
            learner.teach(list(taught), [[*spans] for spans in taught.values()])
        for mark, move in ((SKIPPED, learner.skip), (UNLABELED, learner.forget)):
            if rows := [i for i in differ if wanted[i] == mark]:
                move(rows)
        self._known = wanted

    def _scores(self) -> Scores:
        learner, n_rows = self._learned, len(self._items)
        asked = _asked(learner)
        proba = np.full((n_rows, 1), np.nan, np.float32)
        spans, certainty = NO_SPANS, NOT_CERTAIN
        if has_labels := bool(len(learner.labeled)):
            proba[self._rows, 0] = np.exp(learner.tagging.log_proba)
            spans, certainty = self._seen(), learner.tagging.certainty
        return Scores(
            proba if has_labels else proba[:, :0],
            np.array([str(key) for key in learner.classes], dtype=np.str_),
            self._rows[asked.indices] if asked else np.zeros(0, np.int64),
            asked.source.astype(np.str_) if asked else np.zeros(0, np.str_),
            asked.propensity if asked else np.zeros(0),
            np.array([asked.why(i) for i in range(len(asked))] if asked else [], dtype=np.str_),
            np.array([asked.asked_by(i) for i in range(len(asked))] if asked else [], np.str_),
            np.zeros(0, np.int64),
            np.zeros(0),
            NOT_NAMED,
            np.zeros(0, np.str_),
            spans,
            certainty,
        )

    def _seen(self) -> IntArray:
        """Return row, start, end and class of each span that the model sees."""
        learner, sentences = self._learned, self._learned.sentences
        first, after, classes = segments(learner.tagging.tags, sentences.starts)
        starts, ends = sentences.offsets[first, 0], sentences.offsets[after - 1, 1]
        return np.column_stack([self._rows[sentences.rows[first]], starts, ends, classes])

    def _facts(self) -> VersionFacts:
        learner = self._learned
        facts = VersionFacts(len(learner.labeled))
        found = self._folds.held_out(learner, self._known, self._drawn())
        if found is not None:
            facts = replace(facts, accuracy=found.f1, has_skill=_has_skill(found))
        self._watch()
        tokens_a_text = _n_tokens(learner) / max(len(learner.labeled), 1)
        advice = self._course.advice(facts, self._store.versions(), tokens_a_text)
        return replace(facts, advice=(advice.stop, advice.sentence))

    def _drawn(self) -> BoolArray:
        """(n_texts,) True where a text was answered that had been drawn at random."""
        answers = (self._replay.of(self._items[row].item_id).answer for row in self._rows.tolist())
        return np.array([a is not None and a.source == FROM_UNIFORM for a in answers], dtype=bool)

    def _watch(self) -> None:
        """Remember what this version says of a fixed random set of texts."""
        learner = self._learned
        n_labels, sentences = len(learner.labeled), learner.sentences
        if not n_labels or not self._course.is_due(n_labels):
            return
        rng = np.random.default_rng(self._seed)
        rows = rng.choice(len(sentences), min(len(sentences), N_WATCHED), replace=False)
        self._course.note(n_labels, learner.tagging.tags[sentences.tokens_of(np.sort(rows))])


def _n_tokens(learner: SequenceLearner) -> int:
    """Return how many tokens are labeled."""
    return int(learner.sentences.lengths[learner.labeled].sum())


def _asked(learner: SequenceLearner) -> Query | None:
    """Return a batch, and spare texts behind it for while it is answered."""
    n_left = int(learner.eligible.sum())
    n = suggested_batch_size(len(learner.labeled)) + N_SPARE
    return learner.query(min(n, n_left)) if n_left else None


def _has_skill(found: HeldOut) -> bool:
    """Tell whether the model clearly beats saying that nothing is there, or always the same."""
    return beats_commonest(found.right, found.codes)
