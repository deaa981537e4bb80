"""What the grids of a project answer: plain frozen records."""

from dataclasses import dataclass, field

from sparing.project.grid.purity import Purity
from sparing.project.views import Asked


@dataclass(frozen=True, slots=True)
class GridPage:
    """Items to look at together.

    Parameters
    ----------
    about : what they are and in which order, in words
    class_name : what most of them should be; None where nothing says
    n_open : how many there are beside those that were left out
    items : of this page
    n_elsewhere : where there are none: how many others have on their screens
    """

    about: str
    class_name: str | None
    n_open: int
    items: list[Asked]
    n_elsewhere: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a page: the key of its event, the item, the class."""

    key: str
    item_id: str
    class_name: str


@dataclass(frozen=True, slots=True)
class GridStep:
    """A page, or a cluster, that was confirmed with one key press.

    Parameters
    ----------
    said : all answers
    items : of a page: what was on it, as if nobody had answered
    """

    said: list[Said]
    items: list[Asked]


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """One cluster in the list of them: how large it is, and the most typical of its open items."""

    number: int
    n_items: int
    n_open: int
    example: Asked


@dataclass(frozen=True, slots=True)
class Overview:
    """What there are grids of.

    Parameters
    ----------
    likely : for each class how many open items the model takes for it
    clusters : those with open items, the largest first; None as long as they are not found
    """

    likely: dict[str, int]
    clusters: list[ClusterLine] | None


@dataclass(frozen=True, slots=True)
class ClusterCheck:
    """How far the check of a cluster has come.

    Parameters
    ----------
    n_drawn : items drawn from it at random
    open : those without an answer, to be asked one by one, blind
    purity : None before all are answered
    item_ids : the open items of the cluster, once all are answered
    n_elsewhere : how many others have on their screens, which are left out of ``item_ids``
    """

    n_drawn: int
    open: list[Asked]
    purity: Purity | None = None
    item_ids: list[str] = field(default_factory=list)
    n_elsewhere: int = 0
