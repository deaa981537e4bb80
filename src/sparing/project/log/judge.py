"""What an event means: decided inside the transaction that stores it, by all that was before.

Between the moment in which a project looks at its memory and the moment in which an event is
stored, others may have merged classes or drawn an audit. So nothing is decided before.
"""

from collections.abc import Sequence, Set
from dataclasses import replace

from sparing.errors import InvalidInputError, NotFoundError
from sparing.pool.class_names import kept_name
from sparing.project.attribution import OF_REMAINDER, Handed, Source, drawn_with
from sparing.project.audits.draws import AUDIT
from sparing.project.audits.outcome import evidence
from sparing.project.audits.stage import TRAIN, Stage, load_stage
from sparing.project.log.classes import TAKEN
from sparing.project.log.marked import is_suggested
from sparing.project.log.meaning import meant
from sparing.project.log.replay import BESIDE, Replay
from sparing.project.state import State
from sparing.project.team.sharing import Overlap, waiting
from sparing.store import Event, EventStatus, Kind, NewEvent, Outcome
from sparing.store.contents import classes_in
from sparing.store.records import (
    ANSWERS,
    AT_A_GLANCE,
    FROM_CLUSTER,
    LABELS,
    OF_A_CLASS,
    OF_AN_ITEM,
    REMARKS,
)

NOT_AT_A_GLANCE = (
    "This item is asked alone and without a guess: the check of the model rests on it."
)
NOT_UNSEEN = (
    "A check of the model covers this item: a label that nobody looked at may not replace it."
)
NOT_BLIND = (
    "A check of the model rests on this item, and this answer was not asked for the check: it is"
    " asked once more, without a guess."
)
SAME = "'{name}' is the class '{known}', which is there already."
WHILE_OPEN = "Classes cannot be merged, or parted again, while an audit is open."
WHILE_LABELING = "Classes can be deleted while labeling: the check of a model rests on them."
HAS_LABELS = "The class '{name}' has labels: merge it into another one instead."


class Judge:
    """Judges the events of one batch; made while the state is locked, asked by the store.

    Parameters
    ----------
    state, handed : of the project
    events : the batch

    Attributes
    ----------
    after : seq of the last event that it knows of
    """

    def __init__(self, state: State, handed: Handed, events: Sequence[NewEvent]) -> None:
        said = [e for e in events if e.kind in OF_AN_ITEM and e.item_id in state.row_of]
        answers = [e for e in said if e.kind in ANSWERS]
        self._rows = {e.item_id: state.row_of[e.item_id or ""] for e in said}
        self._chosen: dict[str, Source] = {
            e.key: handed.source_of(state, e.model_version, self._rows[e.item_id]) for e in answers
        }
        deleted = {e.class_name or "" for e in events if e.kind is Kind.DELETE_CLASS}
        bearing, self._given = _given(state.replay, deleted)
        spoken_of = (e.item_id or "" for e in said)
        self._replay: Replay = state.replay.excerpt({*spoken_of, *bearing})
        self._stage: Stage = state.stage
        self._folder = state.folder
        self._kind = state.settings.kind
        self._within = {e.item_id or "": state.item(e.item_id or "").within for e in answers}
        self._overlap: Overlap = state.sharing.overlap
        self.after = self._replay.last_seq

    def __call__(self, new: NewEvent, since: Sequence[Event]) -> NewEvent | Outcome:
        """Say what an event is to be stored as, or what became of it.

        Parameters
        ----------
        new : one event of the batch
        since : what was stored since the last call, or since ``after``
        """
        for event in since:
            self._replay.apply(event)
        if self._replay.phase_event is not self._stage.decided:
            self._stage = load_stage(self._folder, self._replay)
        try:
            return self._judged(new)
        except (InvalidInputError, NotFoundError) as error:
            return Outcome(EventStatus.REFUSED, message=str(error))

    def _judged(self, new: NewEvent) -> NewEvent | Outcome:
        if new.kind is Kind.UNDO:
            return self._undo(new)
        if new.kind in OF_A_CLASS:
            return self._class_event(new)
        if new.kind in REMARKS:
            return replace(new, purpose=BESIDE) if self._is_blind(new) else new
        return self._answer(new) if new.kind in ANSWERS else new

    def _is_blind(self, new: NewEvent) -> bool:
        """Tell whether who notes something is not to know what others say of the item."""
        item_id, who = new.item_id or "", new.annotator
        item = self._replay.of(item_id)
        if who and self._rows[item_id] in self._stage.drawn_rows:
            return item.vote_of(who) is None
        first = waiting(item) if self._overlap.covers(item_id) else None
        return first is not None and who not in ("", first.annotator)

    def _undo(self, new: NewEvent) -> NewEvent:
        undone = self._replay.class_event(new.undoes)
        if undone is not None:
            self._check_may_change(undone.kind)
            if undone.kind is Kind.RENAME_CLASS and self._stage.drawn_rows:
                raise InvalidInputError(WHILE_OPEN)
            _refuse(self._replay.why_not_undone(undone))
        return new

    def _class_event(self, new: NewEvent) -> NewEvent | Outcome:
        if new.kind is Kind.ADD_CLASS:
            return self._added(new)
        found = replace(new, class_id=self._named_now(new.class_name or ""))
        self._check_may_change(new.kind)
        if new.kind is Kind.MERGE_CLASS:
            found = replace(found, into_id=self._replay.class_id(new.text or ""))
        if new.kind is Kind.DELETE_CLASS and self._is_given(found.class_id or ""):
            raise InvalidInputError(HAS_LABELS.format(name=new.class_name))
        _refuse(self._replay.why_not(found))
        if new.kind is Kind.RENAME_CLASS:
            bearer = self._replay.class_named(new.text or "")
            _refuse(self._taken(bearer) if bearer not in (None, found.class_id) else "")
        return found

    def _is_given(self, class_id: str) -> bool:
        """Tell whether any item bears a class, merges followed."""
        before = any(self._replay.resolve(given) == class_id for given in self._given)
        return before or any(True for _ in self._replay.bearing(class_id))

    def _added(self, new: NewEvent) -> NewEvent | Outcome:
        """Add a class, unless there is one whose name differs at most in how it is written."""
        name = new.class_name or ""
        known = self._replay.class_named(name)
        if known is None:
            return new
        bears = self._replay.class_name(known)
        message = "" if kept_name(bears) == name else SAME.format(name=name, known=bears)
        return Outcome(EventStatus.DUPLICATE, message=message)

    def _taken(self, class_id: str | None) -> str:
        return TAKEN.format(name=self._replay.class_name(class_id or ""))

    def _named_now(self, name: str) -> str:
        """Return the class that has a name; one that somebody renamed or merged just now has not.

        Raises
        ------
        InvalidInputError : there is none
        """
        class_id = self._replay.class_named(name)
        if class_id is None:
            now = self._replay.class_name(self._replay.class_id(name))
            raise InvalidInputError(f"There is no class '{name}' any more: it is '{now}' now.")
        return class_id

    def _check_may_change(self, kind: Kind) -> None:
        """Refuse what would change the classes that the check of a model is of."""
        if kind is Kind.MERGE_CLASS and self._stage.drawn_rows:
            raise InvalidInputError(WHILE_OPEN)
        if kind is Kind.DELETE_CLASS and not self._stage.is_labeling:
            raise InvalidInputError(WHILE_LABELING)

    def _answer(self, new: NewEvent) -> NewEvent:
        if new.kind in LABELS:
            new = meant(self._replay, self._kind, new, self._within.get(new.item_id or ""))
        if new.kind is Kind.SETTLED:
            return self._settled(new)
        purpose = self._stage.purpose(self._rows[new.item_id])
        self._check_is_fit_for(new, purpose)
        source = self._chosen[new.key]
        if new.source in AT_A_GLANCE:
            source = Source(str(new.source))
        elif purpose == AUDIT:
            source = drawn_with(self._stage.propensity)
        elif purpose != TRAIN:
            source = OF_REMAINDER
        return replace(
            self._in_place_of_what_is_void(new, purpose),
            purpose=purpose,
            source=source.by,
            propensity=source.propensity,
            strategy=source.strategy,
            beside=self._may_stand_beside(new, purpose),
        )

    def _check_is_fit_for(self, new: NewEvent, purpose: str) -> None:
        """Refuse what was said at a glance, or otherwise asked, where a check rests on it."""
        is_guess = new.confirmed or is_suggested(new.value)
        if purpose != TRAIN and (new.source in AT_A_GLANCE or (purpose == AUDIT and is_guess)):
            raise InvalidInputError(NOT_AT_A_GLANCE)
        if new.source == FROM_CLUSTER and not self._stage.is_labeling:
            raise InvalidInputError(NOT_UNSEEN)
        if purpose == AUDIT and new.asked_for not in (None, AUDIT):
            raise InvalidInputError(NOT_BLIND)

    def _in_place_of_what_is_void(self, new: NewEvent, purpose: str) -> NewEvent:
        """Take the place of an answer that does not count, and that nobody is shown.

        That is one that cannot hold, or one that is no evidence where evidence is asked for.
        """
        item_id = new.item_id or ""
        item = self._replay.of(item_id)
        void = self._replay.voided(item_id)
        if void is None and purpose == AUDIT and not evidence(item):
            void = item.answer
        shown = item.answer.key if item.answer else None
        return replace(new, seen=void.key) if void and new.seen in (None, shown) else new

    def _settled(self, new: NewEvent) -> NewEvent:
        """Return what settles an item; who chose it stays, or random draws would be lost."""
        now = self._replay.of(new.item_id or "").answer
        if now is None:
            raise InvalidInputError("Nobody has answered this item: there is nothing to settle.")
        return replace(
            new,
            model_version=now.model_version,
            purpose=now.purpose,
            source="person" if now.source in AT_A_GLANCE else now.source,  # it was looked at alone
            propensity=now.propensity,
            strategy=now.strategy,
        )

    def _may_stand_beside(self, new: NewEvent, purpose: str) -> bool:
        """Say whether two answers are wanted, or both are evidence: those that check a model.

        Opinions of several people that come together from a file are wanted as they are.
        """
        if not new.annotator:
            return False
        is_wanted = new.beside or self._overlap.covers(new.item_id or "")
        return purpose == AUDIT or (purpose == TRAIN and is_wanted)


def _given(replay: Replay, names: Set[str]) -> tuple[set[str], set[str]]:
    """Return the items that bear the classes of these names, and the other classes that are borne.

    Whether those classes are borne where an event is stored follows from these items, and from
    what becomes one with them on the way.
    """
    if not names:
        return set(), set()
    ids = {replay.class_named(name) for name in names}
    bearing = {item_id for class_id in ids if class_id for item_id in replay.bearing(class_id)}
    said = (vote for item in replay.items.values() for vote in item.said)
    roots = {replay.resolve(one) for event in said for one in classes_in(event.content)}
    return bearing, roots - ids


def _refuse(why: str) -> None:
    if why:
        raise InvalidInputError(why)
