"""The people of a project: how far they agree, who answers twice, what they are told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, combinations, islice
from uuid import uuid4

import numpy as np

from sparing._validate import check_share
from sparing.annotations.boxes import BoxSet
from sparing.annotations.overlap import iou
from sparing.annotations.values import Value
from sparing.errors import ConflictError, InvalidInputError
from sparing.project.asking import looked_up
from sparing.project.learning.guesses import Guess
from sparing.project.locked_state import Guarded
from sparing.project.log.boxed import boxes_of, counted, values_of
from sparing.project.log.commands import MAX_TEXT
from sparing.project.log.event_log import EventLog
from sparing.project.log.marked import NO_SPANS, quoted, spans_of
from sparing.project.log.replay import Replay
from sparing.project.settings import BOXES, CLASSES_BY, LABELS, OVERLAP, SPANS
from sparing.project.state import State
from sparing.project.team.people import HeldClass, named_votes
from sparing.project.team.sharing import Overlap
from sparing.project.views import Disagreement, Guidelines
from sparing.stats.agreement import Agreement, agreement
from sparing.stats.box_agreement import MatchedPicture, box_agreement
from sparing.stats.label_agreement import label_agreement
from sparing.stats.span_agreement import MarkedText, span_agreement
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
            if state.settings.kind == SPANS:
                figures = partial(span_agreement, _marked_texts(state))
            elif state.settings.kind == BOXES:
                figures = partial(box_agreement, _matched_pictures(state.replay))
            elif state.settings.kind == LABELS:
                figures = partial(label_agreement, _label_votes(state.replay))
            else:
                figures = partial(agreement, named_votes(state.replay))
        return figures()  # takes its time: nobody waits for it

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


def _label_votes(replay: Replay) -> list[tuple[str, str, frozenset[str]]]:
    """Return who gave which labels to the items that several people have answered."""
    each = ((item_id, replay.labels(replay.of(item_id))) for item_id in sorted(replay.shared))
    return [
        (item_id, who, frozenset(replay.label_names(content) or ()))
        for item_id, said in each
        if len(said) > 1
        for who, content in said.items()
    ]


def _marked_texts(state: State) -> list[MarkedText]:
    """Return the texts that several people have marked."""
    found, replay = [], state.replay
    for item_id in sorted(replay.shared & state.row_of.keys()):
        said = replay.labels(replay.of(item_id))
        tokens = np.array(state.item(item_id).tokens or (), dtype=np.int64).reshape(-1, 2)
        if len(said) > 1 and len(tokens):
            units = {who: frozenset(_units(one, replay)) for who, one in said.items()}
            found.append(MarkedText(tokens, units))
    return found


def _units(content: str, replay: Replay) -> Iterator[tuple[int, int, str]]:
    return ((span.start, span.end, span.label) for span in spans_of(content, replay))


def _matched_pictures(replay: Replay) -> list[MatchedPicture]:
    """Return the pictures that several people have answered, two answers of each at a time."""
    each = (replay.labels(replay.of(item_id)) for item_id in sorted(replay.shared))
    several = [list(said.values()) for said in each if len(said) > 1]
    values = iter(values_of(*chain.from_iterable(several)))
    return [_matched(list(islice(values, len(said)))) for said in several]


def _matched(values: Sequence[Value]) -> MatchedPicture:
    classes: list[tuple[int | None, int | None]] = []
    overlaps: list[float] = []
    for a, b in combinations(values, 2):
        match = BoxSet().match(a, b)
        both = [*match.pairs, *match.moved]
        classes += [(u.class_id, v.class_id) for u, v in both]
        classes += [(u.class_id, None) for u in match.only_a]
        classes += [(None, v.class_id) for v in match.only_b]
        overlaps += [float(iou([u.place], [v.place])[0, 0]) for u, v in both]
    return MatchedPicture(tuple(classes), tuple(overlaps))


def _disagreement(state: State, item_id: str) -> Disagreement:
    replay, held = state.replay, state.opinions.held(item_id)
    assert held is not None  # noqa: S101  # people differ on it
    votes = [(v.annotator, state.answer_of(v)) for v in replay.of(item_id).votes]
    return Disagreement(
        looked_up(state, item_id),
        tuple((who, said.class_name if said else None) for who, said in votes),
        _suggestion(state, item_id, held),
        state.row_of[item_id] in state.drawn_rows,
        tuple(said.labels if said else None for _, said in votes),
        tuple(said.spans if said else None for _, said in votes),
        tuple(said.boxes if said else None for _, said in votes),
    )


def _suggestion(state: State, item_id: str, held: HeldClass) -> Guess:
    replay = state.replay
    if state.settings.kind == SPANS:
        spans = spans_of(held.content, replay)
        name = quoted(spans, state.item(item_id).text) or NO_SPANS
        return Guess(name, held.confidence, None, spans)
    if state.settings.kind == BOXES:
        boxes = boxes_of(held.content, replay)
        return Guess(counted(boxes), held.confidence, boxes=boxes)
    labels = replay.label_names(held.content)
    return Guess(replay.class_name(held.content), held.confidence, labels)


def _guidelines(number: int, event: Event) -> Guidelines:
    return Guidelines(number, event.key, event.at, event.annotator, event.text or "")
