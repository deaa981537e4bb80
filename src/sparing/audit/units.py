"""How many of the single spans, boxes or labels that a model gives are right: an exact limit.

A certificate asks whether all of an item is right. Here single units are drawn, whatever item they
are in, so the drawn ones are independent of how units crowd together, and the limit is that of an
urn: nothing is approximated, and nothing of the model is believed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparing._validate import check_fraction, invalid
from sparing.annotations.base import AnnotationKind
from sparing.annotations.values import Unit, Value
from sparing.audit.audit import UNIFORM, Audit, share_of
from sparing.audit.sampling import draw_audit
from sparing.pool.classes import ClassTable
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions, items_digest
from sparing.stats.hypergeometric import upper_limit

NOT_COVERED = (
    "what the model should give and does not: its recall may be anything",
    "whether all of an item is right",
    "other items than these, and what another version of the model says",
)


@dataclass(frozen=True, eq=False, slots=True)
class UnitPool:
    """All units that a frozen model gives, a row each.

    Parameters
    ----------
    kind : of the answers
    places : of each row the item, and the unit in it
    said : what the model says of each item as a whole
    predictions : a row a unit, frozen: its hash names items, places and classes
    """

    kind: AnnotationKind
    places: tuple[tuple[int, Unit], ...]
    said: tuple[Value, ...]
    predictions: Predictions

    @classmethod
    def of(
        cls,
        kind: AnnotationKind,
        said: Sequence[Value],
        names: Iterable[str],
        classes: ClassTable,
        *,
        version: int = 0,
    ) -> "UnitPool":
        """Freeze what a model gives of some items that nobody has answered.

        Parameters
        ----------
        kind : of the answers
        said : what the model says of each item, as ``kind.parse`` makes it
        names : of the items; with what the model says they are hashed, and the draw follows from it
        classes : behind the ids of the units
        version : names the model

        Raises
        ------
        InvalidInputError : there is not one name an item, or not a single unit
        """
        keys = list(names)
        if len(keys) != len(said):
            raise invalid("names", "UnitPool", f"one an item, {len(said)}", len(keys))
        places = tuple((item, unit) for item, value in enumerate(said) for unit in value)
        if not places:
            raise invalid("said", "UnitPool", "at least one unit that the model gives", 0)
        ones = np.ones(len(places), dtype=np.float32)
        items = items_digest(
            (keys[item] for item, _ in places),
            (",".join(map(str, unit.place)) for _, unit in places),
        )
        codes = np.array([unit.class_id for _, unit in places])
        none = np.full(len(places), UNLABELED)
        predictions = Predictions(codes, ones, none, classes, version, items)
        return cls(kind, places, tuple(said), predictions)

    def __len__(self) -> int:
        return len(self.places)

    def draw(self, n: int, *, key: str = "", previous: Sequence[Audit] = ()) -> Audit:
        """Draw units that a person looks at; key and previous are those of ``draw_audit``."""
        return draw_audit(self.predictions, n, key=key, previous=previous)

    def is_right(self, row: int, truth: Value) -> bool:
        """Tell whether a unit is among what a person says of all of its item."""
        item, unit = self.places[row]
        return any(mine == unit for mine, _ in self.kind.match(self.said[item], truth).pairs)


@dataclass(frozen=True, slots=True)
class UnitPrecision:
    """How many units are right at least.

    Parameters
    ----------
    statement : in one sentence; behind it when two units count as the same, if it is not in all
    n_units, n_audited : given by the model, and looked at
    n_wrong : of those that were looked at, wrong or without a verdict
    most_wrong : of all units, those that were looked at included
    not_covered : what it says nothing of
    """

    statement: str
    n_units: int
    n_audited: int
    n_wrong: int
    most_wrong: int
    not_covered: tuple[str, ...] = NOT_COVERED

    @property
    def least_right(self) -> float:
        """The share of all units that is right at least."""
        return 1 - self.most_wrong / self.n_units


def unit_precision(
    pool: UnitPool, audit: Audit, right: Mapping[int, bool], delta: float = 0.05
) -> UnitPrecision:
    """Bound from above how many units are wrong, by the drawn ones; no verdict counts as wrong.

    Parameters
    ----------
    pool : what was frozen
    audit : of :meth:`UnitPool.draw`
    right : for drawn rows, whether the unit is right: by a person who does not see the model's
        certainty
    delta : probability with which the limit may be false, for all draws from this pool together

    Raises
    ------
    VoidAuditError : the audit was drawn from something else
    InvalidInputError : a verdict is of a row that was not drawn; a draw that was not uniform

    Examples
    --------
    >>> from sparing.annotations.registry import get_kind
    >>> classes, spans = ClassTable(("person", "place")), get_kind("spans")
    >>> texts = [f"Eve met Tim on day {i}" for i in range(300)]
    >>> said = [spans.parse([(0, 3, "person"), (8, 11, "person")], classes, t) for t in texts]
    >>> units = UnitPool.of(spans, said, texts, classes)
    >>> audit = units.draw(100)
    >>> found = unit_precision(units, audit, dict.fromkeys(audit.drawn.tolist(), True))
    >>> print(found.statement)
    Of the 600 spans that the model gives at most 16 are wrong, so that 97.3 % or more are right,
    with probability 95 % or more.
    """
    check_fraction("delta", "unit_precision", delta)
    audit.check(pool.predictions)
    if audit.design != UNIFORM or audit.cut > 0:
        raise invalid("audit", "unit_precision", "drawn by UnitPool.draw", audit.design)
    drawn = audit.drawn.tolist()
    if foreign := right.keys() - set(drawn):
        raise invalid("right", "unit_precision", "of rows of the draw only", min(foreign))
    n, m = len(pool), len(drawn)
    n_wrong = sum(not right.get(row, False) for row in drawn)
    most = int(upper_limit(n_wrong, n, m, share_of(delta, audit.attempt)))
    noun = "labels" if pool.kind.name == "class" else pool.kind.name
    share = math.floor(1000 * (1 - most / n)) / 10
    statement = (
        f"Of the {n:,} {noun} that the model gives at most {most:,} are wrong, so that {share:g} %"
        f" or more are right, with probability {100 * (1 - delta):g} % or more."
    )
    same = f" {pool.kind.sameness}" if pool.kind.sameness else ""
    return UnitPrecision(statement + same, n, m, n_wrong, most)
