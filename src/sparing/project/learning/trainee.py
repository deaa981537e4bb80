"""From events to a model version: they are replayed into an ActiveLearner; what it says is kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

import numpy as np

from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.evaluation import live_accuracy
from sparing.audit.outlook import gained, pace
from sparing.errors import CapabilityError
from sparing.learner.learner import ActiveLearner
from sparing.models.saved import SavedModel
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.project.folder import ProjectFolder
from sparing.project.grid.clusters import clusters_of, read_clusters, write_clusters
from sparing.project.learning.advice import (
    LEAST_STEP,
    advised,
    beats_commonest,
    comparable,
    remembered,
    standing,
)
from sparing.project.learning.batch import ask
from sparing.project.learning.class_words import pictured, pointed_at, read_seeds
from sparing.project.learning.consulted import Consulted
from sparing.project.learning.kinds import TRAININGS, KindOfTraining, Taught
from sparing.project.learning.named import Named, named
from sparing.project.learning.scores import (
    NO_IDS,
    NOT_NAMED,
    NOTHING_LESS_LIKELY,
    Scores,
    asked_rows,
    write_scores,
)
from sparing.project.learning.sight import Sight
from sparing.project.learning.wanted import wanted_of
from sparing.project.log.replay import Replay
from sparing.project.map.mapping import Mapmaker
from sparing.project.settings import CLASS
from sparing.project.source.changes import ITEMS_STAMP
from sparing.project.source.contents import Contents, mapped_vectors
from sparing.project.source.encoding import EncoderChoice
from sparing.project.source.items import Listing
from sparing.project.source.vectors import fit_encoder
from sparing.store import Event, Store, Version, VersionFacts
from sparing.strategies.base import FROM_UNIFORM
from sparing.types import BoolArray, FloatArray, IntArray, Progress

MANY = (
    10_000  # items from which on the neighbour graph takes seconds: coverage does not wait for it
)
QUICK = "cluster_then_label"
VECTORS = "vectors"  # the encoder that takes them as they are, and the kind of such items
N_MISTAKES = 200
N_WATCHED = 1000  # items whose predictions are compared between versions
LOOK_BACK = 2, 3  # how many times fewer labels the models have that are made to be compared with
NO_MODEL_OF_LABELS = (
    "A model file is of one class an item; this project is of several labels: teach"
    " ActiveLearner(kind='labels') in Python to label other items."
)
LEAST_LABELS = 4  # with fewer, nothing can be held out


class Trainee:
    """Learns from the events of a project as they come; one thread at a time.

    It reads the store and the source, and writes files: vectors, and scores a version.

    Parameters
    ----------
    folder : of the project
    store : may be opened for reading only
    list_items : lists the source
    encoder : of the project
    seed : of the learner
    progress : told (what, done, in all)
    patient : whether to wait for a network that takes minutes; else, as long as there is nothing
        to lose, answers are learned from what is seen in a moment while it is at work
    kind : of the answers
    """

    def __init__(
        self,
        folder: ProjectFolder,
        store: Store,
        list_items: Callable[[], Listing],
        encoder: EncoderChoice,
        seed: int,
        progress: Progress = lambda what, done, total: None,
        *,
        patient: bool = True,
        kind: str = CLASS,
    ) -> None:
        self._kind = TRAININGS.get(kind, TRAININGS[CLASS])
        self._consulted = Consulted(folder, kind)
        self._folder = folder
        self._store = store
        self._sight = Sight(folder, list_items, encoder, progress)
        self._patient = patient
        self._seed = seed
        self._tell = progress
        self._replay = Replay()
        self._learner: ActiveLearner | None = None
        self._mapmaker: Mapmaker | None = None
        self._is_arranged = False
        self._by_name: Named | None = None
        self._watched: dict[int, IntArray] = {}  # what was predicted, by the number of labels
        self._stamp: str | None = None
        # Another process may be making a version of the same number: one of the two will count.
        self._mark = f"-{uuid4().hex[:8]}" if folder.is_shared else ""

    def encode(self) -> bool:
        """See to it that the items have vectors; say whether there is news of them.

        Items come, go and change only when a project is opened, which leaves a stamp.

        Raises
        ------
        SparingError : the items cannot be encoded
        """
        stamp = self._store.settings().get(ITEMS_STAMP)
        if self._sight.contents is None or stamp != self._stamp:
            has_model = any(not version.is_draft for version in self._store.versions())
            self._sight.open(self._store.items(), patient=self._patient or has_model)
            self._stamp = stamp
        elif not self._sight.improve(patient=self._patient):
            return False
        self._learner, self._mapmaker, self._is_arranged = None, None, False
        self._by_name = None
        self._watched = {}
        if self._sight.is_whole:
            self._mapmaker = Mapmaker(self._folder, self._contents, self._seed)
            self._mapmaker.draw_principal()
        return self._sight.is_whole

    def _see(self) -> None:
        """See to it that there are vectors; better ones come in by ``encode``, which says so."""
        if self._sight.contents is None:
            self.encode()

    def look(self, seconds: float) -> tuple[int, int]:
        """Wait about so long for the network; return (items done, items in all)."""
        return self._sight.look(seconds)

    def map(self, seconds: float) -> tuple[str, int, int]:
        """Work on the map for about so long; return what is done, how much, and how much there is.

        Raises
        ------
        SparingError : the items cannot be encoded, or the map cannot be made
        """
        self._see()
        assert self._mapmaker is not None  # noqa: S101  # the map is asked for when all is seen
        return self._mapmaker.work(seconds)

    def draft(self, version: int) -> Version | None:
        """Write a quick first order, by groups of near vectors, where a better one takes long.

        Returns
        -------
        what belongs in the store, to be followed by :meth:`learn`; None if there is no need
        """
        self._see()
        rows = self._good_rows()
        is_quick = self._sight.is_whole and len(rows) < MANY
        if is_quick or self._store.versions():
            return None
        self._read_events()
        return self._by_coverage(version, rows)

    def _by_coverage(self, version: int, rows: IntArray) -> Version:
        learner = ActiveLearner(self._vectors(rows), strategy=QUICK, seed=self._seed)
        answered = [code != UNLABELED for code in self._wanted(rows)]
        learner.skip(np.flatnonzero(answered))
        scores = _scores(learner, rows, len(self._sight.items), None, self._kind)
        write_scores(self._folder.new_scores(version, self._mark), scores)
        facts = VersionFacts(asked=asked_rows(scores), mark=self._mark, is_draft=True)
        return Version(version, self._replay.last_seq, facts)

    def learn(self, version: int) -> Version:
        """Learn from all events there are; write the scores, and return what belongs in the store.

        Raises
        ------
        SparingError : the items cannot be encoded, or the model cannot be fitted
        """
        self._see()
        self._read_events()
        learner, rows = self._follow(looks_back=True)
        self._tell("training", 0, 1)
        ids = (self._sight.items[row].item_id for row in rows[learner.pool.labeled])
        labels = [self._replay.of(item_id).answer for item_id in ids]
        told = _oof(learner, self._kind)
        by_name = self._named(learner)
        scores = _scores(learner, rows, len(self._sight.items), told, self._kind, by_name)
        write_scores(self._folder.new_scores(version, self._mark), scores)
        facts = self._facts(learner, [e for e in labels if e is not None], told)
        is_draft = not self._sight.is_whole
        facts = replace(facts, asked=asked_rows(scores), mark=self._mark, is_draft=is_draft)
        self._tell("training", 1, 1)
        return Version(version, self._replay.last_seq, facts)

    def model(self) -> SavedModel:
        """Return the model of all answers there are, with its encoder, to label other items with.

        Raises
        ------
        TrainingError : fewer than two classes have answers
        CapabilityError : items have several labels
        SparingError : the items cannot be encoded, or the encoder cannot be kept
        """
        self._see()
        self._read_events()
        learner, _ = self._follow()
        if learner.kind != CLASS:
            raise CapabilityError(NO_MODEL_OF_LABELS)
        listing = self._sight.readable()
        encoder = fit_encoder(self._sight.items, listing, self._contents)
        reads_vectors = encoder.name == VECTORS  # whatever the items are, of which they are
        return SavedModel.of(
            learner.version.fitted,
            encoder,
            classes=[self._replay.class_name(str(class_id)) for class_id in learner.classes],
            n_labeled=len(learner.pool.labeled),
            kind=VECTORS if reads_vectors else listing.kind,  # type: ignore[arg-type]  # one of them
            columns=() if reads_vectors else listing.columns,
        )

    def arrange(self) -> bool:
        """Find the clusters of the items, once for a set of items; say whether that was to be done.

        Comes after :meth:`learn`, which nobody should wait longer for.

        Raises
        ------
        SparingError : they cannot be found, or not written
        """
        mark = self._contents.mark
        if self._is_arranged or self._learner is None or self._learner.kind != CLASS:
            return False
        self._is_arranged = True  # what fails once would fail after each answer
        if read_clusters(self._folder.clusters, mark) is not None:
            return False
        rows = np.flatnonzero(self._contents.good)
        write_clusters(self._folder.clusters, clusters_of(self._learner, rows, mark))
        return True

    def _follow(self, *, looks_back: bool = False) -> tuple[ActiveLearner, IntArray]:
        """Bring the learner to the state of the events; return it, and the rows that it knows."""
        rows = self._good_rows()
        if self._learner is None:
            self._learner = self._kind.learner(
                self._vectors(rows), self._seed, self._contents.views
            )
            self._look_for(self._learner, rows)
            self._consulted = Consulted(self._folder, self._learner.kind)
            self._listen(self._learner, rows)
            if looks_back:
                self._look_back(self._learner, rows)
        self._listen(self._learner, rows)
        follow(self._learner, self._wanted(rows), self._kind)
        return self._learner, rows

    def _listen(self, learner: ActiveLearner, rows: IntArray) -> None:
        """Consult what others say of the items, where that is not what the learner has heard."""
        items = [self._sight.items[row] for row in rows.tolist()]
        said = self._consulted.news(items, self._replay)
        if said is not None:
            learner.consult(list(said), [self._kind.as_taught(one) for one in said.values()])

    def _look_back(self, learner: ActiveLearner, rows: IntArray) -> None:
        """Teach the first labels alone, as if a process that ended had been here before."""
        wanted = self._wanted(rows)
        seq = {
            place: answer.seq
            for place, row in enumerate(rows.tolist())
            if not isinstance(wanted[place], int)
            and (answer := self._replay.of(self._sight.items[row].item_id).answer) is not None
        }
        in_order = sorted(seq, key=lambda place: seq[place])
        for times in sorted(LOOK_BACK, reverse=True):
            n = len(in_order) // times
            if n >= LEAST_STEP:
                later = set(in_order[n:])
                first = [UNLABELED if i in later else one for i, one in enumerate(wanted)]
                follow(learner, first, self._kind)
                self._watch(learner)

    def _named(self, learner: ActiveLearner) -> Named | None:
        """Return how like the pictures are to the names of the classes, as long as that counts.

        It does not once anything is labeled or somebody has said what is looked for.
        """
        classes = self._replay.classes
        if (
            learner.kind != CLASS
            or len(learner.pool.labeled)
            or learner.seeds
            or not classes
            or not self._sight.is_whole
        ):
            return None
        if self._by_name is None or self._by_name.names != [c.name for c in classes]:
            self._by_name = named(self._folder, self._contents, self._sight.readable, classes)
        return self._by_name

    def _look_for(self, learner: ActiveLearner, rows: IntArray) -> None:
        """Point the learner at items that have the words by which classes are looked for.

        Where none has them and a network reads words: at the pictures that are most like them.
        """
        seeds = read_seeds(self._store)
        if not seeds or learner.kind != CLASS:
            return
        items = [self._sight.items[row] for row in rows.tolist()]
        found = pointed_at(seeds, items, self._sight.listing())
        if self._sight.is_whole:
            unsaid = {name: seeds[name] for name, places in found.items() if not len(places)}
            listing = self._sight.readable
            found |= pictured(unsaid, self._folder, self._contents, listing, rows)
        for name, places in found.items():
            class_id = self._replay.class_named(name)
            if class_id is not None and len(places):  # else it was deleted since
                learner.look_for(class_id, places)

    def _read_events(self) -> None:
        for event in self._store.events(self._replay.last_seq):
            self._replay.apply(event)

    @property
    def _contents(self) -> Contents:
        contents = self._sight.contents
        assert contents is not None  # noqa: S101  # encode() has run
        return contents

    def _good_rows(self) -> IntArray:
        return np.flatnonzero(self._contents.good)

    def _vectors(self, rows: IntArray) -> FloatArray:
        X = mapped_vectors(self._folder)
        return X if len(rows) == len(X) else X[rows]

    def _wanted(self, rows: IntArray) -> list[Taught | int]:
        items = (self._sight.items[row] for row in rows.tolist())
        said = wanted_of(self._folder, self._replay, items)
        return [self._kind.as_taught(one) if isinstance(one, str) else one for one in said]

    def _facts(
        self, learner: ActiveLearner, labels: Sequence[Event], told: FloatArray | None
    ) -> VersionFacts:
        heard = learner.heard if self._consulted.are_there else None
        facts = VersionFacts(len(labels), shares=self._kind.shares(learner), heard=heard)
        if told is not None:
            right = self._kind.right(learner, told)
            uniform = np.array([event.source == FROM_UNIFORM for event in labels])
            if uniform.any():
                facts = self._rough(facts, learner, told, uniform)
            codes = learner.pool.y[learner.pool.labeled]
            facts = replace(facts, has_skill=beats_commonest(right, codes))
        facts = replace(facts, pace=self._watch(learner))
        whole = (v for v in self._store.versions() if not v.is_draft)
        *earlier, facts = standing([*whole, Version(0, 0, facts)])
        advice = advised(facts, earlier, int(np.sum(learner.pool.y == UNLABELED)))
        return replace(facts, advice=(advice.stop, advice.sentence))

    def _rough(
        self, facts: VersionFacts, learner: ActiveLearner, told: FloatArray, uniform: BoolArray
    ) -> VersionFacts:
        """Say how often it is right about what is left, from what was drawn at random."""
        proba, left = learner.predict_proba(), learner.pool.y == UNLABELED
        sure, seen = self._kind.confidence(proba)[left], self._kind.confidence(told)[uniform]
        right = self._kind.right(learner, told)[uniform]
        counts = DoubtCounts.of(seen, right).rows
        of_left = self._kind.sure_by_label(learner, proba)
        of_seen = self._kind.sure_by_label(learner, told)
        by_label = tuple(
            (key, *_estimate(one[uniform], of_seen[key][uniform], of_left[key][left]))
            for key, one in self._kind.right_by_label(learner, told).items()
        )
        belief = float(np.mean(sure)) if len(sure) else None
        accuracy = _estimate(right, seen, sure)
        return replace(facts, accuracy=accuracy, by_label=by_label, belief=belief, seen=counts)

    def _watch(self, learner: ActiveLearner) -> float | None:
        """Remember what this version predicts for a fixed random set of items.

        Returns
        -------
        how fast it has learned; None where there is nothing to compare with
        """
        n_labels = len(learner.pool.labeled)
        if n_labels < LEAST_STEP:
            return None
        n = len(learner.pool)
        rows = np.random.default_rng(self._seed).choice(n, min(n, N_WATCHED), replace=False)
        predicted = self._kind.predicted(learner, rows)
        older = comparable(self._watched, n_labels, predicted)
        now = self._kind.belief_in(learner, rows, predicted)
        gains = {
            number: gained(now, self._kind.belief_in(learner, rows, said))
            for number, said in older.items()
        }
        self._watched = remembered(older, n_labels, predicted)
        fast = pace(n_labels, gains)
        return None if np.isnan(fast) else fast


def _estimate(
    right: BoolArray, seen: FloatArray, left: FloatArray
) -> tuple[float, float, float, int]:
    found = live_accuracy(right, seen, left)
    return found.value, found.low, found.high, found.n_audited


def follow(
    learner: ActiveLearner, wanted: Sequence[Taught | int], kind: KindOfTraining = TRAININGS[CLASS]
) -> None:
    """Teach, skip and forget until the learner's labels are as wanted.

    Parameters
    ----------
    learner : its labels are strings
    wanted : (n_items,) a label, or a set of them; ``UNLABELED`` or ``SKIPPED``
    kind : of the learner's labels

    Examples
    --------
    >>> learner = ActiveLearner(np.eye(3))
    >>> follow(learner, ["cat", UNLABELED, SKIPPED])
    >>> learner.pool.y.tolist()
    [0, -1, -2]
    >>> follow(learner, [UNLABELED, "cat", SKIPPED])
    >>> learner.pool.y.tolist()
    [-1, 0, -2]
    """
    known = kind.known(learner)
    now = [code if code < 0 else known[code] for code in learner.pool.y.tolist()]
    differ = [i for i, (a, b) in enumerate(zip(now, wanted, strict=True)) if a != b]
    taught = [i for i in differ if not isinstance(wanted[i], int)]
    if taught:
        learner.teach(np.array(taught), [wanted[i] for i in taught])
    for mark, move in ((SKIPPED, learner.skip), (UNLABELED, learner.forget)):
        rows = [i for i in differ if wanted[i] == mark]
        if rows:
            move(np.array(rows))


def _oof(learner: ActiveLearner, kind: KindOfTraining) -> FloatArray | None:
    """Return (n_labeled, n_classes) out of fold; None where there is nothing to hold out."""
    if len(learner.pool.labeled) < LEAST_LABELS or not kind.can_be_held_out(learner):
        return None
    return kind.out_of_fold(learner)


def _scores(
    learner: ActiveLearner,
    rows: IntArray,
    n_rows: int,
    told: FloatArray | None,
    kind: KindOfTraining,
    by_name: Named | None = None,
) -> Scores:
    pool = learner.pool
    has_labels = len(pool.labeled) > 0
    n_classes = len(learner.classes) if has_labels else 0
    proba = np.full((n_rows, n_classes), kind.unseen, np.float32)
    if has_labels:
        proba[rows] = learner.predict_proba()
    queries = ask(learner, kind, by_name.cosines[rows] if by_name else None)
    doubted, doubt = _likely_mistakes(learner, told, kind)
    return Scores(
        proba,
        np.array([str(c) for c in learner.classes] if has_labels else [], dtype=np.str_),
        rows[np.concatenate([np.zeros(0, np.int64), *(q.indices for q in queries)])],
        np.array([source for q in queries for source in q.source], dtype=np.str_),
        np.array([p for q in queries for p in q.propensity], dtype=np.float64),
        np.array([q.why(i) for q in queries for i in range(len(q))], dtype=np.str_),
        np.array([q.asked_by(i) for q in queries for i in range(len(q))], dtype=np.str_),
        rows[doubted],
        doubt,
        by_name.cosines if by_name else NOT_NAMED,
        by_name.class_ids if by_name else NO_IDS,
        worth_a_look=kind.worth_a_look(proba[rows]) if has_labels else NOTHING_LESS_LIKELY,
    )


def _likely_mistakes(
    learner: ActiveLearner, told: FloatArray | None, kind: KindOfTraining
) -> tuple[IntArray, FloatArray]:
    """Return labeled rows whose label another one beats, out of fold, the clearest first."""
    labeled = learner.pool.labeled
    if told is None:
        return labeled[:0], np.zeros(0)
    own, best = kind.belief(learner, told)
    doubtful = np.flatnonzero(own < best)
    order = doubtful[np.argsort(own[doubtful], kind="stable")][:N_MISTAKES]
    return labeled[order], own[order]
