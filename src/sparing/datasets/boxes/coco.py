"""COCO's JSON: instances with their pictures and categories, and results of a detector.

References
----------
https://cocodataset.org/#format-data, https://cocodataset.org/#format-results
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sparing.annotations.boxes import Size, is_place, pixels, place_of
from sparing.datasets.boxes.framed import Framed, FramedPictures, Raw, Sizes, gathered, whole
from sparing.datasets.items import Skipped
from sparing.errors import InvalidInputError, SourceError


def read_coco(told: Mapping[str, Any], path: Path, sizes: Sizes) -> FramedPictures:
    """Read instances; a picture without any has no object.

    Boxes of crowds are no objects, and passed over.

    Raises
    ------
    SourceError : it has no pictures, annotations and categories
    """
    images, annotations, categories = (
        _objects(told, key, path) for key in ("images", "annotations", "categories")
    )
    names = {_key(one.get("id")): one.get("name") for one in categories}
    of: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    n_crowds = 0
    for one in annotations:
        n_crowds += bool(one.get("iscrowd"))
        if not one.get("iscrowd"):
            of[_key(one.get("image_id"))].append(one)
    ids = {_key(image.get("id")) for image in images}
    lost = sum(len(some) for key, some in of.items() if key not in ids)
    notes = [f"{n_crowds:,} boxes are of crowds: passed over."] * (n_crowds > 0)
    notes += [f"{lost:,} boxes are of pictures that {path.name} does not list."] * (lost > 0)
    n_empty = sum(not of[_key(image.get("id"))] for image in images)
    notes += [f"{n_empty:,} pictures have no box: taken as without an object."] * (n_empty > 0)
    return gathered((_raw(image, of, names) for image in images), sizes, notes)


def read_results(
    told: Sequence[Any], names: Mapping[int, str], sizes: Sizes, pictures: Mapping[int, str]
) -> FramedPictures:
    """Read what a detector says; pictures and categories by the ids of our export, or by name.

    Parameters
    ----------
    told : the objects, each with image_id (or file_name), category_id (or category), bbox, score
    names : of the categories by id
    sizes : as of :func:`gathered`
    pictures : what the pictures are called, by id
    """
    of: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    odd: dict[str, Skipped] = {}
    for i, one in enumerate(told):
        if not isinstance(one, Mapping):
            where = f"result {i + 1}"
            odd[where] = Skipped(where, "no object of COCO's results")
            continue
        named = one.get("file_name", one.get("image_id"))
        where = f"image {named}"
        name = named if isinstance(named, str) else pictures.get(_number(named))
        if name is None:
            odd[where] = Skipped(where, "no such picture")
        else:
            of[name, where].append(one)
    raws = (_boxed(name, None, some, names, where) for (name, where), some in of.items())
    return gathered([*odd.values(), *raws], sizes)


def write_coco(
    pictures: Sequence[tuple[int, Framed]], categories: Sequence[tuple[int, str]]
) -> bytes:
    """Return instances as JSON.

    Parameters
    ----------
    pictures : id of each, and its boxes
    categories : id and name of each, in order
    """
    ids = {name: key for key, name in categories}
    told: dict[str, Any] = {
        "info": {"description": "boxes in pixels of the upright pictures"},
        "images": [
            {"id": key, "file_name": one.name, "width": w, "height": h}
            for key, one in pictures
            for w, h in [one.size or (0, 0)]
        ],
        "annotations": list(_annotations(pictures, ids)),
        "categories": [{"id": key, "name": name} for key, name in categories],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _annotations(
    pictures: Sequence[tuple[int, Framed]], ids: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    boxes = ((key, part) for key, one in pictures for part in one.boxes)
    for i, (key, part) in enumerate(boxes, 1):
        x0, y0, x1, y1 = pixels(place_of(part["box"]))
        yield {
            "id": i,
            "image_id": key,
            "category_id": ids[part["label"]],
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "area": (x1 - x0) * (y1 - y0),
            "iscrowd": 0,
        }


def _objects(told: Mapping[str, Any], key: str, path: Path) -> list[Mapping[str, Any]]:
    found = told.get(key)
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise SourceError(f"{path} is no file of COCO's instances: it has no list of '{key}'.")
    return found


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _key(value: Any) -> Any:
    return value if isinstance(value, int | str | float) else None


def _raw(
    image: Mapping[str, Any],
    of: Mapping[Any, Sequence[Mapping[str, Any]]],
    names: Mapping[Any, Any],
) -> Raw | Skipped:
    name, key = image.get("file_name"), _key(image.get("id"))
    if not isinstance(name, str) or not name:
        return Skipped(f"image {key}", "it has no file_name")
    if key is None:
        return Skipped(name, "it has no id, by which its boxes would be found")
    size = whole(image.get("width"), image.get("height"))
    return _boxed(name, size, of.get(key, ()), names, name)


def _boxed(
    name: str,
    size: Size | None,
    some: Sequence[Mapping[str, Any]],
    names: Mapping[Any, Any],
    where: str,
) -> Raw | Skipped:
    """Return a picture with its boxes, or why one of them is of no class."""
    try:
        return Raw(name, size, [_box(one, names) for one in some], where)
    except InvalidInputError as error:
        return Skipped(where, str(error))


def _box(one: Mapping[str, Any], names: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a box with its edges; what is none stays as it is, and is refused with the rest.

    Raises
    ------
    InvalidInputError : its category is none of those that have a name
    """
    box, category = one.get("bbox"), one.get("category_id")
    if isinstance(box, list) and len(box) == 4 and all(map(is_place, box)):
        box = [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    known = names.get(category) if isinstance(category, int | str) else None
    if known is None and "category" not in one:
        raise InvalidInputError(f"there is no category {category!r}")
    return {"box": box, "label": one.get("category", known), "score": one.get("score")}
