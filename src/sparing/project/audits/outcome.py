"""What comes of an audit: what people said of its items, the certificate, the labels it covers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparing.annotations.registry import get_kind
from sparing.audit.autolabel import AutoLabels, certified
from sparing.audit.certificate import Certificate, Origins
from sparing.audit.findings import Findings, judge
from sparing.audit.verification import Check, verify
from sparing.errors import SourceError, SparingError
from sparing.files import read_arrays, write_arrays, write_atomically
from sparing.project.audits.draws import AUDIT, Draw, items_of
from sparing.project.audits.in_parts import wrong_by_label, wrong_units
from sparing.project.folder import ProjectFolder
from sparing.project.log.boxed import judged_as
from sparing.project.log.replay import ItemState, Replay
from sparing.project.settings import CLASS
from sparing.store import Event, ItemRow
from sparing.store.contents import retold
from sparing.types import FloatArray, IntArray


def answers_of(
    drawn: Draw, replay: Replay, items: Sequence[ItemRow], then: int | None = None
) -> list[tuple[int, str | None]]:
    """Return (row, class name as it was frozen) of the answered items of a draw; None = skipped.

    A row on which people differ comes once for each of them, until somebody has settled it. Classes
    are told apart by their keys: one that came later has its key for a name, so that it is never
    taken for another that bore its name when the model was frozen. Boxes that are
    all at the place of those of the model are its answer.

    Parameters
    ----------
    drawn, replay, items : of the project
    then : seq of the event up to which answers count; None: all
    """
    names = dict(zip(drawn.frozen.class_ids, drawn.frozen.predictions.classes.values, strict=True))
    said = contents_of(drawn, replay, items, then)
    class_ids, codes = drawn.frozen.class_ids, drawn.frozen.predictions.codes
    found: list[tuple[int, str | None]] = []
    for row, one in said:
        judged = None if one is None else judged_as(one, class_ids[int(codes[row])])
        found.append((row, None if judged is None else str(names.get(judged, judged))))
    return found


def contents_of(
    drawn: Draw, replay: Replay, items: Sequence[ItemRow], then: int | None = None
) -> list[tuple[int, str | None]]:
    """Return (row, content) of the answered items of a draw, as :func:`answers_of` does."""
    resolve = replay.classes_then(then).resolve
    return [
        (row, None if event.content is None else retold(event.content, resolve))
        for row, event in _said(drawn, replay, items, then)
    ]


def findings_of(
    drawn: Draw,
    replay: Replay,
    items: Sequence[ItemRow],
    kind: str,
    then: int | None = None,
    *,
    by_label: bool = True,
    by_unit: bool = True,
) -> Findings:
    """Return where the model is wrong: as a whole, and in each part of answers that have several.

    Parameters
    ----------
    drawn, replay, items, then : as of :func:`answers_of`
    kind : of the answers
    by_label, by_unit : whether to look at labels and units, too: certificates of old do not
    """
    answers = answers_of(drawn, replay, items, then)
    found = judge(drawn.audit, drawn.frozen.predictions, answers)
    if kind == CLASS or not (by_label or by_unit):
        return found
    said = [(row, event.content) for row, event in _said(drawn, replay, items, then)]
    classes = replay.classes_then(replay.drawn_at(drawn.audit.digest))
    of_kind = get_kind(kind)
    wrong = wrong_by_label(drawn, said, found, classes, of_kind) if by_label else {}
    units = wrong_units(drawn, said, found, classes, of_kind) if by_unit else None
    return replace(found, by_label=wrong, sameness=of_kind.sameness, units=units)


def origins_of(
    drawn: Draw,
    replay: Replay,
    items: Sequence[ItemRow],
    then: int | None = None,
) -> Origins:
    """Return who answered the items of a draw, when and how, and how the other labels came.

    Parameters
    ----------
    drawn, replay, items, then : as of :func:`answers_of`
    """
    said = [
        (row, json.dumps([e.key, e.kind, e.content, e.annotator, e.at, e.source, e.confirmed]))
        for row, e in _said(drawn, replay, items, then)
    ]
    return Origins(said, drawn.frozen.taught, drawn.frozen.left_out)


def _said(
    drawn: Draw, replay: Replay, items: Sequence[ItemRow], then: int | None
) -> Iterator[tuple[int, Event]]:
    for row in drawn.audit.drawn.tolist():
        item_id = items[row].item_id
        item = replay.of(item_id) if then is None else replay.of_then(item_id, then)
        yield from ((row, event) for event in evidence(item))


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
    remainder : rows that the person is to label
    """

    certificate: Certificate
    by_model: frozenset[int]
    codes: IntArray
    confidence: FloatArray
    remainder: IntArray


def certify_draw(drawn: Draw, found: Findings, origins: Origins) -> Certified:
    """Certify what the answered audit proves."""
    return _outcome(certified(drawn.frozen.predictions, drawn.audit, found, origins), drawn)


def verified(
    folder: ProjectFolder,
    certificate: Certificate,
    drawn: Draw,
    replay: Replay,
    items: Sequence[ItemRow],
    *,
    kind: str,
    log: str = "",
) -> tuple[Check, ...]:
    """Recompute a certificate from what the project holds: log, items, draw, answers, labels.

    Parameters
    ----------
    folder, replay, items : of the project
    certificate, drawn : what is checked, and its draw
    kind : of the answers
    log : all that was said before the certificate, by hash
    """
    event = replay.certified_by(certificate.digest)
    then = event.seq if event is not None else None
    found = findings_of(
        drawn, replay, items, kind, then,
        by_label=bool(certificate.by_label), by_unit=certificate.units is not None,
    )  # fmt: skip
    origins = origins_of(drawn, replay, items, then)
    if certificate.log:
        origins = replace(origins, log=log)
    if certificate.event and event is not None:
        origins = replace(origins, event=event.key)
    p = drawn.frozen.predictions
    # Of a certificate of elsewhere, what this project holds says nothing, however whole it is.
    is_own = (p.digest, drawn.audit.digest) == (certificate.predictions, certificate.audit)
    checks = verify(certificate, p, drawn.audit, found, origins)
    n_drawn = certificate.attempt
    logged = replay.drawn_digests[:n_drawn]
    checks += (
        Check("the log of the project has it", event is not None and _says_only_so(event)),
        Check(
            f"the log has {n_drawn} draw{'s' if n_drawn > 1 else ''} down to it, as it says",
            logged == [*certificate.previous, certificate.audit],
        ),
    )
    if certificate.version > 1:
        named = items_of(items[: len(p)], drawn.frozen.contents.tolist(), drawn.frozen.class_ids)
        same_items = is_own and named == p.items
        checks += (Check("the items are those that were certified", same_items),)
    done = certify_draw(drawn, found, origins)
    try:
        stored = load_certified(folder, drawn)
        same = stored.by_model == done.by_model and np.array_equal(stored.remainder, done.remainder)
    except SparingError:
        same = False
    return (*checks, Check("the labels on the disk are those that were certified", is_own and same))


def _says_only_so(event: Event) -> bool:
    """Tell whether the event of a certificate says nothing besides, as no version has let it."""
    alone = Event(seq=event.seq, key=event.key, at=event.at, kind=event.kind, text=event.text)
    return event == alone


def _outcome(labels: AutoLabels, drawn: Draw) -> Certified:
    assert labels.certificate is not None  # noqa: S101  # certified() always gives one
    by_model = np.flatnonzero(labels.source == "model")
    p = drawn.frozen.predictions
    doubtful_first = labels.remainder[np.argsort(p.confidence[labels.remainder], kind="stable")]
    return Certified(
        labels.certificate, frozenset(by_model.tolist()), p.codes.astype(np.int64),
        p.confidence, doubtful_first,
    )  # fmt: skip


def save_certified(folder: ProjectFolder, done: Certified) -> None:
    """Write the labels, then the certificate."""
    attempt = done.certificate.attempt
    by_model = np.array(sorted(done.by_model), dtype=np.int64)
    write_arrays(folder.labels(attempt), {"by_model": by_model, "handback": done.remainder})
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
        by_model, remainder = stored["by_model"], stored["handback"]
    except (OSError, ValueError, KeyError, SourceError) as error:
        raise SourceError(f"Certificate {attempt} is not there or damaged: {error}.") from error
    p = drawn.frozen.predictions
    return Certified(
        Certificate.from_json(text), frozenset(by_model.tolist()), p.codes.astype(np.int64),
        p.confidence, remainder,
    )  # fmt: skip
