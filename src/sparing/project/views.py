"""What a project answers: plain frozen records for the page, the command line and notebooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sparing.audit.audit import Phase
from sparing.audit.certificate import Certificate
from sparing.project.learning.guesses import Guess
from sparing.project.log.boxed import MarkedBox
from sparing.project.log.marked import MarkedSpan
from sparing.project.source.items import Item
from sparing.store import NewEvent

MARKS = ("flagged", "skipped", "commented")
"""What a list of items can be of, beside answers."""

__all__ = [
    "Answer",
    "Asked",
    "AuditProgress",
    "CurvePoint",
    "Disagreement",
    "Guidelines",
    "HistoryRow",
    "MarkedBox",
    "MarkedSpan",
    "NewEvent",
    "Recorded",
    "RoughAccuracy",
    "Status",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of an item that counts.

    Parameters
    ----------
    key, seq, at : of the event: who sent it, its place in the order, UTC time in ISO 8601
    kind : ``"label"`` or ``"skip"``
    item_id : of which item
    class_name : the class by its name of today; None for a skip
    annotator : who gave it
    guidelines : number of the guidelines that held then; 0: there were none
    purpose : ``"train"``, ``"audit"`` or ``"handback"``
    labels : of several labels an item their names, in the order of the classes
    spans : of a text in which spans are marked, those; ``class_name`` quotes them
    boxes : of a picture in which boxes are drawn, those; ``class_name`` lists them
    """

    key: str
    seq: int
    at: str
    kind: str
    item_id: str
    class_name: str | None
    annotator: str
    purpose: str
    guidelines: int = 0
    labels: tuple[str, ...] | None = None
    spans: tuple[MarkedSpan, ...] | None = None
    boxes: tuple[MarkedBox, ...] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event that was sent.

    Parameters
    ----------
    key : of the event
    seq : its place in the order; None if it was not stored
    status : ``"stored"``; ``"duplicate"``: it holds already; ``"conflict"``: the item's answer is
        not the one that was seen, nothing was stored; ``"refused"``: it makes no sense
    current : with a conflict, the answer that counts; with an undo, what was undone
    message : with a refusal, why
    """

    key: str
    seq: int | None
    status: str
    current: Answer | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item that is asked, and why.

    Parameters
    ----------
    item : what to show
    why : in words
    source : ``"strategy"``, ``"uniform"``, or ``"person"`` for one that was looked up
    propensity : probability of the draw where it is one
    strategy : name of the rule that asks; None for one that was looked up
    model_version : to be sent back with the answer; None for one that was looked up
    guess : what the model takes it for, and how sure it is; None for an audit, and before there is
        a model
    answer : the item's answer so far; its key is what the answer to come has ``seen``
    flagged, comment : what was noted on the item
    second : another person has answered it, and a second opinion is wanted
    purpose : ``"train"``, ``"audit"`` or ``"handback"``: what an answer would be for; to be sent
        back with it, as a check of a model may begin between
    """

    item: Item
    why: str
    source: str
    propensity: float | None
    model_version: int | None
    guess: Guess | None = None
    answer: Answer | None = None
    flagged: bool = False
    comment: str = ""
    second: bool = False
    purpose: str = "train"
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An item on which people differ.

    Parameters
    ----------
    asked : the item; the key of its answer is what the settling event has ``seen``
    votes : (name, class) of each person, in the order in which they answered; None for a skip
    suggestion : what consensus makes likeliest, and how likely it is
    is_audited : it checks a model: until it is settled it counts as an error of the model
    said : of several labels an item, those of each vote; None for a skip, and of one class
    spans, boxes : of texts and pictures in which these are marked, those of each vote; None for a
        skip
    """

    asked: Asked
    votes: tuple[tuple[str, str | None], ...]
    suggestion: Guess
    is_audited: bool
    said: tuple[tuple[str, ...] | None, ...] = ()
    spans: tuple[tuple[MarkedSpan, ...] | None, ...] = ()
    boxes: tuple[tuple[MarkedBox, ...] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Guidelines:
    """One version of the guidelines: its number, who wrote it and when, and the text."""

    number: int
    key: str
    at: str
    annotator: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One item of which something was said; ``answer`` is None where that is no answer."""

    answer: Answer | None
    item: Item
    flagged: bool
    comment: str


@dataclass(frozen=True, slots=True)
class RoughAccuracy:
    """How good the model is, with a 95 % interval from ``n`` answers; ``note`` says how it was got.

    It is rough until an audit has checked it.
    """

    estimate: float
    low: float
    high: float
    n: int
    note: str
    rough: bool = True


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The rough accuracy when so many labels had been given."""

    n_labels: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """How far the open audit, or the last one, has come."""

    n_drawn: int
    n_answered: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where a project stands.

    Parameters
    ----------
    n_items : items that are there and can be read
    n_labeled, n_skipped, n_left : answered so, and not answered
    n_flagged : marked by the person
    class_counts : labels a class, zeros included; spans or boxes, where these are marked
    phase : label, audit, certified, hand-back or done
    accuracy : None as long as too little is known for a number
    wanting : what is missing for one, in words; empty where there is one
    curve : one point for each number of labels
    advice : whether to stop, and why in one sentence
    model_version : number of the order in which items are asked; 0 before there is one
    n_learned : labels that the model knows of this number; 0: there is no model yet
    n_behind : events that the model has not seen
    encoded : items encoded, and items in all
    trainer : what the background worker does: ``"off"``, ``"idle"``, ``"encoding"``,
        ``"training"`` or ``"failed"``, and why
    notes : sentences on the source: what is new, changed, gone, or cannot be read
    audit : None before the first
    certificate : the one that holds; None if none does
    n_remainder_left : items that the certificate leaves to the person, not answered yet
    seq : of the last event
    people : the names under which anything was answered
    n_contested : items on which people differ, not settled
    guidelines : number of the guidelines that hold; 0: there are none
    seen_by : sentences on what made the vectors of the items, and when
    n_unmatched : items that something was said of and that are not in the source
    shares : how much each model inside the model is believed, by name; empty for a single one
    weighed : the same in sentences
    kind : of the answers: ``"class"``, one an item, or ``"labels"``, several; then ``accuracy`` is
        the share of items whose labels are all right
    by_label : of several labels, how often each alone is right, roughly
    since_certified : sentences on what has become of the certificate that holds: which labels it
        covers no more, and its totals stated anew
    """

    n_items: int
    n_labeled: int
    n_skipped: int
    n_left: int
    n_flagged: int
    class_counts: dict[str, int]
    phase: Phase
    accuracy: RoughAccuracy | None
    curve: tuple[CurvePoint, ...]
    advice: tuple[bool, str]
    model_version: int
    n_learned: int
    n_behind: int
    encoded: tuple[int, int]
    trainer: tuple[str, str]
    notes: tuple[str, ...]
    audit: AuditProgress | None
    certificate: Certificate | None
    n_remainder_left: int
    seq: int
    people: tuple[str, ...] = ()
    n_contested: int = 0
    guidelines: int = 0
    seen_by: tuple[str, ...] = ()
    wanting: str = ""
    n_unmatched: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    weighed: tuple[str, ...] = ()
    kind: str = "class"
    by_label: Mapping[str, RoughAccuracy] = field(default_factory=dict)
    since_certified: tuple[str, ...] = ()
