"""The part of a project that checks a model: audit, certificate, hand-back."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import uuid4

from sparing.audit.audit import Claim
from sparing.audit.certificate import Certificate, Check, verify
from sparing.audit.cost.plan import AuditPlan
from sparing.errors import ConflictError, InvalidInputError
from sparing.project.audits import audits
from sparing.project.opened import OpenProject
from sparing.store import Event, EventCheck, Kind, NewEvent, Outcome, Status
from sparing.store.records import OF_THE_PHASE

MOST_TRIES = 10
T = TypeVar("T")
Decision = tuple[T, audits.Draw, NewEvent]
"""What comes of it, the audit that it is about, and the event that says so."""


class CheckedProject(OpenProject):
    """The audits of :class:`sparing.project.Project`."""

    def plan_audit(self, epsilon: float, delta: float = 0.05) -> AuditPlan:
        """Say what a certificate would cost; nothing is drawn.

        Raises
        ------
        InvalidInputError : epsilon or delta outside (0, 1), or no model yet
        """
        with self._state.lock:
            claim = Claim(epsilon, delta)
            return audits.plan(self._freeze(), claim, self._state.replay.attempt + 1)

    @property
    def open_claim(self) -> Claim | None:
        """What the open audit is to certify; None where none is open."""
        drawn = self._state.drawn
        return drawn.audit.claim if drawn is not None and self._state.drawn_rows else None

    def audit(self, epsilon: float, delta: float = 0.05) -> AuditPlan:
        """Freeze the model and draw the items that check it; then answer :meth:`audit_next`.

        Parameters
        ----------
        epsilon : share of wrong labels tolerated
        delta : probability that the claim may be false, for all attempts together

        Raises
        ------
        ConflictError : an audit is open already
        InvalidInputError : as in :meth:`plan_audit`
        PoolExhaustedError : an audit would cost more than labeling what is left
        """
        return self._decided(lambda: self._draw(Claim(epsilon, delta)))

    def _draw(self, claim: Claim) -> Decision[AuditPlan]:
        if self._state.drawn_rows:
            raise ConflictError("An audit is open: answer it, or give it up with resume.")
        frozen, n = self._freeze(), self._state.replay.attempt
        planned = audits.plan(frozen, claim, n + 1)
        before = audits.load_audits(self._folder, n)
        drawn = audits.draw(frozen, claim, seed=self._settings.seed, previous=before)
        audits.save_draw(self._folder, drawn)
        return planned, drawn, _said(Kind.AUDIT_DRAWN, drawn.audit.digest)

    def certify(self) -> Certificate:
        """Turn the answered audit into a certificate; what it does not prove is handed back.

        Where people differ on an item and nobody has settled it, it counts as an error of the
        model, and is handed back.

        Raises
        ------
        ConflictError : no audit is open, or items of it have no answer yet
        VoidAuditError : an item changed after the draw
        """
        return self._decided(self._certify)

    def _certify(self) -> Decision[Certificate]:
        drawn, n_answered = self._state.drawn, self._state.n_answered_of_draw()
        if drawn is None or not self._state.drawn_rows:
            raise ConflictError("No audit is open: draw one first.")
        audits.check_unchanged(drawn, self._state.rows)  # else more answers would be in vain
        n_open = self._state.n_to_audit() - n_answered
        if n_open:
            raise ConflictError(
                f"{n_open:,} items of the audit have no answer yet. 'sparing audit' prints them."
            )
        answers = audits.answers_of(drawn, self._state.replay, self._state.rows)
        done = audits.certify_draw(drawn, answers)
        audits.save_certified(self._folder, done)
        return done.certificate, drawn, _said(Kind.CERTIFIED, done.certificate.digest)

    def _decided(self, decide: Callable[[], Decision[T]]) -> T:
        """Decide something, and store it; anew, where what it rests on has changed meanwhile.

        Raises
        ------
        ConflictError : it changes again and again
        """
        with self._alone("audit"), self._state.lock:
            for _ in range(MOST_TRIES):
                made, drawn, event = decide()
                rests_on = {self._state.rows[row].item_id for row in drawn.audit.drawn.tolist()}
                check = _unless_touched(rests_on)
                (outcome,) = self._append([event], check, self._state.replay.last_seq)
                if outcome.status is Status.STORED:
                    return made
                self._follower.take_events()
        raise ConflictError("Others change the items of this audit all the time: try again.")

    def verify(self, certificate: Certificate) -> tuple[Check, ...]:
        """Recompute one of this project's certificates: hashes, draw and count.

        Raises
        ------
        SourceError : its audit is not in this project
        """
        drawn = audits.load_draw(self._folder, certificate.attempt)
        with self._state.lock:
            replay = self._state.replay
            then = replay.certified_at(certificate.digest)
            answers = audits.answers_of(drawn, replay, self._state.rows, then)
        return verify(certificate, drawn.frozen.predictions, drawn.audit, answers)

    def resume(self) -> None:
        """Go back to labeling: an open audit is spent, a certificate does not hold any more."""
        with self._alone("audit"), self._state.lock:
            if self._state.replay.phase != "label":
                self._say(Kind.RESUMED, None)

    def _freeze(self) -> audits.Frozen:
        scores = self._state.scores
        if scores is None:
            raise InvalidInputError("There is no model to check yet: label some items first.")
        return audits.freeze(self._state.replay, self._state.rows, scores, self._state.version)


def _said(kind: Kind, text: str) -> NewEvent:
    return NewEvent(key=uuid4().hex, kind=kind, text=text)


def _unless_touched(item_ids: set[str]) -> EventCheck:
    """Return what stores an event unless items that it rests on, classes or phase have changed."""

    def check(new: NewEvent, since: Sequence[Event]) -> NewEvent | Outcome:
        is_touched = any(_touches(event, item_ids) for event in since)
        return Outcome(Status.CONFLICT) if is_touched else new

    return check


def _touches(event: Event, item_ids: set[str]) -> bool:
    is_of_classes = event.kind is Kind.UNDO and event.item_id is None
    is_decisive = event.kind in OF_THE_PHASE or event.kind is Kind.MERGE_CLASS
    return is_decisive or is_of_classes or event.item_id in item_ids
