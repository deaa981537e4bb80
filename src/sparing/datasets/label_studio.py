"""Label Studio's JSON: tasks, what people and models said of them, and its labeling interface.

One reading for exported files and for what its server sends. What is unknown is passed over and
counted; nothing of a task is fetched.

References
----------
Label Studio 1.23: export and import format, https://labelstud.io/guide/export and
https://labelstud.io/guide/tasks
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from sparing.datasets.decoding import read_text
from sparing.datasets.label_cells import seconds_of
from sparing.errors import InvalidInputError, SourceError

OWN = "sparing"  # the part of a task's meta that is ours
CHOICES, LABELS, RECTANGLES = "choices", "labels", "rectanglelabels"
LEAD_TIME = "lead_time"  # seconds
SEVERAL = "multiple"  # how a control says that several may be chosen
UPLOADED = re.compile(r"[0-9a-f]{8}-")  # before the name of a file that was uploaded
MOST_INTERFACE = 1 << 20  # characters


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one person said of a task.

    Parameters
    ----------
    key : its id in Label Studio; ``""`` in a file that has none
    choices : what was chosen, in its order
    is_skipped : the person skipped the task
    annotator : mail address, or the number of a user; ``""`` where that is not known any more
    updated_at : ISO 8601; ``""`` where it is not said
    passed_over : types of its results that are no choices
    is_submitted : it has results, or a list of none
    marked : its results that mark a part of a text, as they came
    framed : its results that frame a part of a picture, as they came
    seconds : how long it took there; None where that is not said
    """

    key: str
    choices: tuple[str, ...]
    is_skipped: bool
    annotator: str
    updated_at: str
    passed_over: tuple[str, ...]
    is_submitted: bool
    marked: tuple[Mapping[str, Any], ...] = ()
    framed: tuple[Mapping[str, Any], ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """An item as Label Studio has it.

    Parameters
    ----------
    name : what a person finds it by: ``"task 7"``
    data : what is shown, by its keys
    own : what an export of ours said of it; empty elsewhere
    annotations : in the order in which they were made
    predictions : by models: nobody's word
    """

    name: str
    data: Mapping[str, Any]
    own: Mapping[str, Any]
    annotations: tuple[Annotation, ...]
    predictions: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """The part of a labeling interface in which choices are made, or parts are marked.

    Parameters
    ----------
    name, to_name : of the control, and of the object that it is about
    choices : that it offers; the labels of spans and of boxes
    """

    name: str
    to_name: str
    choices: tuple[str, ...]


def read_array(path: Path, encoding: str | None = None) -> tuple[list[Any], tuple[str, ...]]:
    """Read an exported file; return its tasks as they are, and notes on how it was read.

    Raises
    ------
    SourceError : it is missing, unreadable, or no array of tasks
    """
    text, notes, _ = read_text(path, encoding)
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not JSON: {error}.") from None
    if not isinstance(raw, list):
        raise SourceError(f"{path} is no array of Label Studio's tasks, each with 'data'.")
    return raw, tuple(notes)


def is_export(path: Path) -> bool:
    """Tell whether a file is a list of tasks, and no other table in JSON."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    try:
        raw, _ = read_array(path)
    except SourceError:
        return False
    return any(isinstance(one, Mapping) and isinstance(one.get("data"), Mapping) for one in raw)


def read_task(raw: Any, place: int) -> Task:
    """Return a task of an export or of a request.

    Parameters
    ----------
    raw : as it was in the JSON
    place : in its list, for the name of one without an id

    Raises
    ------
    InvalidInputError : it is none
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("data"), Mapping):
        raise InvalidInputError("no task: it has no 'data'")
    meta = raw.get("meta")
    own = meta.get(OWN) if isinstance(meta, Mapping) else None
    said = [
        read_annotation(one)
        for one in list_under(raw, "annotations") or list_under(raw, "completions")
    ]
    return Task(
        f"task {raw.get('id', place)}",
        raw["data"],
        own if isinstance(own, Mapping) else {},
        tuple(sorted(said, key=lambda one: one.updated_at)),
        tuple(read_annotation(one) for one in list_under(raw, "predictions")),
    )


def read_annotation(raw: Any) -> Annotation:
    """Return an annotation of an export or of a request, as far as it can be read."""
    raw = raw if isinstance(raw, Mapping) else {}
    results = [one for one in list_under(raw, "result") if isinstance(one, Mapping)]
    chosen = [one for one in results if one.get("type") == CHOICES]
    return Annotation(
        _text(raw.get("id")),
        tuple(str(choice) for one in chosen for choice in _choices(one.get("value") or {})),
        raw.get("was_cancelled") is True,
        _annotator(raw.get("completed_by")),
        _text(raw.get("updated_at") or raw.get("created_at")),
        tuple(str(one.get("type")) for one in results if one.get("type") != CHOICES),
        isinstance(raw.get("result"), list),
        tuple(one for one in results if one.get("type") == LABELS),
        tuple(one for one in results if one.get("type") == RECTANGLES),
        seconds_of(raw.get(LEAD_TIME)),
    )


def _choices(value: Any) -> list[Any]:
    """Return what was chosen: a list, or a text where a tool wrote a single choice so."""
    found = value.get(CHOICES) if isinstance(value, Mapping) else None
    return [found] if isinstance(found, str) else list_under(value, CHOICES)


def one_choice(annotation: Annotation) -> str | None:
    """Return the class that an annotation gives; None: it was skipped.

    Raises
    ------
    InvalidInputError : it gives none, or several; the message is the reason
    """
    if annotation.is_skipped:
        return None
    if len(annotation.choices) == 1:
        return annotation.choices[0]
    if annotation.choices:
        raise InvalidInputError(f"{len(annotation.choices)} choices, and an item has one class")
    raise _no_choice(annotation)


def all_choices(annotation: Annotation) -> tuple[str, ...] | None:
    """Return the labels that an annotation gives, each once; None: it was skipped.

    One that was submitted without any result says that none of the labels fits.

    Raises
    ------
    InvalidInputError : none of its results is a choice, or it is damaged; the message is the reason
    """
    if annotation.is_skipped:
        return None
    if not annotation.choices and (annotation.passed_over or not annotation.is_submitted):
        raise _no_choice(annotation)
    return tuple(dict.fromkeys(annotation.choices))


def _no_choice(annotation: Annotation) -> InvalidInputError:
    others = ", ".join(sorted(set(annotation.passed_over)))
    return InvalidInputError(f"no choice, but {others}" if others else "an annotation of nothing")


def names_of(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the data of a task may call its item: texts as they are, files by their paths.

    Examples
    --------
    >>> list(names_of({"image": "/data/local-files/?d=photos/a%20b.png"}))
    ['/data/local-files/?d=photos/a%20b.png', 'photos/a b.png']
    >>> list(names_of({"image": "/data/upload/3/0a1b2c3d-cat.png"}))[1:]
    ['cat.png']
    """
    for value in data.values():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)
        if not isinstance(value, str):
            continue
        yield value
        _, is_local, path = value.partition("?d=")
        if is_local:
            yield unquote(path)
        elif value.startswith("/data/upload/"):
            yield UPLOADED.sub("", unquote(value.rsplit("/", 1)[1]), count=1)


def choice(interface: Interface, *labels: str, why: str = "") -> dict[str, Any]:
    """Return a result that chooses a class, or several, and in its meta why the item was chosen."""
    made: dict[str, Any] = {
        "from_name": interface.name,
        "to_name": interface.to_name,
        "type": CHOICES,
        "value": {CHOICES: [*labels]},
    }
    return made | ({"meta": {"text": [why]}} if why else {})


def read_interface(
    config: str, *, several: bool = False, spans: bool = False, boxes: bool = False
) -> Interface:
    """Return the first control of a labeling interface in which one choice is made.

    Parameters
    ----------
    config : the interface, as XML
    several : whether it is to be a control in which several choices are made
    spans, boxes : whether it is to be one with which parts of a text or of a picture are marked

    Raises
    ------
    InvalidInputError : it is no interface, or none of its controls is such a one
    """
    if len(config) > MOST_INTERFACE or "<!" in re.sub(r"<!--.*?-->", "", config, flags=re.DOTALL):
        raise InvalidInputError("The labeling interface is too long, or declares entities.")
    try:
        root = ElementTree.fromstring(config)  # noqa: S314  # without declarations it is harmless
    except ElementTree.ParseError as error:
        raise InvalidInputError(f"The labeling interface is no XML: {error}.") from None
    tag, inside = _tags(spans=spans, boxes=boxes)
    of_parts = spans or boxes
    for control in root.iter(tag):
        name, to_name = control.get("name"), control.get("toName")
        if name and to_name and (of_parts or (control.get("choice") == SEVERAL) == several):
            offered = (one.get("alias") or one.get("value") for one in control.iter(inside))
            return Interface(name, to_name, tuple(one for one in offered if one))
    many = f'with choice="{SEVERAL}"' if several else "of which one is chosen"
    wanted = f"that mark parts of a {'text' if spans else 'picture'}" if of_parts else many
    raise InvalidInputError(f"The labeling interface has no <{tag}> {wanted}.")


def _tags(*, spans: bool, boxes: bool) -> tuple[str, str]:
    """Return the tags of a control, and of what it offers."""
    of_parts = "Labels" if spans else "RectangleLabels" if boxes else None
    return ("Choices", "Choice") if of_parts is None else (of_parts, "Label")


def interface_for(
    shown: str,
    classes: Sequence[str],
    *,
    several: bool = False,
    spans: bool = False,
    boxes: bool = False,
) -> str:
    """Return a labeling interface for classes.

    Parameters
    ----------
    shown : ``"image"`` or ``"text"``
    classes : to choose from
    several : whether several of them may be chosen
    spans, boxes : whether they mark parts of a text or of a picture

    Examples
    --------
    >>> read_interface(interface_for("text", ["a & b"]))
    Interface(name='label', to_name='text', choices=('a & b',))
    """
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, shown.capitalize(), name=shown, value=f"${shown}")
    how = {"choice": SEVERAL} if several else {}
    tag, inside = _tags(spans=spans, boxes=boxes)
    control = ElementTree.SubElement(view, tag, how, name="label", toName=shown)
    for name in classes:
        ElementTree.SubElement(control, inside, value=name)
    return ElementTree.tostring(view, encoding="unicode")


def _annotator(raw: Any) -> str:
    if isinstance(raw, Mapping):
        return _text(raw.get("email") or raw.get("id"))
    return f"user {raw}" if isinstance(raw, int) and not isinstance(raw, bool) else _text(raw)


def list_under(raw: Any, key: str) -> list[Any]:
    """Return the list that an object has under a key; an empty one if there is none."""
    found = raw.get(key) if isinstance(raw, Mapping) else None
    return found if isinstance(found, list) else []


def _text(raw: Any) -> str:
    return "" if raw is None else str(raw)
