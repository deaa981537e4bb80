"""Framed: a picture with the boxes that a file has of it, checked; and what a reader gives."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from sparing._validate import invalid
from sparing.annotations.base import labels_of_all
from sparing.annotations.boxes import WHERE, BoxSet, Size, place_of, reaches_out
from sparing.datasets.decoding import whole_text
from sparing.datasets.items import Skipped
from sparing.errors import InvalidInputError
from sparing.pool.classes import ClassTable

KIND = BoxSet()
ROUNDED = 1e-6
"""By how much float32 puts a score beside its place."""
Sizes = Callable[[str], Size | None]
"""Gives the size of the upright picture that a file calls so; None where it is not known."""
BoxPart = dict[str, Any]
"""A box as ``parse`` takes it, with ``score`` where a model gave it."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A picture and its boxes.

    Parameters
    ----------
    name : path or name of the picture, as the file has it
    size : width and height in pixels as the file has them; None where it does not say
    boxes : in pixels of the upright picture; none: no object
    where : what a person finds it by: ``"image 7"``
    """

    name: str
    size: Size | None
    boxes: tuple[BoxPart, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class FramedPictures:
    """What a reader gives.

    Parameters
    ----------
    pictures : in the order of the file
    skipped : what was left out and why
    notes : what the person should know
    """

    pictures: tuple[Framed, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """A picture as a file has it, not checked yet; as :class:`Framed`."""

    name: str
    size: Size | None
    boxes: Sequence[Mapping[str, Any]]
    where: str


def gathered(
    raws: Iterable[Raw | Skipped], sizes: Sizes, notes: Iterable[str] = ()
) -> FramedPictures:
    """Return pictures whose boxes are such, and why the others are left out.

    Boxes of one label at one place are one, the surest, and those that reach out by a pixel at
    most are cut at the edge; both are counted.

    Parameters
    ----------
    raws : what a file has
    sizes : gives the size of a picture where the file does not
    notes : what the person should know
    """
    pictures: list[Framed] = []
    skipped: list[Skipped] = []
    n_cut = n_twice = 0
    for raw in raws:
        if isinstance(raw, Skipped):
            skipped.append(raw)
            continue
        size = raw.size or sizes(raw.name)
        try:
            parts = [_named(part) for part in raw.boxes]
            once = _once(parts)
            KIND.parse(once, ClassTable(tuple(labels_of_all(KIND, [once]))), size)
        except InvalidInputError as error:
            skipped.append(Skipped(raw.where, str(error)))
            continue
        n_twice += len(parts) - len(once)
        n_cut += size is not None and sum(reaches_out(part["box"], size) for part in once)
        pictures.append(Framed(raw.name, raw.size, tuple(once), raw.where))
    said = [*notes]
    said += [f"{n_cut:,} boxes reach out of their picture by a pixel at most: cut."] * (n_cut > 0)
    said += [f"{n_twice:,} boxes are there twice in their picture: taken once."] * (n_twice > 0)
    return FramedPictures(tuple(pictures), tuple(skipped), tuple(said))


def _once(parts: Sequence[BoxPart]) -> list[BoxPart]:
    """Return boxes without those that a surer one of the same label says already."""
    kept: dict[tuple[Any, str], BoxPart] = {}
    for part in parts:
        key = _place(part["box"]), part["label"]
        if key not in kept or part.get("score", 0) > kept[key].get("score", 0):
            kept[key] = part
    return list(kept.values())


def _place(box: Any) -> Any:
    """Return where a box is, to the finest step that is kept; what is none stays as it is."""
    try:
        return tuple(place_of(box))
    except (TypeError, ValueError, OverflowError):
        return repr(box)


def _named(part: Mapping[str, Any]) -> BoxPart:
    """Return a box whose label is a text, and whose score, if it has one, is a probability."""
    label, score = part.get("label"), part.get("score")
    if isinstance(label, bool) or not isinstance(label, str | int) or not str(label).strip():
        raise invalid("label", WHERE, "a text", label)
    told: BoxPart = {"box": part.get("box"), "label": whole_text(str(label)).strip()}
    if score is None:
        return told
    is_number = isinstance(score, Real) and not isinstance(score, bool)
    if not is_number or not -ROUNDED <= score <= 1 + ROUNDED:
        raise invalid("score", "a box of a model", "a number in [0, 1]", score)
    return told | {"score": min(max(float(score), 0.0), 1.0)}


def numbers(values: Sequence[Any], where: str) -> list[float]:
    """Return texts as numbers.

    Raises
    ------
    InvalidInputError : one is none
    """
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        found = [float("nan")]
    if not all(map(isfinite, found)):
        raise InvalidInputError(f"{where}: a box of four numbers is wanted. Got {list(values)}.")
    return found


def whole(width: Any, height: Any) -> Size | None:
    """Return a size that a file states; None where it states none.

    Examples
    --------
    >>> whole("640", 480.0), whole(None, 0)
    ((640, 480), None)
    """
    try:
        size = int(float(width)), int(float(height))
    except (TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None
