"""The audits of a project on disk: what was frozen, what was drawn, what was certified."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparing.audit.audit import Audit, Claim
from sparing.audit.autolabel import AutoLabels, certified
from sparing.audit.certificate import Certificate
from sparing.audit.cost.plan import AuditPlan, plan_audit
from sparing.audit.sampling import draw_audit
from sparing.errors import InvalidInputError, PoolExhaustedError, SourceError, VoidAuditError
from sparing.files import read_arrays, write_arrays, write_atomically
from sparing.pool.classes import ClassTable
from sparing.pool.pool import SKIPPED, UNLABELED
from sparing.pool.predictions import Predictions
from sparing.project.folder import ProjectFolder
from sparing.project.learning.scores import Scores
from sparing.project.log.replay import ItemState, Replay
from sparing.project.source.items import GONE, PRESENT
from sparing.project.team.people import Opinions
from sparing.store import Event, ItemRow
from sparing.store.records import FROM_CLUSTER
from sparing.types import FloatArray, IntArray, StrArray

AUDIT = "audit"


@dataclass(frozen=True, eq=False, slots=True)
class Frozen:
    """What an audit freezes.

    Parameters
    ----------
    predictions : class ids are places in ``class_ids``; items that are not there are skipped
    class_ids : keys of the classes
    contents : (n_rows,) hash of the content of each item covered; ``""`` where it is not
    """

    predictions: Predictions
    class_ids: tuple[str, ...]
    contents: StrArray


@dataclass(frozen=True, eq=False, slots=True)
class Draw:
    """An audit that was drawn, and what it froze."""

    audit: Audit
    frozen: Frozen


def freeze(replay: Replay, items: Sequence[ItemRow], scores: Scores, version: int) -> Frozen:
    """Freeze what a model version says of all items it knows, and what people have said.

    Raises
    ------
    InvalidInputError : there is no model yet
    """
    classes = [c.class_id for c in replay.classes]
    if not scores.proba.shape[1] or len(classes) < 2:
        raise InvalidInputError("There is no model to check yet: label items of two classes first.")
    proba = by_class(replay, scores, classes)
    codes, confidence = proba.argmax(axis=1), proba.max(axis=1).clip(0, 1)
    opinions, place = Opinions(replay), {class_id: i for i, class_id in enumerate(classes)}
    y = np.full(len(items), SKIPPED)
    contents = [""] * len(items)
    covered = np.zeros(len(items), dtype=bool)
    covered[: len(proba)] = proba.sum(axis=1) > 0
    for item in items:
        if covered[item.row] and item.state == PRESENT:
            y[item.row] = _code(replay, opinions, item.item_id, place)
            contents[item.row] = item.content_hash or ""
    names = ClassTable(tuple(replay.class_name(c) for c in classes))
    spread = np.zeros((2, len(items)))
    spread[:, : len(proba)] = codes, confidence
    predictions = Predictions(spread[0], spread[1], y, names, version)
    return Frozen(predictions, tuple(classes), np.array(contents))


def by_class(replay: Replay, scores: Scores, classes: list[str]) -> FloatArray:
    """Return the probabilities by the classes of today: those of merged ones are added up."""
    proba = np.zeros((len(scores.proba), len(classes)), np.float32)
    place = {class_id: i for i, class_id in enumerate(classes)}
    for column, class_id in enumerate(scores.class_ids.tolist()):
        proba[:, place[replay.resolve(class_id)]] += scores.proba[:, column]
    return proba


def _code(replay: Replay, opinions: Opinions, item_id: str, place: dict[str, int]) -> int:
    answer = replay.of(item_id).answer
    if answer is None:
        return UNLABELED
    if answer.source == FROM_CLUSTER:  # nobody looked at it: no certificate covers it
        return SKIPPED
    held = opinions.held(item_id)
    return place[held.class_id] if held is not None and held.is_sure else SKIPPED


def plan(frozen: Frozen, claim: Claim, attempt: int) -> AuditPlan:
    """Say what certifying the claim will cost."""
    return plan_audit(frozen.predictions, claim, attempt=attempt)


def draw(frozen: Frozen, claim: Claim, *, seed: int, previous: Sequence[Audit]) -> Draw:
    """Plan and draw an audit.

    Raises
    ------
    PoolExhaustedError : an audit would cost more than labeling what is left
    """
    planned = plan(frozen, claim, len(previous) + 1)
    if not planned.n_audited:
        raise PoolExhaustedError(planned.sentence)
    audit = draw_audit(
        frozen.predictions,
        planned.n_audit,
        claim=claim,
        cut=planned.cut,
        seed=seed,
        previous=previous,
    )
    return Draw(audit, frozen)


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
    }
    write_arrays(folder.frozen(drawn.audit.attempt), arrays)
    write_atomically(folder.audit(drawn.audit.attempt), drawn.audit.to_json().encode())


def load_draw(folder: ProjectFolder, attempt: int) -> Draw:
    """Read a draw.

    Raises
    ------
    VoidAuditError : it was changed
    SourceError : it is not there or damaged
    """
    try:
        audit = Audit.from_json(folder.audit(attempt).read_text("utf-8"))
        s = read_arrays(folder.frozen(attempt), "what an audit froze")
        names = ClassTable(tuple(s["names"].tolist()))
        predictions = Predictions(s["codes"], s["confidence"], s["y"], names, int(s["version"]))
        frozen = Frozen(predictions, tuple(s["class_ids"].tolist()), s["contents"])
    except (OSError, ValueError, KeyError, SourceError) as error:
        if isinstance(error, VoidAuditError):
            raise
        raise SourceError(f"Audit {attempt} is not there or damaged: {error}.") from error
    audit.check(predictions)
    return Draw(audit, frozen)


def retell_contents(folder: ProjectFolder, now: Mapping[str, str]) -> None:
    """Tell what the draws have frozen of the contents of items in other hashes of the same."""
    for path in folder.frozen(1).parent.glob("*.npz"):
        arrays = read_arrays(path, "what an audit froze")
        contents = np.array([now.get(c, c) for c in arrays["contents"].tolist()])
        write_arrays(path, {**arrays, "contents": contents})


def load_audits(folder: ProjectFolder, n: int) -> list[Audit]:
    """Read all draws so far, failed or not: each has spent its share of the risk."""
    try:
        return [Audit.from_json(folder.audit(i).read_text("utf-8")) for i in range(1, n + 1)]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"An audit is missing or damaged: {error}.") from error


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


def answers_of(
    drawn: Draw, replay: Replay, items: Sequence[ItemRow], then: int | None = None
) -> list[tuple[int, str | None]]:
    """Return (row, class name as it was frozen) of the answered items of a draw; None = skipped.

    A row on which people differ comes once for each of them, until somebody has settled it.

    Parameters
    ----------
    drawn, replay, items : of the project
    then : seq of the event up to which answers count; None: all
    """
    names = dict(zip(drawn.frozen.class_ids, drawn.frozen.predictions.classes.values, strict=True))
    found: list[tuple[int, str | None]] = []
    for row in drawn.audit.drawn.tolist():
        item_id = items[row].item_id
        item = replay.of(item_id) if then is None else replay.of_then(item_id, then)
        for event in evidence(item):
            class_id = replay.resolve(event.class_id) if event.class_id else None
            name = names.get(class_id, replay.class_name(class_id)) if class_id else None
            found.append((row, None if name is None else str(name)))
    return found


def evidence(item: ItemState) -> Sequence[Event]:
    """Return the answers of a drawn item that check the model: those that were given for that.

    An answer of the training may have been given with the model's guess on the screen.
    """
    if item.answer is None:
        return ()
    said = (item.answer,) if item.is_settled or len(item.votes) < 2 else item.votes
    return [event for event in said if event.purpose == AUDIT]


@dataclass(frozen=True, eq=False, slots=True)
class Certified:
    """What came of an audit: the certificate, and the labels it covers.

    Parameters
    ----------
    certificate : the claim and its evidence
    by_model : rows that the model labels
    codes : (n_rows,) places in the class ids that were frozen
    confidence : (n_rows,) of the model
    handback : rows that the person is to label
    """

    certificate: Certificate
    by_model: frozenset[int]
    codes: IntArray
    confidence: FloatArray
    handback: IntArray


def certify_draw(drawn: Draw, answers: Iterable[tuple[int, str | None]]) -> Certified:
    """Certify what the answered audit proves."""
    return _outcome(certified(drawn.frozen.predictions, drawn.audit, answers), drawn)


def _outcome(labels: AutoLabels, drawn: Draw) -> Certified:
    assert labels.certificate is not None  # noqa: S101  # certified() always gives one
    by_model = np.flatnonzero(labels.source == "model")
    p = drawn.frozen.predictions
    doubtful_first = labels.handback[np.argsort(p.confidence[labels.handback], kind="stable")]
    return Certified(
        labels.certificate, frozenset(by_model.tolist()), p.codes.astype(np.int64),
        p.confidence, doubtful_first,
    )  # fmt: skip


def save_certified(folder: ProjectFolder, done: Certified) -> None:
    """Write the labels, then the certificate."""
    attempt = done.certificate.attempt
    by_model = np.array(sorted(done.by_model), dtype=np.int64)
    write_arrays(folder.labels(attempt), {"by_model": by_model, "handback": done.handback})
    write_atomically(folder.certificate(attempt), done.certificate.to_json().encode())


def load_certified(folder: ProjectFolder, drawn: Draw) -> Certified:
    """Read what :func:`save_certified` wrote.

    Raises
    ------
    SourceError : it is not there or damaged
    InvalidInputError : the certificate was changed
    """
    attempt = drawn.audit.attempt
    try:
        text = folder.certificate(attempt).read_text("utf-8")
        stored = read_arrays(folder.labels(attempt), "the labels of a certificate")
        by_model, handback = stored["by_model"], stored["handback"]
    except (OSError, ValueError, KeyError, SourceError) as error:
        raise SourceError(f"Certificate {attempt} is not there or damaged: {error}.") from error
    p = drawn.frozen.predictions
    return Certified(
        Certificate.from_json(text), frozenset(by_model.tolist()), p.codes.astype(np.int64),
        p.confidence, handback,
    )  # fmt: skip
