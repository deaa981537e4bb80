"""Which classes of two projects are one class: those with one name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparing.errors import InvalidInputError, UnknownNameError
from sparing.project.log.replay import Replay
from sparing.store import Event


@dataclass(frozen=True, slots=True)
class Join:
    """What becomes of a class.

    Parameters
    ----------
    class_id, name : of the class there
    into : key of the class here, which may have been deleted; None: it is new here
    into_name : of the class here
    """

    class_id: str
    name: str
    into: str | None
    into_name: str


def join_classes(
    here: Replay, there: Replay, wanted: Mapping[str, str], known: Mapping[str, str]
) -> list[Join]:
    """Join the classes of one project with those of another.

    Parameters
    ----------
    here, there : the two
    wanted : name there -> name here, where a person says so
    known : key there -> key here, as they were joined before; the others go by their names

    Raises
    ------
    UnknownNameError : a person names a class that is not here
    """
    own = {c.class_id for c in here.all_classes}
    before = {c: c for c in own} | {c: into for c, into in known.items() if into in own}
    return [_joined(here, before, c.class_id, c.name, wanted) for c in there.classes]


def check_all_named(wanted: Mapping[str, str], projects: Sequence[Sequence[Event]]) -> None:
    """Raise if a person names a class that no project has.

    Raises
    ------
    UnknownNameError : so it is
    """
    names = {c.name for events in projects for c in Replay(events).classes} if wanted else set()
    for name in wanted:
        if name not in names:
            raise UnknownNameError("class", name, names)


def parse_wanted(pairs: Sequence[str]) -> dict[str, str]:
    """Read pairs such as ``"Hund=dog"``.

    Raises
    ------
    InvalidInputError : one of them is none
    """
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, sign, into) in zip(pairs, split, strict=True):
        if not (name.strip() and sign and into.strip()):
            raise InvalidInputError(
                f"The 'class' parameter of merge must be NAME=NAME. Got {pair!r} instead."
            )
    return {name.strip(): into.strip() for name, _, into in split}


def _joined(
    here: Replay, before: Mapping[str, str], class_id: str, name: str, wanted: Mapping[str, str]
) -> Join:
    into = before.get(class_id)
    try:
        if name in wanted:
            into = here.class_id(wanted[name])
        elif into is None or here.is_deleted(into):
            into = here.class_id(name)
    except UnknownNameError:
        if name in wanted:
            raise
        if into is not None:
            return Join(class_id, name, here.resolve(into), here.class_name(into))
        return Join(class_id, name, None, name)
    return Join(class_id, name, here.resolve(into), here.class_name(into))
