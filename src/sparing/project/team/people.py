"""What holds of an item that several people have answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from sparing.project.log.boxed import alike
from sparing.project.log.replay import ItemState, Replay
from sparing.stats.dawid_skene import Votes, count_votes, dawid_skene

LEAST_CONFIDENCE = 0.8
"""A consensus that is less sure teaches no model: of five such labels one would be wrong, and the
item waits to be settled anyway."""


@dataclass(frozen=True, slots=True)
class HeldClass:
    """The class that holds of an item.

    Parameters
    ----------
    content : the class, or all that is said; of a consensus the most probable one
    confidence : of a consensus; 1 where people do not differ, or somebody has settled it
    by_consensus : people differ, and nobody has settled it
    """

    content: str
    confidence: float = 1.0
    by_consensus: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it may teach a model, and stand in an export."""
        return self.confidence >= LEAST_CONFIDENCE


class Opinions:
    """The consensus on the items where people differ; made again when anything was said.

    Parameters
    ----------
    replay : of the project
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._made_at = -1
        self._consensus: dict[str, HeldClass] = {}

    def held(self, item_id: str) -> HeldClass | None:
        """Return what holds of an item; None if nobody has given it a class."""
        if self._replay.is_contested(item_id):
            return self._contested()[item_id]
        answer = self._replay.of(item_id).answer
        if answer is None or answer.content is None:
            return None
        return HeldClass(self._replay.resolve(answer.content))

    def _contested(self) -> dict[str, HeldClass]:
        if self._made_at != self._replay.n_events:
            self._consensus = find_consensus(self._replay)
            self._made_at = self._replay.n_events
        return self._consensus


def find_consensus(replay: Replay) -> dict[str, HeldClass]:
    """Return the consensus on every item where people differ and nobody has settled it.

    People are judged by the items that several of them have answered; a label that stands alone is
    not touched by what its giver said elsewhere.
    """
    contested = [item_id for item_id in sorted(replay.shared) if replay.is_contested(item_id)]
    if not contested:
        return {}
    found = dawid_skene(votes_on(replay, sorted(replay.shared)))
    sure = dict(zip(found.votes.items, found.confidence.tolist(), strict=True))
    label = dict(zip(found.votes.items, found.labels, strict=True))
    return {i: HeldClass(str(label[i]), sure[i], by_consensus=True) for i in contested}


def named_votes(replay: Replay) -> Votes | None:
    """Return the labels of items that several people gave one, by the names of today, or None."""
    items = sorted(replay.shared)
    is_any = any(len(replay.labels(replay.of(item_id))) > 1 for item_id in items)
    return votes_on(replay, items, by_name=True) if is_any else None


def votes_on(replay: Replay, item_ids: Iterable[str], *, by_name: bool = False) -> Votes:
    """Return the labels that people gave some items; those with fewer than two are left out.

    Parameters
    ----------
    replay : of the project
    item_ids : of the items
    by_name : labels are names of classes, in place of their keys

    Raises
    ------
    InvalidInputError : there are none
    """
    rows = [
        (item_id, person, replay.class_name(content) if by_name else content)
        for item_id in item_ids
        for person, content in _labels_of_several(replay, replay.of(item_id))
    ]
    items, people, labels = zip(*rows, strict=True) if rows else ((), (), ())
    return count_votes(items, people, labels)


def _labels_of_several(replay: Replay, item: ItemState) -> list[tuple[str, str]]:
    labels = replay.labels(item)
    return list(zip(labels, alike(labels.values()), strict=True)) if len(labels) > 1 else []
