"""The audits of a project: draw, certificate, and what the certificate leaves to people."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from uuid import uuid4

from sparing.audit.audit import Claim
from sparing.audit.certificate import Certificate
from sparing.audit.cost.plan import AuditPlan
from sparing.audit.verification import Check
from sparing.errors import ConflictError, InvalidInputError, PoolExhaustedError
from sparing.project.asking import audited_items, mask_of, remainder_items
from sparing.project.attribution import Handed
from sparing.project.audits import draws, outcome
from sparing.project.locked_state import Guarded
from sparing.project.log.event_log import EventLog
from sparing.project.state import State
from sparing.project.views import Asked
from sparing.store import Event, EventCheck, EventStatus, ItemRow, Kind, NewEvent, Outcome
from sparing.store.records import OF_THE_PHASE

MOST_TRIES = 10
GIVEN_UP = (
    "on {day} the certificate was given up, and {why}: it says nothing of the labels as they are"
    " now, and does not hold of them."
)
T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class Decision(Generic[T]):
    """Something about an audit that is to be stored.

    Parameters
    ----------
    made : what comes of it
    kind : of the event that says so
    find : the audit that it is about; called in the transaction that stores the event
    keep : writes what belongs to it, and returns the hash that names it
    """

    made: T
    kind: Kind
    find: Callable[[], draws.Draw]
    keep: Callable[[draws.Draw], str]


class Audits:
    """Checks the model of a project, and certifies what it says.

    Parameters
    ----------
    guarded : the state of the project
    log : the way of what is said
    handed : by what each item was asked
    """

    def __init__(self, guarded: Guarded, log: EventLog, handed: Handed) -> None:
        self._guarded = guarded
        self._log = log
        self._handed = handed

    def plan(self, epsilon: float, delta: float = 0.05) -> AuditPlan:
        """Say what a certificate would cost, now and after more labels; nothing is drawn.

        Raises
        ------
        InvalidInputError : epsilon or delta outside (0, 1), or no model yet
        """
        with self._guarded.held() as state:
            claim = Claim(epsilon, delta)
            frozen, facts = _freeze(state), state.versions[-1].facts
            return draws.plan_before(frozen, claim, state.replay.attempt + 1, facts)

    @property
    def open_claim(self) -> Claim | None:
        """What the open audit is to certify; None where none is open."""
        with self._guarded.held() as state:
            drawn = state.drawn
            return drawn.audit.claim if drawn is not None and state.drawn_rows else None

    def draw(self, epsilon: float, delta: float = 0.05) -> AuditPlan:
        """Freeze the model and draw the items that check it; then answer :meth:`query`.

        Parameters
        ----------
        epsilon : share of wrong labels tolerated
        delta : probability that the claim may be false, for all attempts together

        Raises
        ------
        ConflictError : an audit is open already
        InvalidInputError : as of :meth:`plan`
        PoolExhaustedError : an audit would cost more than labeling what is left
        """
        return self._decided(lambda state, _: _drawn(state, Claim(epsilon, delta)))

    def query(self, n: int = 1, exclude: Iterable[str] = (), annotator: str = "") -> list[Asked]:
        """Return up to ``n`` items of the open audit, blind; none if no audit is open."""
        self._log.catch_up()
        with self._guarded.held() as state:
            without = mask_of(state, exclude)
            return audited_items(state, self._handed, n, without, annotator)

    def query_remainder(
        self, n: int = 1, exclude: Iterable[str] = (), annotator: str = ""
    ) -> list[Asked]:
        """Return up to ``n`` items that the certificate leaves to people."""
        self._log.catch_up()
        with self._guarded.held() as state:
            return remainder_items(state, self._handed, n, mask_of(state, exclude))

    def certify(self) -> Certificate:
        """Turn the answered audit into a certificate; what it does not prove is handed back.

        Where people differ on an item and nobody has settled it, it counts as an error of the
        model, and is handed back.

        Raises
        ------
        ConflictError : no audit is open, or items of it have no answer yet
        VoidAuditError : an item changed after the draw
        """
        return self._decided(
            lambda state, key: _certified(state, self._log.hash_until(state.replay.last_seq), key)
        )

    def _decided(self, decide: Callable[[State, str], Decision[T]]) -> T:
        """Decide something, and store it; anew, where what it rests on has changed meanwhile.

        What is decided may name the event that says so, by its key.

        The key of a draw is made in the transaction that stores it: nobody sees a draw that does
        not count.

        Raises
        ------
        ConflictError : it changes again and again
        """
        with self._log.alone("audit"), self._guarded.held() as state:
            for _ in range(MOST_TRIES):
                key = uuid4().hex
                decision = decide(state, key)
                event = NewEvent(key=key, kind=decision.kind)
                check = _unless_touched(decision, state.rows)
                (stored,) = self._log.append([event], check, state.replay.last_seq)
                if stored.status is EventStatus.STORED:
                    return decision.made
                self._log.take_events()
        raise ConflictError("Others change the items of this audit all the time: try again.")

    def verify(self, certificate: Certificate) -> tuple[Check, ...]:
        """Recompute one of this project's certificates: hashes, draw and count.

        Raises
        ------
        SourceError : its audit is not in this project
        """
        drawn = draws.load_draw(self._guarded.folder, certificate.attempt)
        log = self._log.hash_like(certificate.log)
        with self._guarded.held() as state:
            return outcome.verified(
                state.folder,
                certificate,
                drawn,
                state.replay,
                state.rows,
                kind=state.settings.kind,
                log=log,
            )

    def notes(self) -> list[str]:
        """Return why the audit or its certificate is void, or what has become of its labels."""
        with self._guarded.held() as state:
            return state.said_of_certificate()

    def since(self, certificate: Certificate) -> list[str]:
        """Return what has become of one of this project's certificates, given up ones too."""
        with self._guarded.held() as state:
            said = state.replay.certified_by(certificate.digest)
            next_said = state.replay.followed_by(said) if said is not None else None
            if next_said is None:
                return state.said_of_certificate()
            why = "labeling went on" if next_said.kind is Kind.RESUMED else "a new audit was drawn"
            return [GIVEN_UP.format(day=next_said.at[:10], why=why)]

    def resume(self) -> None:
        """Go back to labeling: an open audit is spent, a certificate does not hold any more."""
        with self._log.alone("audit"), self._guarded.held() as state:
            if state.replay.phase != "label":
                self._log.say(Kind.RESUMED, None)


def _drawn(state: State, claim: Claim) -> Decision[AuditPlan]:
    if state.drawn_rows:
        raise ConflictError("An audit is open: answer it, or give it up with resume.")
    frozen, n = _freeze(state), state.replay.attempt
    planned = draws.plan(frozen, claim, n + 1, state.versions[-1].facts)
    if not planned.n_audited:
        raise PoolExhaustedError(planned.sentence)
    before = state.replay.drawn_digests  # what each has spent, its file does not have to tell

    def find() -> draws.Draw:
        return draws.draw(frozen, claim, planned, before)

    def keep(drawn: draws.Draw) -> str:
        draws.save_draw(state.folder, drawn)
        return drawn.audit.digest

    return Decision(planned, Kind.AUDIT_DRAWN, find, keep)


def _certified(state: State, log: str, event: str) -> Decision[Certificate]:
    drawn, n_answered = state.drawn, state.n_answered_of_draw()
    if drawn is None or not state.drawn_rows:
        raise ConflictError("No audit is open: draw one first.")
    draws.check_unchanged(drawn, state.rows)  # else more answers would be in vain
    n_open = state.n_to_audit() - n_answered
    if n_open:
        raise ConflictError(
            f"{n_open:,} items of the audit have no answer yet. 'sparing audit' prints them."
        )
    found = outcome.findings_of(drawn, state.replay, state.rows, state.settings.kind)
    origins = outcome.origins_of(drawn, state.replay, state.rows)
    origins = replace(origins, log=log, event=event)
    done = outcome.certify_draw(drawn, found, origins)

    def keep(_: draws.Draw) -> str:
        outcome.save_certified(state.folder, done)
        return done.certificate.digest

    return Decision(done.certificate, Kind.CERTIFIED, lambda: drawn, keep)


def _freeze(state: State) -> draws.Frozen:
    scores = state.scores
    if scores is None:
        raise InvalidInputError("There is no model to check yet: label some items first.")
    return draws.freeze(state.replay, state.rows, scores, state.version, state.settings.kind)


def _unless_touched(decision: Decision[T], rows: Sequence[ItemRow]) -> EventCheck:
    """Return what stores a decision unless items it rests on, classes or phase have changed."""

    def check(new: NewEvent, since: Sequence[Event]) -> NewEvent | Outcome:
        drawn = decision.find()
        rests_on = {rows[row].item_id for row in drawn.audit.drawn.tolist()}
        if any(_touches(event, rests_on) for event in since):
            return Outcome(EventStatus.CONFLICT)
        return replace(new, text=decision.keep(drawn))

    return check


def _touches(event: Event, item_ids: set[str]) -> bool:
    is_of_classes = event.kind is Kind.UNDO and event.item_id is None
    is_decisive = event.kind in OF_THE_PHASE | {Kind.MERGE_CLASS, Kind.DELETE_CLASS}
    return is_decisive or is_of_classes or event.item_id in item_ids
