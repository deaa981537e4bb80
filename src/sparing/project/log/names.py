"""How what an answer says is shown to people, by the names that its classes have now."""

from collections.abc import Sequence

from sparing.annotations.boxes import pixels
from sparing.project.log.classes import Classes
from sparing.store.contents import LIST, units_in

NONE = "none of these"


def shown(content: str, classes: Classes) -> str:
    """Return the name of a class; of several labels their names, in the order of the classes.

    Of spans and boxes it is each place with its name.
    """
    if not content.startswith(LIST):
        return classes.name_of(content)
    units = units_in(content)
    if not units:
        return NONE
    if len(units[0]) > 1:
        places = (_place(place) for *place, _ in units)
        return ", ".join(
            f"{p} {classes.name_of(u[-1])}" for p, u in zip(places, units, strict=True)
        )
    return ", ".join(label_names(content, classes) or ())


def _place(place: Sequence[int]) -> str:
    """Return a span by its ends, a box by its edges in pixels."""
    if len(place) == 2:
        return "-".join(map(str, place))
    return ",".join(f"{x:g}" for x in pixels(place))


def label_names(content: str, classes: Classes) -> tuple[str, ...] | None:
    """Return the names of several labels, in the order of the classes; None where it is parts."""
    units = units_in(content)
    if any(len(unit) > 1 for unit in units):
        return None
    order = {one.class_id: place for place, one in enumerate(classes.all)}
    keys = {classes.resolve(key) for (key,) in units}
    return tuple(classes.name_of(key) for key in sorted(keys, key=order.__getitem__))
