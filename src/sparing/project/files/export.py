"""Finished labels as files: CSV, JSON Lines, Parquet, or a folder per class.

Labels of people, confirmed guesses and labels of a model are never mixed: each row says whose it
is. A cell of a CSV file that a spreadsheet would take for a formula gets an apostrophe in front;
``sparing import`` takes it away again.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sparing.annotations.boxes import Size
from sparing.annotations.spans import text_hash
from sparing.annotations.values import DRAWN
from sparing.errors import InvalidInputError, SourceError, UnknownNameError
from sparing.files import staging, write_atomically
from sparing.project.files import opinions
from sparing.project.files.forms import FORMS, ExportTable
from sparing.project.locked_state import Guarded
from sparing.project.log.boxed import MarkedBox, boxes_in, boxes_of, listed
from sparing.project.log.marked import NO_SPANS, MarkedSpan, marked_in, quoted, spans_of
from sparing.project.log.meaning import as_said
from sparing.project.settings import BOXES, CLASS, LABELS, SPANS
from sparing.project.source.items import GONE, Item, Listing
from sparing.project.state import State
from sparing.store import Event, Kind
from sparing.store.records import FROM_CLUSTER

if TYPE_CHECKING:
    from sparing.project.files.hub_columns import Shared

PERSON, CONFIRMED, CLUSTER, AUTOMATIC = "person", "confirmed", "cluster", "automatic"
SETTLED, CONSENSUS, NOBODY = "settled", "consensus", ""
HIDDEN = "hidden"
FOLDERS: Literal["folders"] = "folders"
STUDIO, HUB = "label-studio", "hf"
SPAN_FORMS = ("conll", "doccano", "prodigy", "brat")
"""Formats of texts with spans alone."""
BOX_FORMS = ("coco", "yolo", "voc", "cvat")
"""Formats of pictures with boxes alone."""
FORBIDDEN = '<>:"/\\|?*'  # in file names, somewhere
MAX_FOLDER_NAME = 100


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


OF_SEVERAL, OF_SPANS, OF_BOXES = "labels", "spans", "boxes"
_APART = (OF_SEVERAL, OF_SPANS, OF_BOXES)
COLUMNS = tuple(f.name for f in fields(ExportRow) if f.name not in _APART)
WITHOUT_SECONDS = tuple(name for name in COLUMNS if name != "seconds")
"""What exports had before they said how long an item was on the screen."""
COLUMNS_OF_BEFORE = tuple(name for name in WITHOUT_SECONDS if name != "strategy")
"""What exports had before each answer said which strategy had asked."""
FIRST, TEXT = "1", "text"
TEXT_HASH = "text_sha256"
BESIDE_SPANS = (OF_SPANS, TEXT, TEXT_HASH, "document", "document_start")
"""The columns of spans: each with start, end (code points of the text) and label; the text and its
hash; where in which document it stands."""
BESIDE_BOXES = (OF_BOXES, "width", "height")
"""The columns of boxes: each with its edges in pixels and label; the size of their picture."""


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


def export(
    guarded: Guarded, path: Path, form: str, annotator: str = ""
) -> tuple[int, tuple[str, ...]]:
    """Write all labels; return how many items have one, and sentences on what was left out.

    Parameters
    ----------
    guarded : the state of the project
    path : of the file; of a folder that is not there yet or empty, for ``"folders"`` and ``"hf"``
    form : ``"csv"``, ``"jsonl"``, ``"parquet"``, ``"hf"``, ``"label-studio"`` or ``"folders"``; of
        spans one of ``SPAN_FORMS``, of boxes of ``BOX_FORMS``, which have what has an answer alone
    annotator : who reads it

    Raises
    ------
    UnknownNameError : there is no such form
    SourceError : the path cannot be written
    MissingExtraError : Parquet without pyarrow
    InvalidInputError : a folder per class of rows that are no files or texts
    """
    with guarded.held() as state:
        kind = state.settings.kind
    of_parts = {SPANS: SPAN_FORMS, BOXES: BOX_FORMS}.get(kind)
    names = (*FORMS, STUDIO, HUB, *(of_parts or (FOLDERS,)))
    if form not in names:
        raise UnknownNameError("export format", form, names)
    if of_parts and form in of_parts:
        write = _export_spans if kind == SPANS else _export_boxes
        return write(guarded, path, form, annotator)
    with guarded.held() as state:  # the answers wait for the rows, not for the disk
        rows = list(export_rows(state, annotator))
        table = as_table(state, rows)
        tasks = _tasks(state, rows) if form == STUDIO else ""
        shared = _shared(state, rows) if form == HUB else None
        made = state.certified.certificate if state.certified else None
    if shared is not None:
        from sparing.project.files.hub import write_hub

        write_hub(path, table, shared, guarded.folder.name, made)
    elif form == FOLDERS:
        _write_folders(guarded, path, rows, table)
    elif form == STUDIO:
        write_atomically(path, tasks.encode("utf-8", "replace"))
    else:
        write_atomically(path, FORMS[form].write(table))
    return sum(row.label is not None for row in rows), ()


def _export_spans(
    guarded: Guarded, path: Path, form: str, annotator: str
) -> tuple[int, tuple[str, ...]]:
    from sparing.project.files.marked import CONLL, documents_of, with_tokens, write_marked

    with guarded.held() as state:
        rows = list(export_rows(state, annotator))
        documents = documents_of(state, rows)
    if form == CONLL:
        documents = with_tokens(documents)
    write_marked(path, form, documents)
    n = sum(document.spans is not None for document in documents.documents)
    return n, documents.notes


def _export_boxes(
    guarded: Guarded, path: Path, form: str, annotator: str
) -> tuple[int, tuple[str, ...]]:
    from sparing.project.files.framed import finished, write_framed

    with guarded.held() as state:
        done = finished(state, list(export_rows(state, annotator)))
    write_framed(path, form, done)
    return len(done.pictures), done.notes


def _tasks(state: State, rows: Sequence[ExportRow]) -> str:
    from sparing.project.files.studio_tasks import studio_tasks

    return studio_tasks(state, rows)


def _shared(state: State, rows: Sequence[ExportRow]) -> "Shared":
    from sparing.project.files.hub_columns import Shared

    items = [state.item(row.item_id) for row in rows]
    numbers = [state.row_of[row.item_id] + 1 for row in rows]
    names = [one.name for one in state.replay.classes]
    return Shared(state.settings.kind, rows, items, numbers, names)


def as_table(state: State, rows: Sequence[ExportRow]) -> ExportTable:
    """Return rows with what the source says of them, in columns of their own.

    A column of the source that is called like one of ours gets ``source_`` before its name.
    """
    kind = state.settings.kind
    if kind == SPANS:
        labels, apart = [*BESIDE_SPANS], [_spans_apart(state, row) for row in rows]
    elif kind == BOXES:
        labels, apart = [*BESIDE_BOXES], [_boxes_apart(state, row) for row in rows]
    else:
        several = [one.name for one in state.replay.classes] if kind == LABELS else []
        labels = [OF_SEVERAL, *(f"{OF_SEVERAL}.{n}" for n in several)] if kind == LABELS else []
        apart = [_apart(row, labels, several) for row in rows]
    own = [
        [*(getattr(row, name) for name in COLUMNS), *more]
        for row, more in zip(rows, apart, strict=True)
    ]
    names, beside = _of_source(state, rows)
    whole = [[*mine, *its] for mine, its in zip(own, beside, strict=True)]
    return ExportTable([*COLUMNS, *labels, *names], len(COLUMNS), whole)


def _of_source(state: State, rows: Sequence[ExportRow]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns of the source, and what they hold of each row; of files of texts these."""
    listing, kind = state.listing, state.settings.kind
    names = {name: column for column, name in source_names(listing, kind).items()}
    columns = [] if listing.table is None else [listing.table.columns[c] for c in names.values()]
    if listing.table is None and listing.kind == "texts" and kind != SPANS:
        names, columns = {TEXT: TEXT}, [listing.values]
    places = [state.place_of(row.item_id) for row in rows]
    held = [[None if place is None else cells[place] for cells in columns] for place in places]
    return [*names], held


def _apart(row: ExportRow, columns: Sequence[str], names: Sequence[str]) -> list[Any]:
    """Return the list of an item's labels, and 0 or 1 for each label there is."""
    if not columns or row.labels is None:
        return [None] * len(columns)
    return [row.labels, *(int(name in row.labels) for name in names)]


def _spans_apart(state: State, row: ExportRow) -> list[Any]:
    """Return the spans of a text, its hash, and where in which document it stands."""
    text, place = state.item(row.item_id).text, state.place_of(row.item_id)
    passages = state.listing.passages
    told = None if row.spans is None else tuple(span.said() for span in row.spans)
    hashed = None if text is None else text_hash(text)
    if place is None or passages is None:
        return [told, text, hashed, None, None]
    return [told, text, hashed, passages.documents[place], int(passages.starts[place])]


def _boxes_apart(state: State, row: ExportRow) -> list[Any]:
    """Return the boxes of a picture, and the size of the picture in which they were drawn."""
    told = None if row.boxes is None else tuple(box.said() for box in row.boxes)
    return [told, *(size_then(state, state.item(row.item_id)) or (None, None))]


def size_then(state: State, item: Item) -> Size | None:
    """Return the size that a picture had when its boxes were drawn; without an answer as it is."""
    answer = state.replay.of(item.item_id).answer
    sides = (answer.text or "").split(" x ") if answer is not None else []
    is_noted = len(sides) == 2 and all(side.isdecimal() for side in sides)
    return (int(sides[0]), int(sides[1])) if is_noted else item.size


def source_names(listing: Listing, kind: str) -> dict[str, str]:
    """Return what each column of a source is called in an export.

    The only column of a file without names, such as one of texts, one a line, is called by what it
    has.
    """
    columns = () if listing.table is None else listing.table.columns
    if listing.kind == "texts" and [*columns] == [FIRST]:
        return {FIRST: source_name(TEXT, kind)}
    return {column: source_name(column, kind) for column in columns}


def source_name(column: str, kind: str = CLASS) -> str:
    """Return the name of a column of the source in an export: no two are alike.

    Parameters
    ----------
    column : of the source
    kind : of the answers; those of several labels have columns of their own

    Examples
    --------
    >>> source_name("text"), source_name("label"), source_name("source_label")
    ('text', 'source_label', 'source_source_label')
    """
    plain = column
    while plain.startswith("source_"):
        plain = plain.removeprefix("source_")
    beside = {SPANS: BESIDE_SPANS, BOXES: BESIDE_BOXES, LABELS: (OF_SEVERAL,)}.get(kind, ())
    is_one_label = kind == LABELS and plain.startswith(f"{OF_SEVERAL}.")
    return f"source_{column}" if plain in (*COLUMNS, *beside) or is_one_label else column


def _write_folders(guarded: Guarded, path: Path, rows: list[ExportRow], table: ExportTable) -> None:
    """Copy each labeled file to PATH/provenance/class/, and write PATH/labels.csv beside them.

    The folder is there whole or not at all.
    """
    with guarded.held() as state:
        kind, is_of_one = state.listing.kind, state.settings.kind == CLASS
    if not is_of_one:
        raise InvalidInputError(
            "A folder per class is made where an item has one class; the items of this project have"
            " several labels: export them as csv, jsonl, parquet or label-studio."
        )
    if kind not in ("images", "texts"):
        raise InvalidInputError("A folder per class is made of files or texts, not of table rows.")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already: name a new or an empty folder.")
    names = _folder_names({row.label for row in rows if row.label is not None})
    target = path.resolve()
    with staging(target) as here:
        whole = here / "folders"
        whole.mkdir()
        for row in rows:
            if row.label is not None and row.present:
                _copy(guarded.item(row.item_id), whole / row.provenance / names[row.label])
        write_atomically(whole / "labels.csv", FORMS["csv"].write(table))
        whole.rename(target)


def _folder_names(labels: set[str]) -> dict[str, str]:
    """Return a name for the folder of each class, all different on any file system."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(labels):
        plain = name = safe_name(label)
        n = 1
        while name.casefold() in taken:
            n += 1
            name = f"{plain}-{n}"
        taken.add(name.casefold())
        names[label] = name
    return names


def safe_name(name: str) -> str:
    """Return a name that is one folder or file, wherever it is written.

    Examples
    --------
    >>> safe_name("cat"), safe_name("../etc"), safe_name("a/b"), safe_name("..")
    ('cat', '_etc', 'a_b', '_')
    """
    plain = "".join("_" if c in FORBIDDEN or not c.isprintable() else c for c in name)
    return plain.strip(" .")[:MAX_FOLDER_NAME] or "_"


def _copy(item: Item, folder: Path) -> None:
    suffix = {"text": ".txt", "image": ".png"}[item.kind]
    called = Path(item.name).name if item.path is None else item.path.name
    name = f"{item.item_id}-{safe_name(called)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if item.path is not None:
            shutil.copyfile(item.path, folder / name)
        elif item.text is not None:
            (folder / name).with_suffix(suffix).write_text(item.text, "utf-8", newline="")
        elif item.pixels is not None:
            from PIL import Image

            Image.fromarray(item.pixels).save((folder / name).with_suffix(suffix))
    except OSError as error:
        raise SourceError(f"{folder / name} cannot be written: {error.strerror}.") from error
