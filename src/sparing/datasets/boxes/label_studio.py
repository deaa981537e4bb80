"""Label Studio's rectangles: in percent of a picture whose size stands beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparing.annotations.boxes import Size, is_place
from sparing.datasets.boxes.framed import FramedPictures, Raw, Sizes, gathered, whole
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import RECTANGLES, Interface, list_under, names_of
from sparing.errors import InvalidInputError


def read_rectangles(
    tasks: Sequence[Any], sizes: Sizes, *, predictions: bool = False
) -> FramedPictures:
    """Read tasks with rectangles; of a task the first annotation that was not cancelled.

    Parameters
    ----------
    tasks : of an export
    sizes : as of :func:`gathered`
    predictions : whether what models say is wanted, and not what people do
    """
    read = [_raw(task, i + 1, predictions=predictions) for i, task in enumerate(tasks)]
    n = sum(len(list_under(task, "predictions")) for task in tasks if isinstance(task, Mapping))
    notes = [f"{n:,} predictions are of models, and no person's word: passed over."]
    return gathered(
        (one for one in read if one is not None), sizes, notes if n and not predictions else ()
    )


def drawn(interface: Interface, size: Size, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result that frames a part of a picture.

    Parameters
    ----------
    interface : names the control
    size : of the picture
    part : with ``box`` in pixels and ``label``

    Examples
    --------
    >>> part = {"box": [0, 4, 8, 8], "label": "cat"}
    >>> drawn(Interface("label", "image", ()), (16, 8), part)["value"]["width"]
    50.0
    """
    (width, height), (x0, y0, x1, y1) = size, part["box"]
    return {
        "from_name": interface.name,
        "to_name": interface.to_name,
        "type": RECTANGLES,
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {
            "x": 100 * x0 / width,
            "y": 100 * y0 / height,
            "width": 100 * (x1 - x0) / width,
            "height": 100 * (y1 - y0) / height,
            "rotation": 0,
            RECTANGLES: [part["label"]],
        },
    }


def _raw(task: Any, number: int, *, predictions: bool) -> Raw | Skipped | None:
    where = f"task {task.get('id', number)}" if isinstance(task, Mapping) else f"task {number}"
    if not isinstance(task, Mapping) or not isinstance(task.get("data"), Mapping):
        return Skipped(where, "no task with 'data'")
    name = next(reversed([*names_of(task["data"])]), None)
    said = list_under(task, "predictions" if predictions else "annotations")
    kept = [a for a in said if isinstance(a, Mapping) and not a.get("was_cancelled")]
    if not kept:
        return None
    if name is None:
        return Skipped(where, "its data name no picture")
    try:
        results = [r for r in list_under(kept[0], "result") if isinstance(r, Mapping)]
        found = [rectangle(r) for r in results if r.get("type") == RECTANGLES]
    except InvalidInputError as error:
        return Skipped(where, str(error))
    others = sorted({str(r.get("type")) for r in results} - {RECTANGLES})
    if others and not found:
        return Skipped(where, f"no rectangles, but {', '.join(others)}")
    size = next((size for _, size in found if size), None)
    return Raw(name, size, [box for box, _ in found], where)


def rectangle(result: Mapping[str, Any]) -> tuple[dict[str, Any], Size]:
    """Return the box of a result, with its score if it has one, and the size of its picture.

    Raises
    ------
    InvalidInputError : it is none; the message is the reason
    """
    value = result.get("value")
    size = whole(result.get("original_width"), result.get("original_height"))
    if not isinstance(value, Mapping) or size is None:
        raise InvalidInputError("a rectangle without a value or the size of its picture")
    labels = list_under(value, RECTANGLES)
    shares = [value.get(key) for key in ("x", "y", "width", "height")]
    if len(labels) != 1 or not all(map(is_place, shares)):
        raise InvalidInputError("a rectangle with no label or several, or without numbers")
    if value.get("rotation") or result.get("image_rotation"):
        raise InvalidInputError("a rectangle that is turned")
    x, y, w, h = (float(s) / 100 for s in shares)  # type: ignore[arg-type]  # they are numbers
    box = [x * size[0], y * size[1], (x + w) * size[0], (y + h) * size[1]]
    return {"box": box, "label": labels[0], "score": result.get("score")}, size
