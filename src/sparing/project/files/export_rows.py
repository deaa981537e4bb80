"""What an export says of each item: its label, whose it is, and how it came about.

Labels of people, confirmed guesses and labels of a model are never mixed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sparing.annotations.values import DRAWN
from sparing.project.files import opinions
from sparing.project.log.boxed import MarkedBox, boxes_in, boxes_of, listed
from sparing.project.log.marked import NO_SPANS, MarkedSpan, marked_in, quoted, spans_of
from sparing.project.log.meaning import as_said
from sparing.project.settings import BOXES, SPANS
from sparing.project.source.items import GONE
from sparing.project.state import State
from sparing.store import Event, Kind
from sparing.store.records import FROM_CLUSTER

if TYPE_CHECKING:
    pass


PERSON, CONFIRMED, CLUSTER, AUTOMATIC = "person", "confirmed", "cluster", "automatic"
SETTLED, CONSENSUS, NOBODY = "settled", "consensus", ""
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One item of a finished data set.

    Parameters
    ----------
    item_id, item : its key, and its name: a path inside the folder, or ``"line 7"``
    label : the class; None if there is none
    provenance : ``"person"``; ``"confirmed"``: a guess that a person confirmed; ``"cluster"``:
        given to a whole cluster, of which a few items were looked at; ``"settled"``: a person
        decided where others differ; ``"consensus"``: people differ, and this is the likeliest
        label; ``"automatic"``: by the model, under a certificate; or ``""``
    state : ``"labeled"``, ``"skipped"``, ``"unlabeled"``; ``"contested"``: people differ so much
        that there is no label until somebody settles it; or ``"hidden"``: another person has
        answered it, and who exports is to do so without knowing what was said
    purpose : what the person's answer was for: ``"train"``, ``"audit"`` or ``"handback"``
    source, propensity : who chose the item, and with which probability where it was drawn
    strategy : name of the rule that asked for it; empty where a person chose it
    annotator, at : who gave the label, and when (UTC); of a consensus: who answered first
    seconds : how long the item was on their screen, to be seen; of a page of items, answered at a
        glance, an equal share of its time; None where it was not measured
    opinions : of an item that several people answered: who said what
    guidelines : number of the guidelines that held when the answer was given; 0: there were none
    model_version : of an automatic label or of ``guess``; else of the query that asked
    confidence : of the model in an automatic label, of the consensus in one of its labels
    certificate : hash of what vouches for an automatic label
    basis : what a label rests on that was given to a whole cluster
    guess, guess_confidence : what the newest model takes an unlabeled item for; no label
    flagged, comment : what was noted
    present : False where the item is gone from the source
    labels : of several labels an item their names; ``label`` is how people read them
    spans : of a text in which spans are marked, those; ``label`` quotes them, ``guess`` is JSON
    boxes : of a picture in which boxes are drawn, those; ``label`` lists them, ``guess`` is JSON
    """

    item_id: str
    item: str
    label: str | None = None
    provenance: str = NOBODY
    state: str = "unlabeled"
    purpose: str | None = None
    source: str | None = None
    propensity: float | None = None
    strategy: str | None = None
    annotator: str | None = None
    at: str | None = None
    seconds: float | None = None
    opinions: str = ""
    guidelines: int | None = None
    model_version: int | None = None
    confidence: float | None = None
    certificate: str | None = None
    basis: str | None = None
    guess: str | None = None
    guess_confidence: float | None = None
    flagged: bool = False
    comment: str = ""
    present: bool = True
    labels: tuple[str, ...] | None = None
    spans: tuple[MarkedSpan, ...] | None = None
    boxes: tuple[MarkedBox, ...] | None = None


def export_rows(state: State, annotator: str = "") -> Iterator[ExportRow]:
    """Yield a row for every item; one that is gone only if it has an answer.

    A person is not told what they are asked without a sign of: neither a guess, nor what others
    said.
    """
    blind = state.blind_rows(annotator)
    for item in state.rows:
        row = _row(state, item.row, annotator, is_blind=item.row in blind)
        if row.present or row.state != "unlabeled":
            yield row


def taught_rows(state: State) -> Iterator[ExportRow]:
    """Yield a row for every item that has a label by people, and is there to learn from."""
    for item_id, noted in state.replay.items.items():
        row = state.row_of.get(item_id)
        if noted.answer is not None and row is not None and state.present[row]:
            made = _row(state, row, "", is_blind=True)
            if made.label is not None:
                yield made


def _row(state: State, row: int, annotator: str, *, is_blind: bool) -> ExportRow:
    item = state.rows[row]
    noted = state.noted(row, annotator)
    known: dict[str, Any] = {
        "item_id": item.item_id,
        "item": item.name,
        "flagged": noted.flagged,
        "comment": noted.comment,
        "present": item.state != GONE,
    }
    if state.hides(row, annotator):
        return ExportRow(**known, state=HIDDEN)
    said = _said_by_person(state, row)
    return ExportRow(**known, **(said or ({} if is_blind else _said_by_model(state, row))))


def _said_by_person(state: State, row: int) -> dict[str, Any]:
    answer = state.replay.of(state.rows[row].item_id).answer
    if answer is None:
        return {}
    told: dict[str, Any] = {
        "state": "skipped",
        "purpose": answer.purpose,
        "source": answer.source,
        "propensity": answer.propensity,
        "strategy": answer.strategy,
        "annotator": answer.annotator,
        "at": answer.at,
        "seconds": answer.seconds,
        "opinions": _opinions(state, state.rows[row].item_id),
        "guidelines": state.replay.guidelines_at(answer.seq),
        "model_version": answer.model_version,
    }
    return told | _held(state, state.rows[row].item_id, answer)


def _held(state: State, item_id: str, answer: Event) -> dict[str, Any]:
    held = state.opinions.held(item_id)
    if held is None:
        return {}
    if not held.is_sure:
        return {"state": "contested", "confidence": held.confidence}
    told = {"state": "labeled", **_called(state, held.content, item_id, answer)}
    if held.by_consensus:
        return told | {"provenance": CONSENSUS, "confidence": held.confidence}
    if answer.kind is Kind.SETTLED:
        return told | {"provenance": SETTLED}
    if answer.source == FROM_CLUSTER:
        return told | {"provenance": CLUSTER, "basis": answer.text}
    return told | {"provenance": CONFIRMED if answer.confirmed else PERSON}


def _called(
    state: State, content: str, item_id: str, answer: Event | None = None
) -> dict[str, Any]:
    """Return an answer as people read it; of parts with whence they came, where that is known."""
    replay = state.replay
    if state.settings.kind == SPANS:
        is_own = answer is not None and replay.resolve(answer.content or "") == content
        spans = marked_in(answer, replay) if is_own and answer else spans_of(content, replay)
        return {"label": quoted(spans, state.item(item_id).text) or NO_SPANS, "spans": spans}
    if state.settings.kind == BOXES:
        is_own = answer is not None and replay.resolve(answer.content or "") == content
        boxes = boxes_in(answer, replay) if is_own and answer else boxes_of(content, replay)
        return {"label": listed(boxes), "boxes": boxes}
    return {"label": replay.class_name(content), "labels": replay.label_names(content)}


def _opinions(state: State, item_id: str) -> str:
    votes = state.replay.of(item_id).votes
    return opinions.written([(vote.annotator, said_in(state, vote.content)) for vote in votes])


def said_in(state: State, content: str | None) -> str | None:
    """Return an answer as a cell has it, so that it can be read again; None for a skip."""
    if content is None:
        return None
    if state.settings.kind == SPANS:
        return as_said([span.said() for span in spans_of(content, state.replay)])
    if state.settings.kind == BOXES:
        return as_said([box.said() for box in boxes_of(content, state.replay)])
    names = state.replay.label_names(content)
    return state.replay.class_name(content) if names is None else as_said(names)


def _said_by_model(state: State, row: int) -> dict[str, Any]:
    done, drawn = state.certified, state.drawn
    if done is not None and drawn is not None and state.is_automatic(row):
        class_id = drawn.frozen.class_ids[int(done.codes[row])]
        return {
            **_called(state, class_id, state.rows[row].item_id),
            "provenance": AUTOMATIC,
            "state": "labeled",
            "model_version": done.certificate.model_version,
            "confidence": float(done.confidence[row]),
            "certificate": done.certificate.digest,
        }
    guess = state.own_guess(row)
    if guess is None:
        return {}
    parts = guess.spans if guess.boxes is None else guess.boxes
    plain = [replace(part, by=DRAWN, version=None) for part in parts or ()]  # nobody accepted it
    return {
        "guess": guess.name if parts is None else as_said([part.said() for part in plain]),
        "guess_confidence": guess.confidence,
        "model_version": state.version,
    }
