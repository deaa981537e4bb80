"""What a running project knows: events replayed, the items, the newest model version, the audit."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from uuid import uuid4

import numpy as np

from sparing.audit.audit import Phase
from sparing.audit.early_stop import audits_needed
from sparing.audit.evaluation import Estimate, accuracy
from sparing.audit.findings import judge
from sparing.datasets.items import shown_names
from sparing.errors import NotFoundError, SourceError, SparingError, VoidAuditError
from sparing.project.audits.draws import Draw
from sparing.project.audits.outcome import Certified, answers_of, contents_of, evidence
from sparing.project.audits.span_f1 import audited_f1
from sparing.project.audits.stage import ANEW, Stage, load_stage
from sparing.project.audits.standing import Standing
from sparing.project.folder import ProjectFolder
from sparing.project.learning.advice import random_accuracy
from sparing.project.learning.foreign import (
    LEAST_ANSWERS,
    Foreign,
    TrackRecord,
    guess_by,
    read_foreign,
    record_of,
)
from sparing.project.learning.guesses import Guess, guess_of
from sparing.project.learning.scores import Scores, read_scores, within
from sparing.project.learning.sway import Sway, sway_of
from sparing.project.log.boxed import boxes_in, listed
from sparing.project.log.marked import NO_SPANS, marked_in, quoted
from sparing.project.log.replay import ItemState, Replay
from sparing.project.settings import (
    BOXES,
    SPANS,
    Settings,
    keep_settings,
    read_overlap,
    read_settings,
)
from sparing.project.source.changes import ITEMS_STAMP, Changes, Reconciled, applied
from sparing.project.source.contents import Contents
from sparing.project.source.items import PRESENT, UNREADABLE, Item, Listing
from sparing.project.team.people import Opinions
from sparing.project.team.sharing import Overlap, Sharing
from sparing.project.views import Answer
from sparing.store import Event, ItemRow, Kind, Store, Version
from sparing.store.records import OF_A_CLASS, OF_THE_PHASE
from sparing.types import BoolArray

SHOWN_KINDS = {"images": "image", "texts": "text", "table": "card", "vectors": "card"}


class State:
    """The memory of a project: :class:`sparing.project.locked_state.Guarded` lends it to a thread.

    Parameters
    ----------
    folder : where the big files lie
    store : the truth; everything here can be made again from it
    rows : all items that it has
    listing : what the source holds now
    changes : what was different from the last run

    Attributes
    ----------
    settings : what the project was made with
    stage : what the audit that decides the phase says
    standing : what has become of its certificate since
    is_encoded : whether all items that can be read have vectors
    mark : fingerprint of these vectors; ``""`` before there are any
    seen_by : sentences on what made the vectors
    unreadable : the items that cannot be read
    audited : the accuracy that the audit shows, once there is a certificate
    encoded : items encoded so far, and items in all
    foreign : predictions of others; None where there are none
    trainer_said : what learns in the background does, and why, in words
    detector_said : what a detector of somebody's own does, a sentence; ``""``: there is none
    """

    def __init__(
        self,
        folder: ProjectFolder,
        store: Store,
        rows: list[ItemRow],
        listing: Listing,
        changes: Changes,
    ) -> None:
        self.folder = folder
        self.settings = read_settings(store)
        self.listing = listing
        self.changes = changes
        self.versions: list[Version] = []
        self.scores: Scores | None = None
        self.stage = Stage()
        self.standing: Standing | None = None
        self.audited: Estimate | None = None
        self.rows = rows
        self.row_of = {item.item_id: item.row for item in self.rows}
        self.replay = Replay(store.events())
        self.opinions = Opinions(self.replay)
        self._places = {item_id: i for i, item_id in enumerate(listing.ids)}
        self.is_encoded = self.settings.kind == SPANS  # texts are read as they are
        self.mark = ""
        self.seen_by: tuple[str, ...] = ()
        self.encoded = (0, len(rows))
        self.trainer_said = ("off", "")
        self.detector_said = ""
        self.foreign = read_foreign(folder.predictions)
        self._record: tuple[int, TrackRecord] | None = None
        self._sway: tuple[int, Sway] | None = None
        self.share(read_overlap(store, self.settings.seed))
        self._load_stage()
        self._take_versions(store.versions())

    @property
    def version(self) -> int:
        """The newest model version; 0 before there is one."""
        return self.versions[-1].version if self.versions else 0

    @property
    def drawn(self) -> Draw | None:
        """The audit that decides the phase; None where there is none."""
        return self.stage.drawn

    @property
    def certified(self) -> Certified | None:
        """The certificate that holds; None where there is none."""
        return self.stage.certified

    @property
    def drawn_rows(self) -> frozenset[int]:
        """The rows of an open audit."""
        return self.stage.drawn_rows

    @property
    def remainder_rows(self) -> frozenset[int]:
        """The rows that the certificate leaves to people."""
        return self.stage.remainder_rows

    @property
    def phase(self) -> Phase:
        """Where the job stands."""
        phase = self.replay.phase
        if self.drawn is None:
            return Phase.LABEL
        if phase is not Phase.CERTIFIED or self.certified is None:
            return phase
        n_left = len(self.remainder_left())
        if not n_left:
            return Phase.DONE
        return Phase.CERTIFIED if n_left == len(self.certified.remainder) else Phase.HANDBACK

    def remainder_left(self) -> list[int]:
        """Return the rows that the certificate leaves to the person, not answered yet."""
        if self.certified is None:
            return []
        rows = self.certified.remainder.tolist()
        open_rows = [r for r in rows if self.is_open(r) or self.is_contested(r)]
        handed_back = set(open_rows)
        return [*open_rows, *(r for r in sorted(self.lacking) if r not in handed_back)]

    @property
    def lacking(self) -> Set[int]:
        """The rows whose label the certificate covers and that is to be given once more."""
        return self.standing.lacking if self.standing is not None and self.certified else set()

    def said_of_certificate(self) -> list[str]:
        """Return why the audit or its certificate is void, or what has become of its labels."""
        fault = [self.stage.fault] if self.stage.fault else []
        return fault + (self.standing.said() if self.standing is not None else [])

    def said_of_unreadable(self) -> list[str]:
        """Return how many items cannot be read, why, and which."""
        names: dict[str, list[str]] = {}
        for item in self.unreadable:
            names.setdefault(item.reason or "", []).append(item.name)
        return [
            f"{len(those):,} cannot be read, {why}: {shown_names(those)}."
            for why, those in names.items()
        ]

    def is_automatic(self, row: int) -> bool:
        """Tell whether the certificate still vouches for the model's label of an item."""
        if self.certified is None or self.standing is None:
            return False
        lost = row in self.standing.lacking or row in self.standing.left_out
        return row in self.certified.by_model and not lost

    def is_contested(self, row: int) -> bool:
        """Tell whether people differ on an item, and nobody has settled it."""
        return self.replay.is_contested(self.rows[row].item_id)

    def is_open(self, row: int) -> bool:
        """Tell whether an item is there and has no answer; none that counts where it is drawn."""
        item = self.rows[row]
        return item.state == PRESENT and not self._is_answered(row)

    def is_to_answer(self, row: int) -> bool:
        """Tell whether the phase asks for an answer to an item that is open."""
        is_asked = self.stage.is_labeling or row in self.drawn_rows or row in self.remainder_rows
        return is_asked and self.is_open(row)

    def _is_answered(self, row: int) -> bool:
        said = self.replay.of(self.rows[row].item_id)
        return bool(evidence(said)) if row in self.drawn_rows else said.answer is not None

    def blind_rows(self, annotator: str) -> set[int]:
        """Return the rows whose guess a person may not see: they are asked without."""
        second = (self.row_of.get(item_id) for item_id in self.sharing.wanted_of(annotator))
        return {*self.drawn_rows, *(row for row in second if row is not None)}

    def hides(self, row: int, annotator: str) -> bool:
        """Tell whether a person may not learn what others have said of an item.

        That is so where a second opinion of theirs is wanted, and where the item checks a model
        and they have not answered it themselves.
        """
        item_id = self.rows[row].item_id
        if row not in self.drawn_rows or not annotator:
            return self.sharing.wants(item_id, annotator)
        item = self.replay.of(item_id)
        return item.answer is not None and item.vote_of(annotator) is None

    def noted(self, row: int, annotator: str) -> ItemState:
        """Return an item with the flags and comments that a person may see: else their own alone.

        What others note of an item that checks the model may say what they take it for.
        """
        item = self.replay.of(self.rows[row].item_id)
        is_checked = annotator and row in self.drawn_rows and item.vote_of(annotator) is None
        is_hidden = is_checked or self.hides(row, annotator)
        return item.remarked_by(annotator) if is_hidden else item

    def share(self, overlap: Overlap) -> None:
        """Say which items are to have two answers."""
        self.sharing = Sharing(overlap)
        for item_id, item in self.replay.items.items():
            self.sharing.note(item_id, item)

    def contested(self) -> list[str]:
        """Return the items that are there, on which people differ, in the order of their rows."""
        found = (i for i in self.replay.shared if i in self.row_of and self.replay.is_contested(i))
        return sorted(found, key=lambda item_id: self.row_of[item_id])

    def askable(self) -> BoolArray:
        """(n_rows,) True where a strategy may ask: open, and not drawn for an open audit."""
        return self._askable

    def item(self, item_id: str) -> Item:
        """Return an item by its key; one that has gone comes without its content.

        Raises
        ------
        NotFoundError : there was never such an item
        """
        if item_id in self._places:
            return self.listing.item(self._places[item_id])
        if item_id not in self.row_of:
            raise NotFoundError(f"There is no item '{item_id}'.")
        kind = SHOWN_KINDS[self.listing.kind]
        return Item(item_id, self.rows[self.row_of[item_id]].name, kind)  # type: ignore[arg-type]

    def place_of(self, item_id: str) -> int | None:
        """Return where an item is in the listing; None if it is not there."""
        return self._places.get(item_id)

    def texts(self) -> Iterator[str]:
        """Return the name and the content, as far as it is text, of every row, read one by one."""
        rows, places, listing = self.rows, self._places, self.listing
        there = ((item.name, places.get(item.item_id)) for item in rows)
        return (name if place is None else listing.text(place) for name, place in there)

    def answer_of(self, event: Event | None) -> Answer | None:
        """Return an event of an item as the doors show it."""
        if event is None or event.item_id is None:
            return None
        content = event.content
        is_known = content is not None and self.replay.has_class(content)
        name = self.replay.class_name(content) if content is not None and is_known else None
        labels = self.replay.label_names(content) if content is not None and is_known else None
        spans = boxes = None
        if self.settings.kind == SPANS and content is not None and is_known:
            spans, labels = marked_in(event, self.replay), None
            name = quoted(spans, self.item(event.item_id).text) or NO_SPANS
        if self.settings.kind == BOXES and content is not None and is_known:
            boxes, labels = boxes_in(event, self.replay), None
            name = listed(boxes)
        return Answer(
            event.key,
            event.seq,
            event.at,
            (Kind.SKIP if content is None else Kind.LABEL).value,
            event.item_id,
            name,
            event.annotator,
            event.purpose or "train",
            self.replay.guidelines_at(event.seq),
            labels,
            spans,
            boxes,
        )

    def guess(self, row: int) -> Guess | None:
        """Return what an item is taken for: by the model, or by predictions that lead it."""
        own = self.own_guess(row)
        if self.foreign is None or (own is not None and not self._are_ahead()):
            return own
        item_id = self.rows[row].item_id
        return guess_by(self.foreign, item_id, self.replay, self.settings.kind) or own

    def take_foreign(self, foreign: Foreign) -> None:
        """Take other predictions into account."""
        self.foreign, self._record = foreign, None

    def foreign_record(self) -> TrackRecord | None:
        """Return how often predictions of others are right; None where there are none."""
        if self.foreign is None:
            return None
        if self._record is None or self._record[0] != self.replay.n_events:
            found = record_of(self.foreign, self.answers(), self.replay, self.settings.kind)
            self._record = self.replay.n_events, found
        return self._record[1]

    def sway(self) -> Sway:
        """Return what people marked with suggestions on the screen, and without."""
        if self._sway is None or self._sway[0] != self.replay.n_events:
            found = sway_of(self.answers(), self.settings.seed, self.settings.kind)
            self._sway = self.replay.n_events, found
        return self._sway[1]

    def _are_ahead(self) -> bool:
        """Tell whether predictions are better than the model, or nobody can tell yet."""
        found = random_accuracy(self.versions[-1].facts) if self.versions else None
        theirs = self.foreign_record()
        if found is None or theirs is None or theirs.n < LEAST_ANSWERS:
            return True
        return theirs.value > found[0]

    def own_guess(self, row: int) -> Guess | None:
        """Return what the model takes an item for, and how sure it is."""
        if self.scores is None:
            return None
        return guess_of(self.scores, row, self.replay, self.settings.kind, self.version)

    def apply(self, events: Iterable[Event]) -> None:
        """Take new events into account."""
        for event in events:
            for item_id in self.replay.apply(event) & self.row_of.keys():
                self.sharing.note(item_id, self.replay.of(item_id))
                row = self.row_of[item_id]
                self._askable[row] = self.is_open(row) and row not in self.drawn_rows
                self._note_standing(row)
            if event.kind in OF_A_CLASS or event.kind is Kind.UNDO:
                self._note_standing(None)
            if event.kind in OF_THE_PHASE:
                self._load_stage()

    def _note_standing(self, row: int | None) -> None:
        """Look at what the certificate covers anew; once it is void, or not any more, say so."""
        if self.standing is None:
            return
        before = self.standing.void
        if row is None:
            self.standing.note_classes()
        else:
            self.standing.note(row)
        if bool(before) != bool(self.standing.void):
            self._load_stage()

    def adopt(self, versions: Sequence[Version], scores: Scores) -> None:
        """Take new model versions into use; the scores are those of the last."""
        self.scores = within(scores, len(self.rows))
        self.versions.extend(versions)

    def relist(self, rows: list[ItemRow], listing: Listing) -> None:
        """Take items into account that another process has found in the source."""
        self.rows, self.listing = rows, listing
        self.row_of = {item.item_id: item.row for item in rows}
        self._places = {item_id: i for i, item_id in enumerate(listing.ids)}
        self._fill_askable()

    def take_source(self, store: Store, found: Reconciled) -> None:
        """Write down what was decided of the source, and take it into account."""
        store.put_items(found.updates)
        store.put_settings({ITEMS_STAMP: uuid4().hex})
        self.changes = found.changes
        self.is_encoded = self.settings.kind == SPANS
        self.relist(applied(self.rows, found.updates), found.listing)

    def take_settings(self, store: Store, settings: Settings) -> None:
        """Write down other settings, and take them into account."""
        if settings != self.settings:
            keep_settings(store, settings)
            self.listing = replace(self.listing, layout=settings.layout)
            self.settings = settings

    def is_named(self) -> bool:
        """Tell whether the names of the classes are all that orders the pictures so far."""
        return self.scores is not None and bool(self.scores.named.shape[1])

    def has_learned_all(self) -> bool:
        """Tell whether the newest model version knows all that was said, from today's vectors."""
        newest = self.versions[-1] if self.versions else None
        if newest is None or newest.is_draft:
            return False
        if newest.version <= self.settings.encoder_since:  # of vectors that are no more
            return False
        return newest.seq == self.replay.last_seq

    def learned(self, contents: Contents) -> list[ItemRow]:
        """Take what encoding found out into account; return the items that are new to the store."""
        updates = []
        self.is_encoded = True
        self.mark = contents.mark
        self.seen_by = contents.said()
        self.encoded = (int(contents.good.sum()), len(self.rows))
        found = zip(contents.hashes.tolist(), contents.faults.tolist(), strict=True)
        for item, (content, fault) in zip(list(self.rows), found, strict=False):
            if item.state == PRESENT and not fault and content in ("", item.content_hash):
                continue  # nearly all of them: there may be a million
            if item.state not in (PRESENT, UNREADABLE):
                continue
            now = replace(
                item,
                content_hash=content or item.content_hash,
                state=UNREADABLE if fault else PRESENT,
                reason=fault or None,
            )
            if now != item:
                self.rows[item.row] = now
                updates.append(now)
        self._fill_askable()
        return updates

    def _take_versions(self, versions: Sequence[Version]) -> None:
        self.versions = list(versions)
        if versions:
            try:
                self.scores = read_scores(self.folder.scores(versions[-1]))
            except SourceError:  # the next version replaces it
                self.scores = None

    def _load_stage(self) -> None:
        """Load the audit that decides the phase; what people said of it makes its accuracy."""
        self.audited = self.standing = None
        self.stage = load_stage(self.folder, self.replay)
        try:
            if self.drawn is not None and self.certified is not None:
                self.audited = self._audited(self.drawn)
                self.standing = Standing(self.stage, self.replay, self.rows)
                if self.standing.void:
                    raise VoidAuditError(self.standing.void)
        except SparingError as error:
            self.stage = Stage(self.stage.decided, fault=f"{error} {ANEW}")
        self._fill_askable()

    def _audited(self, drawn: Draw) -> Estimate:
        p = drawn.frozen.predictions
        decided = self.replay.phase_event
        then = decided.seq if decided else None
        kind = self.settings.kind
        if kind in (SPANS, BOXES):
            return audited_f1(drawn, contents_of(drawn, self.replay, self.rows, then), kind)
        answers = answers_of(drawn, self.replay, self.rows, then)
        return accuracy(p, drawn.audit, judge(drawn.audit, p, answers))

    def _fill_askable(self) -> None:
        self.present = np.array([item.state == PRESENT for item in self.rows], dtype=bool)
        self.unreadable = [item for item in self.rows if item.state == UNREADABLE]
        askable = self.present.copy()
        answered = (i for i, s in self.replay.items.items() if s.answer is not None)
        for item_id in answered:
            if item_id in self.row_of:
                askable[self.row_of[item_id]] = False
        askable[list(self.drawn_rows)] = False
        self._askable = askable
        if self.standing is not None:
            self.standing.note_all(self.rows)

    def n_to_audit(self) -> int:
        """Return how many of the drawn items are to be answered: more once errors were met."""
        if self.drawn is None:
            return 0
        if self.certified is not None:
            return self.certified.certificate.n_audited
        audit, p = self.drawn.audit, self.drawn.frozen.predictions
        n_seen = [*self._answered_of_draw(), False].index(False)
        if n_seen < audit.looks[0]:
            return audit.looks[0]
        found = judge(audit, p, answers_of(self.drawn, self.replay, self.rows))
        return audits_needed(p, audit, found, n_seen)

    def n_answered_of_draw(self) -> int:
        """Return how many items that are to be audited have an answer."""
        return sum(self._answered_of_draw()[: self.n_to_audit()])

    def _answered_of_draw(self) -> list[bool]:
        if self.drawn is None:
            return []
        return [self._is_answered(row) for row in self.drawn.audit.drawn.tolist()]

    def answers(self) -> list[Event]:
        """Return the answers that count, of the items that the store knows."""
        return [
            noted.answer
            for item_id, noted in self.replay.items.items()
            if noted.answer is not None and item_id in self.row_of
        ]
