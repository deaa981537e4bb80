"""Labels from Label Studio: what people and models said there of the items of a project."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sparing.datasets.label_studio import Annotation, Task, names_of, read_array, read_task
from sparing.datasets.marked.checking import POINTS
from sparing.datasets.marked.label_studio import documents_in
from sparing.errors import InvalidInputError
from sparing.project.files.export_rows import CONFIRMED, SETTLED
from sparing.project.files.finding import Finder
from sparing.project.files.marked import placed
from sparing.project.files.readings import Found, Readings, RowReport, found_row, meaning_of
from sparing.project.files.stems import Stems
from sparing.project.files.studio_answers import (
    COLUMN_OF,
    OF_KIND,
    OF_PARTS,
    said_by,
    said_of,
    types_of,
)
from sparing.project.files.studio_boxes import n_twice
from sparing.project.settings import BOXES, SPANS
from sparing.project.source.items import Item
from sparing.project.state import State
from sparing.store.records import FROM_FILE


def read_studio(state: State, path: Path, offsets: str = POINTS) -> Readings:
    """Read an export of Label Studio; return what can be taken, and what cannot.

    An item is found by the key that an export of ours gave it, by its text, or by the path or name
    of its file; spans may be of a text that holds several. Predictions are nobody's word, and
    passed over.

    Parameters
    ----------
    state : of the project
    path : of the file
    offsets : what those of spans count

    Raises
    ------
    SourceError : the file cannot be read, or is no array of tasks
    """
    raw, notes = read_array(path)
    finder = TaskFinder(state)
    found: list[Found] = []
    problems: list[RowReport] = []
    tasks: list[Task] = []
    longer: list[tuple[str, Mapping[str, Any]]] = []
    for i, one in enumerate(raw):
        try:
            tasks.append(task := read_task(one, i + 1))
        except InvalidInputError as error:
            problems.append(RowReport(f"task {i + 1}", "", str(error)))
            continue
        try:
            item_id = finder.find(state, task)
        except InvalidInputError as error:
            if state.settings.kind == SPANS and task.annotations:
                longer.append((task.name, one))
            else:
                problems.append(RowReport(task.name, _shown(task), str(error)))
            continue
        taken, refused = _read(state, task, item_id, offsets)
        found += taken
        problems += refused
    if longer:
        taken, refused = placed(state, documents_in(longer, offsets))
        found += taken
        problems += refused
    return Readings(found, problems, (*notes, *_passed_over(tasks, state.settings.kind)))


def read_predictions(state: State, path: Path, offsets: str = POINTS) -> Readings:
    """Read what models say in an export of Label Studio: of each task the first prediction.

    Parameters
    ----------
    state, path, offsets : as of :func:`read_studio`

    Raises
    ------
    SourceError : the file cannot be read, or is no array of tasks
    """
    raw, notes = read_array(path)
    finder = TaskFinder(state)
    found: list[Found] = []
    problems: list[RowReport] = []
    for i, one in enumerate(raw):
        name = f"task {i + 1}"
        try:
            task = read_task(one, i + 1)
            name = task.name
            if not task.predictions:
                raise InvalidInputError("no prediction")
            item_id = finder.find(state, task)
            item = state.item(item_id)
            said = said_by(task.predictions[0], state.settings.kind, item, offsets)
        except InvalidInputError as error:
            problems.append(RowReport(name, "", str(error)))
            continue
        found.append(found_row(state, name, _shown(task), item_id, {"class_name": said}))
    return Readings(found, problems, notes)


class TaskFinder:
    """Items by what a task says of them, as long as the listing is the same.

    Parameters
    ----------
    state : of the project; it is not kept
    """

    def __init__(self, state: State) -> None:
        self._finder = Finder(state)
        self._stems = Stems(state) if state.settings.kind == BOXES else None
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
        names = [*names_of(task.data)]
        found = {self._of_card(task), *(self._called(state, name) for name in names)} - {None}
        if not found and self._stems is not None:
            found = {self._stems.find(name) for name in names} - {None}
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


def _shown(task: Task) -> str:
    return str(task.own.get("item") or next(names_of(task.data), ""))


def _read(
    state: State, task: Task, item_id: str, offsets: str
) -> tuple[list[Found], list[RowReport]]:
    """Return what a task says of its item that can be taken, and what cannot."""
    name = _shown(task)
    said, refused = _said(task, state.settings.kind, state.item(item_id), offsets)
    problems = [RowReport(task.name, name, why) for why in refused]
    noted = _noted(task)
    if not (said or noted):
        return [], problems or [RowReport(task.name, name, "no label")]
    return [found_row(state, task.name, name, item_id, said | noted)], problems


def _said(task: Task, kind: str, item: Item, offsets: str) -> tuple[dict[str, Any], list[str]]:
    """Return what people said as the fields of an event, and why of some nothing can be taken."""
    votes: dict[str, str | None] = {}
    seconds: dict[str, float | None] = {}
    refused = []
    known = _votes_of_ours(task, kind)
    for one in task.annotations:
        try:
            label = said_by(one, kind, item, offsets)
        except InvalidInputError as error:
            refused.append(str(error))
            continue
        who, told = _who(one, label, known, kind)
        votes[who] = told  # of one person the newest counts
        seconds[who] = one.seconds
    if not votes:
        return {}, refused
    if len(votes) > 1:
        fields: dict[str, Any] = {"opinions": list(votes.items()), "asked_for": FROM_FILE}
        settled = _pairs([task.own.get("settled")], kind)
        if task.own.get("provenance") == SETTLED and settled:
            fields["settled"] = settled[0]
        return fields, refused
    ((who, label),) = votes.items()
    was = said_of(kind, task.own.get(COLUMN_OF[kind]))
    is_as_it_was = label is not None and meaning_of(kind, was) == meaning_of(kind, label)
    return {
        "class_name": label,
        "annotator": who,
        "confirmed": is_as_it_was and task.own.get("provenance") == CONFIRMED,
        "asked_for": FROM_FILE,
        "seconds": seconds[who],
    }, refused


def _votes_of_ours(task: Task, kind: str) -> list[tuple[str, str | None]]:
    """Return who had said what when the task was exported: Label Studio knows not these people."""
    return _pairs(task.own.get("votes"), kind)


def _pairs(told: Any, kind: str) -> list[tuple[str, str | None]]:
    """Return who said what, as far as it is that."""
    pairs = told if isinstance(told, list) else []
    whole = [one for one in pairs if isinstance(one, list) and len(one) == 2]
    said = [(str(who), what, said_of(kind, what)) for who, what in whole]
    return [(who, told) for who, what, told in said if told is not None or what is None]


def _who(
    one: Annotation, label: str | None, known: list[tuple[str, str | None]], kind: str
) -> tuple[str, str | None]:
    """Return who said something, and what: whoever had said it before, else the user there."""
    same = next(
        (vote for vote in known if meaning_of(kind, vote[1]) == meaning_of(kind, label)), None
    )
    if same is None:
        return one.annotator, label
    known.remove(same)
    return same


def _noted(task: Task) -> dict[str, Any]:
    comment = task.own.get("comment")
    noted = {"flagged": True} if task.own.get("flagged") is True else {}
    return noted | ({"comment": comment} if isinstance(comment, str) and comment else {})


def _passed_over(tasks: Sequence[Task], kind: str) -> Iterable[str]:
    """Yield sentences on what is no label of a person, or none that is known here."""
    n = sum(len(task.predictions) for task in tasks)
    if n:
        yield f"{n:,} predictions are of models, and no person's word: passed over."
    said = [one for task in tasks for one in task.annotations]
    if n := sum(map(n_twice, said)) if kind == BOXES else 0:
        yield f"{n:,} boxes are there twice in their picture: taken once."
    types = Counter(name for one in said for name in types_of(one) if name != OF_KIND[kind])
    wanted = kind if kind in OF_PARTS else "classes"
    for name, number in sorted(types.items()):
        yield f"{number:,} results of the type '{name}' are no {wanted}: passed over."
