"""What several people said of an item: as an export writes it, and as events again."""

from collections.abc import Sequence
from uuid import uuid4

from sparing.store import Kind, NewEvent

SKIPPED = "skipped"
BETWEEN, SAID = "; ", ": "
ImportedOpinions = Sequence[tuple[str, str | None]]


def written(opinions: ImportedOpinions) -> str:
    """Return who said what as one cell; ``""`` where not several people did.

    Examples
    --------
    >>> written([("Ada", "cat"), ("Ben", None)])
    'Ada: cat; Ben: skipped'
    """
    if len(opinions) < 2:
        return ""
    return BETWEEN.join(f"{who}{SAID}{what or SKIPPED}" for who, what in opinions)


def read(cell: str) -> list[tuple[str, str | None]]:
    """Return who said what, as :func:`written` wrote it; nothing where not several people did.

    No name of a person has a colon; one of a class may have whatever stands between two opinions.

    Examples
    --------
    >>> read("Ada: cat; dog; Ben: skipped")
    [('Ada', 'cat; dog'), ('Ben', None)]
    """
    parts: list[str] = []
    for part in cell.split(BETWEEN):
        if SAID in part or not parts:
            parts.append(part)
        else:
            parts[-1] += BETWEEN + part
    pairs = [part.partition(SAID) for part in parts]
    found = [(who, None if what == SKIPPED else what) for who, sign, what in pairs if sign]
    return found if len(found) > 1 else []


def as_events(
    item_id: str,
    opinions: ImportedOpinions,
    asked_for: str,
    settled: tuple[str, str] | None,
    within: str | None = None,
) -> tuple[NewEvent, ...]:
    """Return opinions that stand beside each other, and what settled them if somebody did.

    Parameters
    ----------
    item_id : of the item
    opinions : (person, name of the class; None: skipped)
    asked_for : what the answers were for
    settled : who decided, and the name of the class
    within : what places are in: the hash of a text, the size of a picture; None: nobody says
    """
    answers = [
        NewEvent(
            key=uuid4().hex,
            kind=Kind.SKIP if what is None else Kind.LABEL,
            item_id=item_id,
            class_name=what,
            annotator=who,
            asked_for=asked_for,
            beside=True,
            text=None if what is None else within,
        )
        for who, what in opinions
    ]
    if settled is None:
        return tuple(answers)
    who, name = settled
    last = NewEvent(
        key=uuid4().hex,
        kind=Kind.SETTLED,
        item_id=item_id,
        class_name=name,
        annotator=who,
        seen=answers[0].key,
        text=within,
    )
    return (*answers, last)
