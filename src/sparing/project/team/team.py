"""The people of a project: how far they agree, who answers twice, what they are told."""

from collections import Counter
from uuid import uuid4

from sparing._validate import check_share
from sparing.errors import ConflictError, InvalidInputError
from sparing.project.asking import looked_up
from sparing.project.guarded import Guarded
from sparing.project.learning.guesses import Guess
from sparing.project.log.commands import MAX_TEXT
from sparing.project.log.event_log import EventLog
from sparing.project.settings import CLASSES_BY, OVERLAP
from sparing.project.state import State
from sparing.project.team.people import named_votes
from sparing.project.team.sharing import Overlap
from sparing.project.views import Disagreement, Guidelines
from sparing.stats.agreement import Agreement, agreement
from sparing.store import Event, EventStatus, Kind, NewEvent, Store


class Team:
    """What a project knows of people.

    Parameters
    ----------
    store : of the project
    guarded : its state
    log : the way of what is said
    """

    def __init__(self, store: Store, guarded: Guarded, log: EventLog) -> None:
        self._store = store
        self._guarded = guarded
        self._log = log

    @property
    def overlap(self) -> float:
        """The share of the items that a second person is asked about."""
        with self._guarded.held() as state:
            return state.sharing.overlap.share

    def set_overlap(self, overlap: float) -> None:
        """Ask a second person about a share of the items, blind; it stays so until it is changed.

        Which items these are follows from the project's seed. Only people with different names
        are asked.

        Parameters
        ----------
        overlap : in [0, 1]
        """
        check_share("overlap", "set_overlap", overlap)
        self._store.put_settings({OVERLAP: str(float(overlap))})
        with self._guarded.held() as state:
            state.share(Overlap(float(overlap), state.settings.seed))

    @property
    def may_add_classes(self) -> bool:
        """Whether annotators may add classes; owners always may."""
        return self._store.settings().get(CLASSES_BY) != "owners"

    def set_may_add_classes(self, may: bool) -> None:
        """Let annotators add classes, or owners alone; it stays so until it is changed."""
        self._store.put_settings({CLASSES_BY: "anybody" if may else "owners"})

    def people(self) -> dict[str, int]:
        """Return how many answers of each person stand, by name; ``""`` are those without one."""
        with self._guarded.held() as state:
            items = state.replay.items.values()
            return dict(sorted(Counter(v.annotator for item in items for v in item.votes).items()))

    def agreement(self) -> Agreement:
        """Return how far people agree on the items that several of them have answered."""
        with self._guarded.held() as state:
            votes = named_votes(state.replay)
        return agreement(votes)  # takes its time: nobody waits for it

    def disagreements(self) -> list[Disagreement]:
        """Return the items on which people differ and that nobody has settled."""
        with self._guarded.held() as state:
            return [_disagreement(state, item_id) for item_id in state.contested()]

    def guidelines(self) -> list[Guidelines]:
        """Return all versions of the guidelines, the newest last."""
        with self._guarded.held() as state:
            versions = state.replay.guidelines
            return [_guidelines(number, event) for number, event in enumerate(versions, 1)]

    def set_guidelines(self, text: str, annotator: str = "", seen: str | None = None) -> None:
        """Write a new version of what every annotator sees.

        Parameters
        ----------
        text : shown as it is
        annotator : who writes it
        seen : key of the version that it replaces; None for the first

        Raises
        ------
        ConflictError : somebody else has written one meanwhile; ``current`` is that version
        InvalidInputError : the text is empty or too long
        """
        if not 0 < len(text.strip()) <= MAX_TEXT:
            raise InvalidInputError(f"Guidelines have 1 to {MAX_TEXT:,} characters.")
        event = NewEvent(
            key=uuid4().hex, kind=Kind.GUIDELINES, text=text, annotator=annotator, seen=seen
        )
        (outcome,) = self._log.append([event])
        if outcome.status is EventStatus.CONFLICT:
            raise ConflictError("Somebody else has just changed the guidelines.", outcome.current)


def _disagreement(state: State, item_id: str) -> Disagreement:
    replay, held = state.replay, state.opinions.held(item_id)
    assert held is not None  # noqa: S101  # people differ on it
    votes = replay.of(item_id).votes
    return Disagreement(
        looked_up(state, item_id),
        tuple(
            (v.annotator, None if v.content is None else replay.class_name(v.content))
            for v in votes
        ),
        Guess(replay.class_name(held.content), held.confidence, replay.label_names(held.content)),
        state.row_of[item_id] in state.drawn_rows,
        tuple(None if v.content is None else replay.label_names(v.content) for v in votes),
    )


def _guidelines(number: int, event: Event) -> Guidelines:
    return Guidelines(number, event.key, event.at, event.annotator, event.text or "")
