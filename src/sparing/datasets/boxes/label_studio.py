"""Label Studio's rectangles: in percent of a picture whose size stands beside them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sparing.datasets.boxes.framed import Framed, FramedPictures, Raw, Sizes, gathered, whole
from sparing.datasets.items import Skipped
from sparing.datasets.label_studio import list_under, names_of
from sparing.errors import InvalidInputError

RECTANGLES = "rectanglelabels"
FROM, TO = "label", "image"  # names of the controls in a labeling interface


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


def write_rectangles(pictures: Sequence[tuple[Framed, str, Mapping[str, Any]]]) -> bytes:
    """Return tasks: of each picture its boxes, the address of its file, and what else is known."""
    tasks = [
        {
            "data": {TO: address},
            "meta": dict(known),
            "annotations": [{"result": [_result(one, part) for part in one.boxes]}],
        }
        for one, address, known in pictures
    ]
    return json.dumps(tasks, ensure_ascii=False, indent=1).encode()


def _result(one: Framed, part: Mapping[str, Any]) -> dict[str, Any]:
    width, height = one.size or (1, 1)
    x0, y0, x1, y1 = part["box"]
    return {
        "from_name": FROM,
        "to_name": TO,
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
        found = [_box(r) for r in results if r.get("type") == RECTANGLES]
    except InvalidInputError as error:
        return Skipped(where, str(error))
    others = sorted({str(r.get("type")) for r in results} - {RECTANGLES})
    if others and not found:
        return Skipped(where, f"no rectangles, but {', '.join(others)}")
    size = next((size for _, size in found if size), None)
    return Raw(name, size, [box for box, _ in found], where)


def _box(result: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[int, int] | None]:
    value = result.get("value")
    size = whole(result.get("original_width"), result.get("original_height"))
    if not isinstance(value, Mapping) or size is None:
        raise InvalidInputError("a rectangle without a value or the size of its picture")
    labels = list_under(value, RECTANGLES)
    shares = [value.get(key) for key in ("x", "y", "width", "height")]
    if len(labels) != 1 or not all(isinstance(x, int | float) for x in shares):
        raise InvalidInputError("a rectangle with no label or several, or without numbers")
    if value.get("rotation") or result.get("image_rotation"):
        raise InvalidInputError("a rectangle that is turned")
    x, y, w, h = (float(s) / 100 for s in shares)  # type: ignore[arg-type]  # they are numbers
    box = [x * size[0], y * size[1], (x + w) * size[0], (y + h) * size[1]]
    return {"box": box, "label": labels[0], "score": result.get("score")}, size
