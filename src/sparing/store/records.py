"""What a store holds: plain frozen records."""

from dataclasses import dataclass
from enum import StrEnum

from sparing.store.contents import said_by
from sparing.store.facts import VersionFacts


class Kind(StrEnum):
    """What an event says."""

    LABEL = "label"
    SKIP = "skip"
    OPINION = "opinion"
    SETTLED = "settled"
    FLAG = "flag"
    UNFLAG = "unflag"
    COMMENT = "comment"
    UNDO = "undo"
    ADD_CLASS = "add_class"
    RENAME_CLASS = "rename_class"
    MERGE_CLASS = "merge_class"
    DELETE_CLASS = "delete_class"
    GUIDELINES = "guidelines"
    IMPORTED = "imported"
    AUDIT_DRAWN = "audit_drawn"
    CERTIFIED = "certified"
    RESUMED = "resumed"


ANSWERS = frozenset({Kind.LABEL, Kind.SKIP, Kind.SETTLED})
"""Each takes the place of the one before; an opinion stands beside them."""
LABELS = frozenset({Kind.LABEL, Kind.SETTLED})
REMARKS = frozenset({Kind.FLAG, Kind.UNFLAG, Kind.COMMENT})
OF_AN_ITEM = ANSWERS | REMARKS | {Kind.OPINION}
CHANGES_A_CLASS = frozenset({Kind.RENAME_CLASS, Kind.MERGE_CLASS, Kind.DELETE_CLASS})
OF_A_CLASS = CHANGES_A_CLASS | {Kind.ADD_CLASS}
OF_THE_PHASE = frozenset({Kind.AUDIT_DRAWN, Kind.CERTIFIED, Kind.RESUMED})
UNDOABLE = OF_AN_ITEM | CHANGES_A_CLASS

FROM_GRID = "grid"  # seen on a page with many others
FROM_CLUSTER = "cluster"  # labeled with its whole cluster, unseen
FROM_FILE = "file"  # nobody was asked: it stands in a table
AT_A_GLANCE = frozenset({FROM_GRID, FROM_CLUSTER})


class EventStatus(StrEnum):
    """What became of a new event."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One thing that somebody says, before it is stored.

    A door fills in the first block; the project adds the second.

    Parameters
    ----------
    key : made by the sender, unique for ever, at most 64 characters; sent again, it counts once
    kind : what is said
    item_id : of which item
    class_name : the class; for rename and merge the old one, for delete the one that goes; of an
        answer that is more than one class, all that it says, as JSON with the names of the classes
    text : a comment; the new name of a renamed class; the class that a merged one goes into; what
        a label rests on that was given to a whole cluster
    model_version : of the query that asked for it; None if the person picked the item
    seen : key of the item's answer that the person saw; None: saw none
    undoes : key of the event to undo
    undoes_of : whose events it may undo; None: anybody's
    may_say : kinds of events that its sender may say; what it takes another kind for, it neither
        undoes nor replaces; None: all kinds
    confirmed : the model's guess was on the screen and was confirmed
    seconds : how long the item was on the screen, to be seen; None where no door has measured it
    asked_for : the purpose for which the item was asked; ``"file"``: it stands in a table; None
        where the door does not know
    class_id, into_id : keys of the ``add_class`` events of the class, and of the one merged into
    value : what an answer says that is more than one class, as JSON: of each unit its place ``at``,
        the key of its ``class``, and where it came from
    digest : hash of what a value says, whoever says it
    purpose : ``"train"``, ``"audit"`` or ``"handback"``
    source : ``"uniform"``, ``"strategy"`` or ``"person"``: who chose the item; ``"grid"`` or
        ``"cluster"``, which the door says: it was answered at a glance, with others
    propensity : probability with which it was drawn, where it is one
    strategy : name of the rule that asked for it; ``"random"`` of a draw; None if the person picked
        the item, or a version of before asked, which did not say
    annotator : who says it; ``""`` where nobody has given a name
    beside : where another person has answered the item, this label or skip stands beside that
        answer as an opinion
    """

    key: str
    kind: Kind
    item_id: str | None = None
    class_name: str | None = None
    text: str | None = None
    model_version: int | None = None
    seen: str | None = None
    undoes: str | None = None
    undoes_of: tuple[str, ...] | None = None
    may_say: frozenset[Kind] | None = None
    confirmed: bool = False
    asked_for: str | None = None
    seconds: float | None = None

    class_id: str | None = None
    into_id: str | None = None
    value: str | None = None
    digest: str | None = None
    purpose: str | None = None
    source: str | None = None
    propensity: float | None = None
    strategy: str | None = None
    annotator: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it is stored.

    Parameters
    ----------
    seq : its place in the order of all events
    at : when it was stored, UTC, ISO 8601
    undoes : seq of the event that it undoes

    Notes
    -----
    The others are those of :class:`NewEvent`; the undo of an item's event has its ``item_id``.
    """

    seq: int
    key: str
    at: str
    kind: Kind
    item_id: str | None = None
    class_id: str | None = None
    into_id: str | None = None
    class_name: str | None = None
    text: str | None = None
    purpose: str | None = None
    source: str | None = None
    propensity: float | None = None
    annotator: str = ""
    model_version: int | None = None
    confirmed: bool = False
    undoes: int | None = None
    value: str | None = None
    digest: str | None = None
    strategy: str | None = None
    seconds: float | None = None

    @property
    def content(self) -> str | None:
        """What an answer says, as one text (see ``contents``); None if it says nothing."""
        return self.class_id if self.value is None else said_by(self.value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one new event.

    Parameters
    ----------
    status : ``stored``; ``duplicate``: what it says holds already; ``conflict``: the item's answer
        is not the one that was seen, and nothing was stored; ``refused``
    event : the event itself; of a duplicate the one that was stored before
    current : with a conflict: the answer that holds
    message : with a refusal: why
    """

    status: EventStatus
    event: Event | None = None
    current: Event | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item as the store knows it.

    Parameters
    ----------
    row : its place in all arrays, given once
    item_id : its key
    name : what a person finds it by
    size, mtime_ns : of its file when it was last looked at; 0 for a row of a table
    content_hash : of its content; None as long as nobody has read it
    state : ``"present"``, ``"gone"`` or ``"unreadable"``
    reason : why it cannot be read, or what became of it
    anchor : hash of what tells it from all others where its content changes: of its text, of the
        path of its file; None if there is no such thing
    """

    row: int
    item_id: str
    name: str
    size: int = 0
    mtime_ns: int = 0
    content_hash: str | None = None
    state: str = "present"
    reason: str | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One model version: which events it has learned from, and what it makes of them.

    Parameters
    ----------
    version : monotonic
    seq : the last event it has seen
    facts : what is remembered of it
    """

    version: int
    seq: int
    facts: VersionFacts

    @property
    def is_draft(self) -> bool:
        """Whether a better one is to follow, though no answer has come in."""
        return self.facts.is_draft
