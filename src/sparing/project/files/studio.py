"""Labels from Label Studio and to it: tasks with what people said, and what the model says.

What a model said is a prediction there and never an annotation; the provenance of a label, who
gave it and how an item was chosen are kept in the task's ``meta``.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sparing.datasets.label_studio import (
    OWN,
    Annotation,
    Interface,
    Task,
    all_choices,
    choice,
    names_of,
    one_choice,
    read_array,
    read_task,
)
from sparing.errors import InvalidInputError
from sparing.project.files.export import AUTOMATIC, CONFIRMED, OF_SEVERAL, SETTLED, ExportRow
from sparing.project.files.finding import Finder
from sparing.project.files.imports import Found, Readings, RowReport, found_row
from sparing.project.log.meaning import as_said
from sparing.project.settings import CLASS
from sparing.project.source.items import Item
from sparing.project.state import State
from sparing.store.records import FROM_FILE

Chosen = str | tuple[str, ...] | None
"""What is said of an item: its class, or its labels; None: it was skipped."""
PLACES = "/data/local-files/?d="  # Label Studio's own address of a file on its disk


def read_studio(state: State, path: Path) -> Readings:
    """Read an export of Label Studio; return what can be taken, and what cannot.

    An item is found by the key that an export of ours gave it, by its text, or by the path or name
    of its file. Predictions are nobody's word, and passed over.

    Raises
    ------
    SourceError : the file cannot be read, or is no array of tasks
    """
    raw, notes = read_array(path)
    finder = TaskFinder(state)
    found: list[Found] = []
    problems: list[RowReport] = []
    tasks = []
    for i, one in enumerate(raw):
        try:
            tasks.append(task := read_task(one, i + 1))
        except InvalidInputError as error:
            problems.append(RowReport(f"task {i + 1}", "", str(error)))
            continue
        taken, refused = _read(state, finder, task)
        found += taken
        problems += refused
    return Readings(found, problems, (*notes, *_passed_over(tasks)))


class TaskFinder:
    """Items by what a task says of them, as long as the listing is the same.

    Parameters
    ----------
    state : of the project; it is not kept
    """

    def __init__(self, state: State) -> None:
        self._finder = Finder(state)
        self._columns, self._by_cells = _by_cells(state)

    def find(self, state: State, task: Task) -> str:
        """Return the key of the item that a task is of.

        Raises
        ------
        InvalidInputError : there is none, or its data name two
        """
        own = task.own.get("item_id")
        if isinstance(own, str) and own in state.row_of:
            return own
        named = {self._called(state, name) for name in names_of(task.data)}
        found = {self._of_card(task), *named} - {None}
        if len(found) > 1:
            raise InvalidInputError("its data name several items")
        for item_id in found:
            return str(item_id)
        raise InvalidInputError("no such item")

    def _called(self, state: State, name: str) -> str | None:
        if len(self._columns) == 1 and (name,) in self._by_cells:
            return self._by_cells[name,]
        try:
            return self._finder.find(state, name).item_id
        except InvalidInputError:
            return None

    def _of_card(self, task: Task) -> str | None:
        """Return the row of a table whose cells a task shows, all of them."""
        return self._by_cells.get(tuple(str(task.data.get(name, "")) for name in self._columns))


def _by_cells(state: State) -> tuple[tuple[str, ...], dict[tuple[str, ...], str | None]]:
    """Return what columns make an item of a table, and each by its cells; None: there are two."""
    columns: tuple[str, ...] = ()
    found: dict[tuple[str, ...], str | None] = {}
    for place, item_id in enumerate(state.listing.ids):
        fields = state.listing.item(place).fields
        if not fields:
            break
        columns = columns or tuple(fields)
        cells = tuple(fields.get(name, "") for name in columns)
        found[cells] = None if cells in found else item_id
    return columns, found


def _read(state: State, finder: TaskFinder, task: Task) -> tuple[list[Found], list[RowReport]]:
    """Return what a task says that can be taken, and what cannot."""
    item = str(task.own.get("item") or next(names_of(task.data), ""))
    try:
        item_id = finder.find(state, task)
        said, refused = _said(task, state.settings.kind)
    except InvalidInputError as error:
        return [], [RowReport(task.name, item, str(error))]
    problems = [RowReport(task.name, item, why) for why in refused]
    noted = _noted(task)
    if not (said or noted):
        return [], problems or [RowReport(task.name, item, "no label")]
    return [found_row(state, task.name, item, item_id, said | noted)], problems


def said_by(annotation: Annotation, kind: str) -> str | None:
    """Return what an annotation says as a door hands it in; None: it was skipped.

    Parameters
    ----------
    annotation : from Label Studio
    kind : of the project's answers

    Raises
    ------
    InvalidInputError : it is no answer of this kind; the message is the reason
    """
    if kind == CLASS:
        return one_choice(annotation)
    chosen = all_choices(annotation)
    return None if chosen is None else as_said(sorted(chosen))


def _told(kind: str, told: Any) -> str | None:
    """Return what an export of ours keeps of an answer as a door hands it in."""
    if kind == CLASS or not isinstance(told, list):
        return None if told is None else str(told)
    return as_said(sorted(map(str, told)))


def _said(task: Task, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Return what people said as the fields of an event, and why of some nothing can be taken."""
    votes: dict[str, str | None] = {}
    refused = []
    known = _votes_of_ours(task, kind)
    for one in task.annotations:
        try:
            label = said_by(one, kind)
        except InvalidInputError as error:
            refused.append(str(error))
            continue
        votes[_who(one, label, known)] = label  # of one person the newest counts
    if not votes:
        return {}, refused
    if len(votes) > 1:
        told: dict[str, Any] = {"opinions": list(votes.items()), "asked_for": FROM_FILE}
        settled = _pairs([task.own.get("settled")], kind)
        if task.own.get("provenance") == SETTLED and settled:
            told["settled"] = settled[0]
        return told, refused
    ((who, label),) = votes.items()
    own = task.own
    was = _told(kind, own.get("label" if kind == CLASS else OF_SEVERAL))
    is_as_it_was = was == label and label is not None
    return {
        "class_name": label,
        "annotator": who,
        "confirmed": is_as_it_was and own.get("provenance") == CONFIRMED,
        "asked_for": FROM_FILE,
    }, refused


def _votes_of_ours(task: Task, kind: str) -> list[tuple[str, str | None]]:
    """Return who had said what when the task was exported: Label Studio knows not these people."""
    return _pairs(task.own.get("votes"), kind)


def _pairs(told: Any, kind: str) -> list[tuple[str, str | None]]:
    """Return who said what, as far as it is that."""
    pairs = told if isinstance(told, list) else []
    whole = (one for one in pairs if isinstance(one, list) and len(one) == 2)
    return [(str(who), _told(kind, what)) for who, what in whole]


def _who(one: Annotation, label: str | None, known: list[tuple[str, str | None]]) -> str:
    """Return who said something: whoever had said it before, else the user of Label Studio."""
    same = next((vote for vote in known if vote[1] == label), None)
    if same is None:
        return one.annotator
    known.remove(same)
    return same[0]


def _noted(task: Task) -> dict[str, Any]:
    comment = task.own.get("comment")
    noted = {"flagged": True} if task.own.get("flagged") is True else {}
    return noted | ({"comment": comment} if isinstance(comment, str) and comment else {})


def _passed_over(tasks: Sequence[Task]) -> Iterable[str]:
    """Yield sentences on what is no label of a person, or none that is known here."""
    n = sum(task.n_predictions for task in tasks)
    if n:
        yield f"{n:,} predictions are of models, and no person's word: passed over."
    types = Counter(kind for t in tasks for one in t.annotations for kind in one.passed_over)
    for kind, number in sorted(types.items()):
        yield f"{number:,} results of the type '{kind}' are no classes: passed over."


def studio_tasks(state: State, rows: Sequence[ExportRow]) -> str:
    """Return all items as Label Studio's tasks.

    Parameters
    ----------
    state : of the project
    rows : what is exported
    """
    return json.dumps([_task(state, row) for row in rows], ensure_ascii=False, indent=1)


def _task(state: State, row: ExportRow) -> dict[str, Any]:
    item = state.item(row.item_id)
    interface = Interface("label", shown_as(item.kind), ())
    votes = _votes(state, row)
    told = {k: v for k, v in asdict(row).items() if v not in (None, "", False)}
    own = told | {"votes": [list(vote) for vote in votes]}
    if row.provenance == SETTLED:
        own |= {"settled": [row.annotator, row.label if row.labels is None else row.labels]}
    return {
        "data": _data(state, item),
        "meta": {OWN: own},
        "annotations": [_annotation(interface, label) for _, label in votes],
        "predictions": _predictions(state, interface, row),
    }


def shown_as(kind: str) -> str:
    """Return what an item is in a labeling interface: ``"image"`` or ``"text"``."""
    return "image" if kind == "image" else "text"


def _votes(state: State, row: ExportRow) -> list[tuple[str, Chosen]]:
    """Return who said what of an item, as far as whoever exports may know it."""
    if row.state not in ("labeled", "skipped", "contested") or row.provenance == AUTOMATIC:
        return []
    said = state.replay.of(row.item_id).votes
    votes = [(vote.annotator, _chosen(state, vote.content)) for vote in said]
    return votes or [(row.annotator or "", row.label if row.labels is None else row.labels)]


def _chosen(state: State, content: str | None) -> Chosen:
    if content is None:
        return None
    names = state.replay.label_names(content)
    return state.replay.class_name(content) if names is None else names


def _annotation(interface: Interface, said: Chosen) -> dict[str, Any]:
    return {"result": _result(interface, said), "was_cancelled": said is None}


def _predictions(state: State, interface: Interface, row: ExportRow) -> list[dict[str, Any]]:
    version = f"{OWN}-{row.model_version}"
    if row.provenance == AUTOMATIC:
        said, score = row.label if row.labels is None else row.labels, row.confidence
    elif row.guess is not None:
        guess = state.own_guess(state.row_of[row.item_id])
        said = row.guess if guess is None or guess.labels is None else guess.labels
        score = row.guess_confidence
    else:
        return []
    return [{"result": _result(interface, said), "score": score, "model_version": version}]


def _result(interface: Interface, said: Chosen) -> list[dict[str, Any]]:
    """Return what is chosen as the results of an annotation; of nothing there is none."""
    chosen = (said,) if isinstance(said, str) else said or ()
    return [choice(interface, *chosen)] if chosen else []


def _data(state: State, item: Item) -> dict[str, Any]:
    if item.path is not None:
        root = state.listing.root
        inside = item.path.relative_to(root.parent) if root else Path(item.path.name)
        return {"image": PLACES + quote(inside.as_posix())}
    if item.text is not None:
        return {"text": item.text}
    if item.fields:
        return {"text": "\n".join(f"{k}: {v}" for k, v in item.fields.items()), **item.fields}
    return {"text": item.name}
