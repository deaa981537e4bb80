"""From events to a model version where boxes are drawn: a BoxLearner is taught."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np

from sparing.annotations.boxes import pixels
from sparing.annotations.detections import Detections
from sparing.errors import CapabilityError, InvalidInputError, MissingExtraError, SourceError
from sparing.learner.batches import suggested_batch_size
from sparing.learner.boxes import BoxLearner
from sparing.learner.query import Query
from sparing.models.detection.feature_maps import MapReader
from sparing.models.detection.suggester import BoxSuggester
from sparing.models.detection.usefulness import (
    LEAST_PICTURES,
    MOST_CLASSES,
    TOO_FEW,
    TOO_MANY,
    Usefulness,
)
from sparing.pool.pool import UNLABELED
from sparing.project.learning.box_evidence import BoxEvidence, all_right, evidence, shown_boxes
from sparing.project.learning.course import BOXES, Course
from sparing.project.learning.kinds import Taught
from sparing.project.learning.scores import NOT_NAMED, Scores, asked_rows, write_scores
from sparing.project.learning.trainee import Trainee
from sparing.store import Version, VersionFacts
from sparing.store.contents import units_in
from sparing.strategies.base import FROM_UNIFORM
from sparing.types import BoolArray, IntArray

N_SPARE = 20  # asked beyond the batch: a picture takes longer than a click
NOTHING_FOUND = Usefulness(False, "")
NO_MODEL_OF_BOXES = (
    "A model file is of one class an item; this project is of boxes: 'sparing export --format coco'"
    " gives them to a detector."
)


@dataclass(frozen=True, eq=False, slots=True)
class Round:
    """What the detector says after all events so far.

    Parameters
    ----------
    seq : of the last of them
    queries : what is asked, the batch first
    found : in each picture that was looked at, by its place
    """

    seq: int
    queries: tuple[Query, ...]
    found: dict[int, Detections]


class BoxTrainee(Trainee):
    """Teaches the detector that is built in, and chooses pictures by what it is unsure of.

    Until there are some pictures with boxes, where the detector cannot be had, and of more classes
    than it is any good for, pictures are chosen by their vectors: the groups that nobody has looked
    at first. Whether its boxes are suggested is decided by pictures that were held out.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._reader = MapReader()
        self._course = Course(BOXES)
        self._boxer: BoxLearner | None = None
        self._rows = np.zeros(0, np.int64)
        self._known: list[Taught | int] = []
        self._listed: str | None = None
        self._round: Round | None = None
        self._judged: BoxEvidence | None = None

    def draft(self, version: int) -> Version | None:
        """Write what the detector says now, where it takes long to find out how good it is.

        Returns
        -------
        what belongs in the store, to be followed by :meth:`learn`; None if there is no need. It
        shows boxes by what is known of the detector before
        """
        self._see()
        self._read_events()
        boxer = self._taught()
        if self._why_not(boxer) or not self._sight.is_whole:
            return super().draft(version)
        is_drafted = self._round is not None and self._round.seq == self._replay.last_seq
        if is_drafted or self._is_judged(boxer):
            return None
        try:
            self._round = self._look(boxer)
        except MissingExtraError:
            return super().draft(version)
        return self._version(version, boxer, self._round, is_draft=True)

    def learn(self, version: int) -> Version:
        """Learn from all events there are; write the scores, and return what belongs in the store.

        Raises
        ------
        SparingError : the pictures cannot be encoded or read, or the detector cannot be fitted
        """
        self._see()
        self._read_events()
        self._tell("training", 0, 1)
        made = self._learned(version)
        self._tell("training", 1, 1)
        return made

    def model(self) -> NoReturn:
        """Refuse to make a model file.

        Raises
        ------
        CapabilityError : there is none of boxes
        """
        raise CapabilityError(NO_MODEL_OF_BOXES)

    def arrange(self) -> bool:
        """Say that there are no clusters to be found: boxes are given one by one."""
        return False

    def _learned(self, version: int) -> Version:
        boxer = self._taught()
        if why := self._why_not(boxer):
            return self._without(version, boxer, why)
        try:
            made = self._round
            if made is None or made.seq != self._replay.last_seq:
                made = self._look(boxer)
            if not self._is_judged(boxer):
                self._judged = self._judge(boxer, made)
        except MissingExtraError as error:
            return self._without(version, boxer, f"No boxes are suggested: {error}")
        self._round = None
        return self._version(version, boxer, made, is_draft=not self._sight.is_whole)

    def _without(self, version: int, boxer: BoxLearner, why: str) -> Version:
        """Order the pictures by their vectors, and say why the detector does not."""
        self._judged = None
        made = self._by_coverage(version, self._good_rows())
        n, is_draft = len(boxer.labeled), not self._sight.is_whole
        facts = replace(made.facts, n_labels=n, suggests=why, is_draft=is_draft)
        return replace(made, facts=facts)

    def _why_not(self, boxer: BoxLearner) -> str:
        """Return why the detector is of no use yet, or at all; ``""`` where it is."""
        if len(boxer.classes) > MOST_CLASSES:
            return TOO_MANY
        n = sum(isinstance(one, str) and bool(units_in(one)) for one in self._known)
        return TOO_FEW if n < LEAST_PICTURES else ""

    def _taught(self) -> BoxLearner:
        """Bring the learner to the state of the events."""
        rows = self._good_rows()
        if self._boxer is None or self._listed != self._stamp or list(rows) != list(self._rows):
            self._boxer = self._new_boxer(rows)
        wanted = self._wanted(rows)
        differ = [i for i, (a, b) in enumerate(zip(self._known, wanted, strict=True)) if a != b]
        for i in differ:
            self._tell_of(self._boxer, i, wanted[i])
        self._known = wanted
        return self._boxer

    def _new_boxer(self, rows: IntArray) -> BoxLearner:
        listing = self._sight.listing()
        place = {item_id: i for i, item_id in enumerate(listing.ids)}
        ids = [self._sight.items[row].item_id for row in rows.tolist()]
        self._rows, self._listed = rows, self._stamp
        self._known = [UNLABELED] * len(rows)
        self._round = self._judged = None
        detector = BoxSuggester(self._seed)
        detector.reader = self._reader
        pictures = [listing.values[place[item_id]] for item_id in ids]
        return BoxLearner(pictures, detector=detector, seed=self._seed)

    @staticmethod
    def _tell_of(boxer: BoxLearner, i: int, wanted: Taught | int) -> None:
        """Teach, skip or forget a picture.

        One whose boxes do not fit any more is passed over: that it has changed is told elsewhere.
        """
        if wanted == UNLABELED:
            boxer.forget([i])
            return
        boxer.skip([i])
        if isinstance(wanted, str):
            boxes = [(*pixels(place), key) for *place, key in units_in(wanted)]
            with suppress(InvalidInputError, SourceError):
                boxer.teach([i], [boxes])

    def _look(self, boxer: BoxLearner) -> Round:
        """Fit the detector, choose what to ask, and look at these pictures and some others."""
        queries = _asked(boxer)
        rows = np.unique(
            np.concatenate([boxer.labeled, boxer.looked_at(), *(q.indices for q in queries)])
        )
        return Round(
            self._replay.last_seq,
            queries,
            dict(zip(rows.tolist(), boxer.found(rows), strict=True)),
        )

    def _is_judged(self, boxer: BoxLearner) -> bool:
        known = self._judged
        return known is not None and known.is_of(len(boxer.labeled), len(boxer.classes))

    def _judge(self, boxer: BoxLearner, made: Round) -> BoxEvidence:
        left = [found for i, found in made.found.items() if boxer.eligible[i]]
        drawn = self._drawn()[boxer.labeled]
        return evidence(boxer.usefulness, boxer.truth, drawn, left, len(boxer.classes))

    def _drawn(self) -> BoolArray:
        """(n,) True where a picture was answered that had been drawn at random."""
        ids = (self._sight.items[row].item_id for row in self._rows.tolist())
        answers = (self._replay.of(item_id).answer for item_id in ids)
        return np.array([a is not None and a.source == FROM_UNIFORM for a in answers], dtype=bool)

    def _version(self, version: int, boxer: BoxLearner, made: Round, *, is_draft: bool) -> Version:
        scores = self._scored(boxer, made)
        write_scores(self._folder.new_scores(version, self._mark), scores)
        facts = self._facts_of(boxer)
        facts = replace(facts, asked=asked_rows(scores), mark=self._mark, is_draft=is_draft)
        return Version(version, made.seq, facts)

    def _facts_of(self, boxer: BoxLearner) -> VersionFacts:
        n, known = len(boxer.labeled), self._judged
        if known is None:
            return VersionFacts(n)
        facts = VersionFacts(n, known.f1, has_skill=known.useful.helps, suggests=known.said)
        boxes_a_picture = boxer.n_boxes / max(n, 1)
        advice = self._course.advice(facts, self._store.versions(), boxes_a_picture)
        return replace(facts, advice=(advice.stop, advice.sentence))

    def _scored(self, boxer: BoxLearner, made: Round) -> Scores:
        """Return what is asked, and the boxes that are shown where they are known to help."""
        useful = NOTHING_FOUND if self._judged is None else self._judged.useful
        helps = useful.helps
        proba = np.full((len(self._sight.items), int(helps)), np.nan, np.float32)
        if helps:
            for i, found in made.found.items():
                proba[self._rows[i], 0] = all_right(found, useful.least_score)
        shown = made.found if helps else {}
        boxes, certainty = shown_boxes(shown, useful.least_score, self._rows)
        queries = made.queries
        return Scores(
            proba,
            np.array([str(key) for key in boxer.classes], dtype=np.str_),
            self._rows[np.array([i for q in queries for i in q.indices], dtype=np.int64)],
            np.array([source for q in queries for source in q.source], dtype=np.str_),
            np.array([p for q in queries for p in q.propensity], dtype=np.float64),
            np.array([q.why(i) for q in queries for i in range(len(q))], dtype=np.str_),
            np.array([q.asked_by(i) for q in queries for i in range(len(q))], dtype=np.str_),
            np.zeros(0, np.int64),
            np.zeros(0),
            NOT_NAMED,
            np.zeros(0, np.str_),
            boxes=boxes,
            certainty=certainty,
        )


def _asked(boxer: BoxLearner) -> tuple[Query, ...]:
    """Return a batch, and spare pictures behind it for while it is answered."""
    n_left = int(boxer.eligible.sum())
    n = min(suggested_batch_size(len(boxer.labeled)), n_left)
    if not n:
        return ()
    batch = boxer.query(n)
    if n == n_left:
        return (batch,)
    boxer.skip(batch.indices)
    spare = boxer.query(min(N_SPARE, n_left - n))
    boxer.forget(batch.indices)
    return batch, spare
