"""Label Studio's JSON: tasks with a text, and annotations whose results are spans."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparing.annotations.spans import Span
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import LABELS, Interface, list_under, read_array
from sparing.datasets.marked.checking import POINTS, UTF16, checked
from sparing.datasets.marked.document import Document, Documents
from sparing.errors import SourceError

FROM, TO = "label", "text"  # names of the controls in a labeling interface


def read_label_studio(path: Path, offsets: str = POINTS, encoding: str | None = None) -> Documents:
    """Read an export of Label Studio; of a task the first annotation that was not cancelled.

    Results that are no spans, and predictions, are passed over, and said to be.

    Raises
    ------
    SourceError : the file is missing, unreadable, no text, or no array of tasks
    """
    tasks, notes = read_array(path, encoding)
    if not all(isinstance(t, Mapping) and isinstance(t.get("data"), Mapping) for t in tasks):
        raise SourceError(f"{path} is no array of Label Studio's tasks, each with 'data'.")
    read = documents_in(
        [(f"task {task.get('id', i)}", task) for i, task in enumerate(tasks)], offsets
    )
    several = sum(len(_kept(task)) > 1 for task in tasks)
    more = (f"{several} tasks have several annotations; the first counts.",) if several else ()
    return replace(read, notes=(*notes, *more, *_passed_over(tasks)))


def documents_in(
    tasks: Sequence[tuple[str, Mapping[str, Any]]], offsets: str = POINTS
) -> Documents:
    """Return what tasks, each with its name, say: of each the first that was not cancelled."""
    found = [_document(task, name, offsets) for name, task in tasks]
    return Documents(
        tuple(each for each in found if isinstance(each, Document)),
        tuple(each for each in found if isinstance(each, Skipped)),
    )


def write_label_studio(documents: Sequence[Document]) -> str:
    """Return documents as Label Studio's tasks.

    Examples
    --------
    >>> tasks = json.loads(write_label_studio([Document("Ada", ((0, 3, "x"),))]))
    >>> tasks[0]["annotations"][0]["result"][0]["value"]
    {'start': 0, 'end': 3, 'text': 'Ada', 'labels': ['x']}
    """
    return json.dumps([_task(document) for document in documents], ensure_ascii=False, indent=1)


def _task(document: Document) -> dict[str, Any]:
    task: dict[str, Any] = {"data": {TO: document.text}}
    if document.spans is None:
        return task
    here = Interface(FROM, TO, ())
    results = [marked(here, document.text, span) for span in document.spans]
    return task | {"annotations": [{"result": results}]}


def marked(interface: Interface, text: str, span: Span) -> dict[str, Any]:
    """Return a result that marks a part of a text."""
    start, end, label = span
    return {
        "from_name": interface.name,
        "to_name": interface.to_name,
        "type": LABELS,
        "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
    }


def spans_in(
    results: Sequence[Mapping[str, Any]], text: Any, name: str, offsets: str = POINTS
) -> Document | Skipped:
    """Return a text with the spans that results mark, or why these are none.

    Label Studio counts code points, as it has since 2022; before, and in what scripts make for it,
    offsets are a browser's UTF-16 units. The text beside each tells which.

    Parameters
    ----------
    results : of the type ``"labels"``
    text : in which they mark parts
    name : what a person finds it by
    offsets : what theirs count; where that does not fit the text beside them, UTF-16 units

    References
    ----------
    Label Studio's editor, "text with emoji breaks region offsets",
    https://github.com/HumanSignal/label-studio-frontend/pull/308
    """
    values: list[Any] = [result.get("value") for result in results]
    if any(len(list_under(value, "labels")) != 1 for value in values):
        return Skipped(name, "a span with no label or several")
    spans = [(value.get("start"), value.get("end"), value["labels"][0]) for value in values]
    quoted = [value.get("text") for value in values]
    found = checked(text, spans, name, offsets, quoted)
    if isinstance(found, Document) or not all(isinstance(said, str) for said in quoted):
        return found
    in_units = checked(text, spans, name, UTF16, quoted)
    return in_units if isinstance(in_units, Document) else found


def _kept(task: Mapping[str, Any]) -> list[Any]:
    said = [a for a in list_under(task, "annotations") if isinstance(a, Mapping)]
    return [a for a in said if not a.get("was_cancelled")]


def _passed_over(tasks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield sentences on what is no span of a person."""
    if n := sum(len(list_under(task, "predictions")) for task in tasks):
        yield f"{n:,} predictions are of models, and no person's word: passed over."
    read = [kept[0] for kept in map(_kept, tasks) if kept]
    types = Counter(kind for one in read for kind in _types(one) if kind != LABELS)
    for kind, number in sorted(types.items()):
        yield f"{number:,} results of the type '{kind}' are no spans: passed over."


def _types(annotation: Mapping[str, Any]) -> list[str]:
    results = list_under(annotation, "result")
    return [str(one.get("type")) for one in results if isinstance(one, Mapping)]


def _document(task: Mapping[str, Any], name: str, offsets: str) -> Document | Skipped:
    texts = [value for value in task["data"].values() if isinstance(value, str)]
    text = task["data"].get(TO, texts[0] if len(texts) == 1 else None)
    annotations = _kept(task)
    if not annotations:
        return checked(text, None, name)
    said = [r for r in list_under(annotations[0], "result") if isinstance(r, Mapping)]
    results = [result for result in said if result.get("type") == LABELS]
    others = sorted({*_types(annotations[0])} - {LABELS})
    if others and not results:
        return Skipped(name, f"no spans, but {', '.join(others)}")
    return spans_in(results, text, name, offsets)
