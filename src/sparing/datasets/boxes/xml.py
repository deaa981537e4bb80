"""Pascal VOC's and CVAT's XML: a file a picture, and one of many; entities are refused.

Coordinates are taken for edges in pixels, as labelImg and CVAT write them; nothing is added for
the pixels that VOC's own files of 2007 count from 1.

References
----------
http://host.robots.ox.ac.uk/pascal/VOC, https://docs.cvat.ai/docs/dataset_management/formats/xml_format
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sparing.datasets.boxes.framed import (
    Framed,
    FramedPictures,
    Raw,
    Sizes,
    gathered,
    numbers,
    whole,
)
from sparing.datasets.decoding import read_bytes, read_text
from sparing.datasets.items import Skipped
from sparing.datasets.paths import plain_path
from sparing.errors import InvalidInputError, SourceError

EDGES_OF_VOC = ("xmin", "ymin", "xmax", "ymax")
EDGES_OF_CVAT = ("xtl", "ytl", "xbr", "ybr")
ENCODING = re.compile(rb"""\s*<\?xml[^>]*\sencoding\s*=\s*["'](?!utf-?16)([\w.:-]+)["']""", re.I)
"""An encoding that is declared; of UTF-16 no byte after the other says so, but a mark."""
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML has."""
OF_VOC, OF_CVAT = "annotation", "annotations"


def root_of(path: Path) -> Element:
    """Return the first element of a file.

    Raises
    ------
    SourceError : it is no XML, or declares entities, which could grow without end
    """
    told = ENCODING.match(read_bytes(path))
    try:
        text = read_text(path, told and told[1].decode())[0]
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise SourceError(f"{path} declares a document type or entities: it is not read.")
        return ElementTree.fromstring(text)  # noqa: S314  # without entities
    except (ElementTree.ParseError, RecursionError, ValueError) as error:
        raise SourceError(f"{path} is no XML: {error}.") from None


def read_voc(path: Path, sizes: Sizes) -> FramedPictures:
    """Read a file, or all of a folder; one that is no such file is left out, and named."""
    files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    return gathered((_of_voc(file, sizes) for file in files), sizes)


def read_cvat(root: Element, sizes: Sizes) -> FramedPictures:
    """Read pictures of CVAT; shapes that are no upright boxes are passed over, and counted."""
    images = root.findall("image")
    shapes = Counter(
        "rotated box" if shape.tag == "box" else shape.tag
        for image in images
        for shape in image
        if (shape.tag != "box" and shape.tag != "tag") or _is_turned(shape)
    )
    notes = [f"{n:,} shapes are no boxes ({name}): passed over." for name, n in shapes.items()]
    return gathered((_of_cvat(image, i) for i, image in enumerate(images)), sizes, notes)


def write_voc(one: Framed) -> bytes:
    """Return a picture with its boxes as Pascal VOC's XML."""
    width, height = one.size or (0, 0)
    root = Element(OF_VOC)
    _add(root, "folder", Path(one.name).parent.name)
    _add(root, "filename", Path(one.name).name)
    _add(root, "path", one.name)
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", width), ("height", height), ("depth", 3)):
        _add(size, name, str(value))
    for part in one.boxes:
        thing = ElementTree.SubElement(root, "object")
        for name, text in (("name", part["label"]), ("pose", "Unspecified")):
            _add(thing, name, text)
        for name in ("truncated", "difficult"):
            _add(thing, name, "0")
        box = ElementTree.SubElement(thing, "bndbox")
        for name, edge in zip(EDGES_OF_VOC, part["box"], strict=True):
            _add(box, name, f"{edge:.10g}")
    return _text(root)


def write_cvat(pictures: Sequence[Framed], classes: Iterable[str]) -> bytes:
    """Return pictures with their boxes as CVAT's XML for images, version 1.1."""
    root = Element(OF_CVAT)
    _add(root, "version", "1.1")
    labels = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task"), "labels"
    )
    for name in classes:
        _add(ElementTree.SubElement(labels, "label"), "name", name)
    for i, one in enumerate(pictures):
        width, height = one.size or (0, 0)
        told = {"id": str(i), "name": one.name, "width": str(width), "height": str(height)}
        image = _place(root, "image", told)
        for part in one.boxes:
            edges = zip(EDGES_OF_CVAT, part["box"], strict=True)
            placed = {name: f"{edge:.10g}" for name, edge in edges}
            more = {"label": part["label"], "source": "manual", "occluded": "0", "z_order": "0"}
            _place(image, "box", more | placed)
    return _text(root)


def _add(parent: Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = FORBIDDEN.sub("", text)


def _place(parent: Element, name: str, told: Mapping[str, str]) -> Element:
    """Add an element with attributes."""
    kept = {key: FORBIDDEN.sub("", value) for key, value in told.items()}
    return ElementTree.SubElement(parent, name, kept)


def _text(root: Element) -> bytes:
    ElementTree.indent(root)
    found: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def _of_voc(file: Path, sizes: Sizes) -> Raw | Skipped:
    try:
        root = root_of(file)
        name = _called(root, sizes)
        if root.tag != OF_VOC or not name:
            return Skipped(file.name, "no file of Pascal VOC with a filename")
        boxes = [_box_of_voc(thing) for thing in root.findall("object")]
    except (SourceError, InvalidInputError) as error:
        return Skipped(file.name, str(error))
    size = whole(root.findtext("size/width"), root.findtext("size/height"))
    return Raw(name, size, boxes, file.name)


def _called(root: Element, sizes: Sizes) -> str:
    """Return what a picture of VOC is called: its path, where it ends in its name; else its name.

    Programs copy files and leave the path behind: it only tells which of two of a name is meant.
    """
    folder, name, path = (
        (root.findtext(key) or "").strip() for key in ("folder", "filename", "path")
    )
    if path and (not name or _bare(path) == _bare(name)):
        return path
    inside = f"{folder}/{name}"
    return inside if folder and name and sizes(inside) else name


def _bare(path: str) -> str:
    return plain_path(path).rpartition("/")[2]


def _box_of_voc(thing: Element) -> dict[str, Any]:
    edges = [thing.findtext(f"bndbox/{edge}") for edge in EDGES_OF_VOC]
    return {"box": numbers(edges, "An object"), "label": thing.findtext("name")}


def _is_turned(shape: Element) -> bool:
    return shape.get("rotation", "0").strip() not in ("", "0", "0.0", "0.00")


def _of_cvat(image: Element, place: int) -> Raw | Skipped:
    name = image.get("name")
    if not name:
        return Skipped(f"image {place + 1}", "it has no name")
    try:
        boxes = [
            {"box": numbers([b.get(e) for e in EDGES_OF_CVAT], "A box"), "label": b.get("label")}
            for b in image.findall("box")
            if not _is_turned(b)
        ]
    except InvalidInputError as error:
        return Skipped(name, str(error))
    return Raw(name, whole(image.get("width"), image.get("height")), boxes, name)
