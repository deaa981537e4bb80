"""The audits of a project on disk: what was frozen, what was drawn, what was certified."""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sparing.annotations.overlap import LEAST_IOU
from sparing.audit.audit import Audit, Claim
from sparing.audit.cost.doubt_counts import DoubtCounts
from sparing.audit.cost.labels_ahead import plan_ahead
from sparing.audit.cost.plan import AuditPlan, plan_audit
from sparing.audit.sampling import draw_audit
from sparing.audit.wording import ALONE, CONSENSUS, GLANCE, GUESSED
from sparing.errors import (
    InvalidInputError,
    SourceError,
    VoidAuditError,
)
from sparing.files import read_arrays, write_arrays, write_atomically
from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.pool.predictions import Predictions, items_digest
from sparing.project.folder import ProjectFolder
from sparing.project.learning.guesses import told_of
from sparing.project.learning.scores import NO_BOXES, NOT_CERTAIN, Scores
from sparing.project.log.boxed import is_of_boxes
from sparing.project.log.replay import Replay
from sparing.project.settings import BOXES, CLASS
from sparing.project.source.items import GONE, PRESENT
from sparing.project.team.people import Opinions
from sparing.store import ItemRow, VersionFacts
from sparing.store.contents import classes_in
from sparing.store.records import FROM_CLUSTER, FROM_GRID
from sparing.types import FloatArray, IntArray, StrArray

AUDIT = "audit"
UNSEEN, SKIP, NO_LABEL, NOT_THERE, NOT_LOOKED_AT = (
    "labeled unseen, with their cluster",
    "skipped",
    "without a label that people agree on",
    "not there, or not read",
    "that the model has not looked at",
)  # why an item is no part of what is certified


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    """What an audit freezes.

    Parameters
    ----------
    predictions : class ids are places in ``class_ids``; items that are not there are skipped
    class_ids : keys of the classes; of several labels the distinct answers
    contents : (n_rows,) hash of the content of each item covered; ``""`` where it is not
    taught, left_out : how many labels came by each way, and how many items are not covered
    boxes, certainty : where boxes are drawn, row and place of each that the model shows, and its
        score; nothing that is certified rests on them
    """

    predictions: Predictions
    class_ids: tuple[str, ...]
    contents: StrArray
    taught: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    boxes: IntArray = field(default_factory=lambda: NO_BOXES[:, :5])
    certainty: FloatArray = field(default_factory=lambda: NOT_CERTAIN)


@dataclass(frozen=True, eq=False, slots=True)
class Draw:
    """An audit that was drawn, and what it froze."""

    audit: Audit
    frozen: Frozen


def freeze(
    replay: Replay, items: Sequence[ItemRow], scores: Scores, version: int, kind: str = CLASS
) -> Frozen:
    """Freeze what a model version says of all items it knows, and what people have said.

    Raises
    ------
    InvalidInputError : there is no model yet
    """
    if not scores.proba.shape[1] or len(replay.classes) < (2 if kind == CLASS else 1):
        raise InvalidInputError("There is no model to check yet: label items of two classes first.")
    told = told_of(scores, replay, kind)
    n = len(told.codes)
    opinions, place = Opinions(replay), {content: i for i, content in enumerate(told.contents)}
    y = np.full(len(items), SKIPPED)
    contents = [""] * len(items)
    covered = np.zeros(len(items), dtype=bool)
    covered[:n] = told.covered
    taught, left_out = Counter[str](), Counter[str]()
    for item in items:
        if not covered[item.row] or item.state != PRESENT:
            left_out[NOT_THERE if item.state != PRESENT else NOT_LOOKED_AT] += 1
            continue
        y[item.row], way = _known(replay, opinions, item.item_id, place)
        contents[item.row] = item.content_hash or ""
        if y[item.row] != UNLABELED:
            (left_out if y[item.row] == SKIPPED else taught)[way] += 1
    answers = tuple(place)  # what people said, and the model never does, has come behind
    spread = np.zeros((2, len(items)))
    spread[:, :n] = told.codes, told.confidence
    named = items_of(items, contents, answers)
    predictions = Predictions(spread[0], spread[1], y, _names(replay, answers), version, named)
    frozen = Frozen(predictions, answers, np.array(contents), taught, left_out)
    if kind != BOXES:
        return frozen
    return replace(frozen, boxes=scores.boxes[:, :5], certainty=scores.certainty)


def _names(replay: Replay, contents: Sequence[str]) -> ClassTable:
    """Return how answers are called; where two would be called alike, by what tells them apart."""
    names = [replay.class_name(content) for content in contents]
    count = Counter(names)
    told = zip(names, contents, strict=True)
    return ClassTable(tuple(name if count[name] == 1 else content for name, content in told))


def items_of(items: Sequence[ItemRow], contents: Iterable[str], class_ids: Iterable[str]) -> str:
    """Name what an audit is about: keys of the items, what they hold, keys of the classes.

    Of boxes also by how much two overlap at least that are at the same place.
    """
    keys = [*class_ids]
    at_a_place = [f"least IoU {LEAST_IOU}"] if any(map(is_of_boxes, keys)) else []
    return items_digest((item.item_id for item in items), contents, [*keys, *at_a_place])


def _known(
    replay: Replay, opinions: Opinions, item_id: str, place: dict[str, int]
) -> tuple[int, str]:
    """Return what people have said of an item, and how that came, or why it does not count."""
    answer = replay.of(item_id).answer
    if answer is None:
        return UNLABELED, ""
    if answer.source == FROM_CLUSTER:  # nobody looked at it: no certificate covers it
        return SKIPPED, UNSEEN
    held = opinions.held(item_id)
    if held is None:
        return SKIPPED, SKIP
    if not held.is_sure:
        return SKIPPED, NO_LABEL
    if held.by_consensus:
        return place.setdefault(held.content, len(place)), CONSENSUS
    at_a_glance = GUESSED if answer.confirmed else ALONE
    return place.setdefault(
        held.content, len(place)
    ), GLANCE if answer.source == FROM_GRID else at_a_glance


def plan(frozen: Frozen, claim: Claim, attempt: int, facts: VersionFacts) -> AuditPlan:
    """Say what certifying the claim will cost, by what the version was wrong about so far."""
    seen = DoubtCounts.of_rows(facts.seen)
    planned = plan_audit(frozen.predictions, claim, attempt=attempt, seen=seen)
    return _in_its_words(planned, frozen)


def plan_before(frozen: Frozen, claim: Claim, attempt: int, facts: VersionFacts) -> AuditPlan:
    """Say what it will cost, and whether more labels first would make it cheaper."""
    seen = DoubtCounts.of_rows(facts.seen)
    planned = plan_ahead(frozen.predictions, claim, attempt=attempt, seen=seen)
    return _in_its_words(planned, frozen)


def _in_its_words(planned: AuditPlan, frozen: Frozen) -> AuditPlan:
    """Leave out the note on the rarest class where what an answer says is no class."""
    several = any(classes_in(content) != (content,) for content in frozen.class_ids)
    return replace(planned, note=None) if several else planned


def draw(frozen: Frozen, claim: Claim, planned: AuditPlan, previous: Sequence[str]) -> Draw:
    """Draw an audit as it was planned, by a key that is made now and was never seen.

    The hashes of all draws before come from the log: a file that was lost takes nothing back.
    """
    audit = draw_audit(
        frozen.predictions,
        planned.n_audit,
        claim=claim,
        cut=planned.cut,
        key=fresh_key(),
        previous=previous,
    )
    return Draw(audit, frozen)


def fresh_key() -> str:
    """Make the key of a draw: 256 bits that nobody can have chosen."""
    return secrets.token_hex(32)


def save_draw(folder: ProjectFolder, drawn: Draw) -> None:
    """Write a draw: first what it froze, then the draw itself."""
    p = drawn.frozen.predictions
    arrays = {
        "codes": p.codes,
        "confidence": p.confidence,
        "y": p.y,
        "names": np.array(p.classes.values, dtype=np.str_),
        "version": np.array(p.model_version),
        "class_ids": np.array(drawn.frozen.class_ids, dtype=np.str_),
        "contents": drawn.frozen.contents,
        "items": np.array(p.items),
        "origins": np.array(
            json.dumps([dict(drawn.frozen.taught), dict(drawn.frozen.left_out)], sort_keys=True)
        ),
    }
    if len(drawn.frozen.boxes):
        arrays |= {"boxes": drawn.frozen.boxes, "certainty": drawn.frozen.certainty}
    write_arrays(folder.frozen(drawn.audit.attempt), arrays)
    write_atomically(folder.audit(drawn.audit.attempt), drawn.audit.to_json().encode())


def load_audit(folder: ProjectFolder, attempt: int) -> Audit:
    """Read which items were drawn, without what was frozen.

    Raises
    ------
    VoidAuditError : it was changed
    SourceError : it is not there or damaged
    """
    try:
        return Audit.from_json(folder.audit(attempt).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"Audit {attempt} is not there or damaged: {error}.") from error


def load_draw(folder: ProjectFolder, attempt: int) -> Draw:
    """Read a draw.

    Raises
    ------
    VoidAuditError : it was changed
    SourceError : it is not there or damaged
    """
    audit = load_audit(folder, attempt)
    try:
        s = read_arrays(folder.frozen(attempt), "what an audit froze")
        names = ClassTable(tuple(s["names"].tolist()))
        items = str(s["items"]) if "items" in s else ""
        predictions = Predictions(
            s["codes"], s["confidence"], s["y"], names, int(s["version"]), items
        )
        origins = json.loads(str(s["origins"])) if "origins" in s else ({}, {})
        frozen = Frozen(predictions, tuple(s["class_ids"].tolist()), s["contents"], *origins)
        if "boxes" in s:
            frozen = replace(frozen, boxes=s["boxes"], certainty=s["certainty"])
    except (OSError, ValueError, KeyError, SourceError) as error:
        what = f"What audit {attempt} froze is not there or damaged: {error}."
        raise SourceError(what) from error
    audit.check(predictions)
    return Draw(audit, frozen)


def retell_contents(folder: ProjectFolder, now: Mapping[str, str]) -> None:
    """Tell what the draws have frozen of the contents of items in other hashes of the same."""
    for path in folder.frozen(1).parent.glob("*.npz"):
        arrays = read_arrays(path, "what an audit froze")
        contents = np.array([now.get(c, c) for c in arrays["contents"].tolist()])
        write_arrays(path, {**arrays, "contents": contents})


def check_unchanged(drawn: Draw, items: Sequence[ItemRow]) -> None:
    """Raise VoidAuditError if an item that the audit covers has changed or gone since.

    Items that have come since are no part of the claim, and do no harm.
    """
    for item, content in zip(items, drawn.frozen.contents.tolist(), strict=False):
        if content and (item.state == GONE or item.content_hash != content):
            raise VoidAuditError(
                f"'{item.name}' changed or went away after the audit was drawn, so a certificate"
                f" would be void. Draw a new audit (attempt {drawn.audit.attempt + 1})."
            )
