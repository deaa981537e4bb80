"""What the audit that decides the phase says: which items it drew, what its certificate left."""

from dataclasses import dataclass, field

from sparing.audit.audit import Phase
from sparing.errors import SourceError, SparingError
from sparing.project.audits.draws import AUDIT, Draw, load_draw
from sparing.project.audits.outcome import Certified, load_certified
from sparing.project.folder import ProjectFolder
from sparing.project.log.replay import Replay
from sparing.store import Event

TRAIN, HANDBACK = "train", "handback"
ANEW = "Go back to labeling, and draw a new one."


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """Where a job stands, as far as one event and its files decide it.

    Parameters
    ----------
    decided : the event that decides; None before the first audit
    drawn, certified : of the audit; None where there is none
    drawn_rows : of an open audit
    remainder_rows : of the certificate that holds
    fault : why the audit cannot be read; ``""`` if it can
    """

    decided: Event | None = None
    drawn: Draw | None = None
    certified: Certified | None = None
    drawn_rows: frozenset[int] = field(default=frozenset())
    remainder_rows: frozenset[int] = field(default=frozenset())
    fault: str = ""

    @property
    def is_labeling(self) -> bool:
        """Whether no audit decides anything."""
        return self.drawn is None

    def purpose(self, row: int) -> str:
        """Say what an answer is for: the phase and the draw decide, never who asks."""
        if row in self.drawn_rows:
            return AUDIT
        return HANDBACK if row in self.remainder_rows else TRAIN

    @property
    def propensity(self) -> float | None:
        """The probability with which an item was drawn; None where no audit is open."""
        if self.drawn is None or not self.drawn_rows:
            return None
        audit = self.drawn.audit
        return len(audit.drawn) / max(1, int(audit.eligible.sum()))


def load_stage(folder: ProjectFolder, replay: Replay) -> Stage:
    """Read the audit that decides the phase, and its certificate.

    One that cannot be read is lost alone: labeling goes on.
    """
    decided = replay.phase_event
    if replay.phase is Phase.LABEL:
        return Stage(decided)
    try:
        drawn = load_draw(folder, replay.attempt)
        _check_classes(drawn, replay)
        if replay.phase is Phase.AUDIT:
            return Stage(decided, drawn, None, frozenset(drawn.audit.drawn.tolist()))
        done = load_certified(folder, drawn)
        return Stage(decided, drawn, done, frozenset(), frozenset(done.remainder.tolist()))
    except SparingError as error:
        return Stage(decided, fault=f"{error} {ANEW}")


def _check_classes(drawn: Draw, replay: Replay) -> None:
    lost = next((one for one in drawn.frozen.class_ids if not replay.has_class(one)), None)
    if lost is not None:
        raise SourceError(
            f"Audit {drawn.audit.attempt} is about '{lost}', a class that was never added here."
        )
