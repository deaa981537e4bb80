"""What goes over the wire, in and out; every body that comes in is checked here."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sparing.annotations.values import MOST_SECONDS, MOST_VERSION
from sparing.web.roles import Role
from sparing.web.shortened import first_fields, shortened, shown_spans, shown_tokens

MOST_LABELS = 500  # of one item
MOST_SPANS = 1000
MOST_BOXES = 1000
MOST_EDGE = 10.0**6  # pixels
MOST = 2**31 - 1  # that every database can hold
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Holder = Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[A-Za-z0-9_-]+$")]
# No zero byte: it fits neither a database nor a file. Halves of surrogate pairs pydantic refuses.
RowNumber = Annotated[int, Field(ge=0, le=MOST)]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
ItemId = Annotated[str, Field(min_length=1, max_length=4096)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Edge = Annotated[float, Field(ge=-1, le=MOST_EDGE, allow_inf_nan=False)]
Origin = Literal["drawn", "accepted", "edited"]
Purpose = Literal["train", "audit", "handback"]
EventKind = Literal[
    "label", "skip", "settled", "flag", "unflag", "comment", "undo",
    "add_class", "rename_class", "merge_class", "delete_class",
]  # fmt: skip


class Incoming(BaseModel):
    """A body that comes in: no field that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class Outgoing(BaseModel):
    """A body that goes out whole, read off the attributes of an object."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )


class Token(Incoming):
    """The token of the link."""

    token: Key


class SpanBody(Incoming):
    """A span that the person marked, or left as it was suggested."""

    start: int = Field(ge=0, le=MOST)
    end: int = Field(ge=0, le=MOST)
    label: Name
    by: Origin = "drawn"
    version: int | None = Field(default=None, ge=0, le=MOST_VERSION)


class BoxBody(Incoming):
    """A box that the person drew, or left as it was suggested."""

    box: Annotated[list[Edge], Field(min_length=4, max_length=4)]
    label: Name
    by: Origin = "drawn"
    version: int | None = Field(default=None, ge=0, le=MOST_VERSION)


class EventBody(Incoming):
    """One thing that the person did; see :class:`sparing.project.NewEvent`."""

    key: Key
    kind: EventKind
    item_id: ItemId | None = None
    class_name: Name | None = None
    labels: Annotated[list[Name], Field(max_length=MOST_LABELS)] | None = None
    spans: Annotated[list[SpanBody], Field(max_length=MOST_SPANS)] | None = None
    boxes: Annotated[list[BoxBody], Field(max_length=MOST_BOXES)] | None = None
    text: Text | None = None
    model_version: int | None = Field(default=None, ge=0, le=MOST_VERSION)
    seen: Key | None = None
    undoes: Key | None = None
    confirmed: bool = False
    source: Literal["grid", "cluster"] | None = None
    asked_for: Purpose | None = None
    seconds: float | None = Field(default=None, ge=0, le=MOST_SECONDS)


class ClaimBody(Incoming):
    """What the audit is to show."""

    epsilon: Fraction
    delta: Fraction = 0.05


class MarkedSpanBody(Outgoing):
    """A span of an answer, or one that the model suggests."""

    start: int
    end: int
    label: str
    by: Origin
    version: int | None
    certainty: float | None


class MarkedBoxBody(Outgoing):
    """A box of an answer, or one that a model suggests; in pixels of the upright picture."""

    box: tuple[float, float, float, float]
    label: str
    by: Origin
    version: int | None
    score: float | None


class AnswerBody(Outgoing):
    """The answer that an item has now."""

    key: str
    seq: int
    at: str
    kind: str
    item_id: str
    class_name: str | None
    annotator: str | None
    purpose: str
    labels: list[str] | None
    spans: list[MarkedSpanBody] | None = None
    boxes: list[MarkedBoxBody] | None = None


SuggestedSpans = Annotated[list[MarkedSpanBody] | None, AfterValidator(shown_spans)]
GuessBody = tuple[
    str, float, list[str] | None, SuggestedSpans, str, list[MarkedBoxBody] | None, list[str]
]
"""Name, confidence, labels, spans, whose predictions say so (``""``: the model), boxes, and less
likely labels."""


class RecordedBody(Outgoing):
    """What became of one event."""

    key: str
    seq: int | None
    status: Literal["stored", "duplicate", "conflict", "refused"]
    current: AnswerBody | None
    message: str = ""


class ItemBody(Outgoing):
    """An item to be shown; a picture is fetched by its id."""

    item_id: str
    name: str
    kind: Literal["image", "text", "card"]
    text: Annotated[str | None, AfterValidator(shortened)] = None
    fields: Annotated[dict[str, str] | None, AfterValidator(first_fields)] = None
    tokens: Annotated[list[int] | None, AfterValidator(shown_tokens)] = None
    width: int | None = None
    height: int | None = None


class AskedBody(Outgoing):
    """An item that is asked, and why."""

    item: ItemBody
    why: str
    source: str
    strategy: str | None = None
    model_version: int | None
    guess: GuessBody | None = None
    answer: AnswerBody | None = None
    flagged: bool = False
    comment: str = ""
    second: bool = False
    purpose: Purpose = "train"


class NextBody(BaseModel):
    """What to ask next, as the phase demands; with nothing to ask, how much others have."""

    phase: str
    items: list[AskedBody]
    n_elsewhere: int = 0


class HistoryRowBody(Outgoing):
    """One item of which something was said."""

    answer: AnswerBody | None
    item: ItemBody
    flagged: bool
    comment: str


class HistoryBody(BaseModel):
    """A page of answers, or of what was marked, the newest first."""

    total: int
    rows: list[HistoryRowBody]


class LikelyMistakeBody(BaseModel):
    """An answer that looks like a mistake, and why."""

    asked: AskedBody
    reason: str


class AccuracyBody(Outgoing):
    """A share of right labels with the interval it lies in."""

    estimate: float
    low: float
    high: float
    n: int
    note: str
    rough: bool


class CurvePointBody(Outgoing):
    """The rough accuracy when so many labels had been given."""

    n_labels: int
    accuracy: float
    low: float
    high: float


class AuditBody(Outgoing):
    """How far the check has come."""

    n_drawn: int
    n_answered: int
    sentence: str


class ClassBody(BaseModel):
    """A class, its place (which names its key, and never changes) and how many labels it has."""

    name: str
    place: int
    count: int


class Claimed(Outgoing):
    """What was to be shown."""

    epsilon: float
    delta: float


class UnitLimitBody(Outgoing):
    """How many single spans, boxes or labels that the model gives are right at least."""

    noun: str
    n_units: int
    least_right: float


class CertificateBody(Outgoing):
    """What of a certificate is for people to read; the file has its evidence."""

    statement: str
    claim: Claimed
    attempt: int
    n_total: int
    n_by_people: int
    n_auto: int
    n_handback: int
    n_audited: int
    n_wrong: int
    recall: dict[str, float]
    units: UnitLimitBody | None
    notes: list[str]


class StatusBody(Outgoing):
    """Where the project stands; see :class:`sparing.project.Status`."""

    n_items: int
    n_labeled: int
    n_skipped: int
    n_flagged: int
    n_left: int
    n_remainder_left: int
    phase: str
    accuracy: AccuracyBody | None
    curve: list[CurvePointBody]
    advice: tuple[bool, str]
    model_version: int
    n_learned: int
    encoded: tuple[int, int]
    trainer: tuple[str, str]
    notes: list[str]
    audit: AuditBody | None
    certificate: CertificateBody | None
    seq: int
    people: list[str]
    n_contested: int
    guidelines: int
    n_unmatched: int
    since_certified: list[str]
    wanting: str
    seen_by: list[str]
    weighed: list[str]
    kind: str
    by_label: dict[str, AccuracyBody]


class StateBody(BaseModel):
    """All that stands quietly beside the item."""

    id: str
    name: str
    annotator: str
    by_password: bool
    role: Role
    may_add_classes: bool
    classes: list[ClassBody]
    status: StatusBody


class PlanBody(Outgoing):
    """What a check would cost."""

    n_audited: int
    expected_audits: int
    expected_remainder: int
    expected_auto: int
    most: int
    sentence: str
    note: str | None
    ahead: str


class FoldersBody(BaseModel):
    """Where an export that is a folder was written."""

    folder: str
    sentence: str
