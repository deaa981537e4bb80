"""Who is asked an item now: nobody else is, until the answer comes or the time runs out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from sparing.store.engine import now
from sparing.store.schema import leases

MOST_LEASED = 240  # to one person at a time: a grid of 200, and two pages of single items


@dataclass(frozen=True, slots=True)
class Wish:
    """What a holder asks for.

    Parameters
    ----------
    holder : who asks; what stands before a dot is the person, whose leases count together
    wanted : items in the order of preference; the first ``n`` that are free
    n : how many of them
    seconds : until they run out
    keep : items that the holder has, to be prolonged; or taken again where they ran out
    """

    holder: str
    wanted: Sequence[str]
    n: int
    seconds: float
    keep: Sequence[str] = ()


def grant(connection: Connection, wish: Wish) -> list[str]:
    """Lease what is free; return what the holder has now of all that was named.

    Nobody is leased more than a person can answer, on however many pages.
    """
    time = now(connection)
    connection.execute(delete(leases).where(leases.c.until <= time))
    named = list(dict.fromkeys([*wish.keep, *wish.wanted]))
    known = select(leases.c.item_id, leases.c.holder).where(leases.c.item_id.in_(named))
    holders = {row.item_id: row.holder for row in connection.execute(known)}
    free = {item for item in named if holders.get(item, wish.holder) == wish.holder}
    kept = [item for item in dict.fromkeys(wish.keep) if item in free]
    new = [item for item in dict.fromkeys(wish.wanted) if item in free and item not in kept]
    mine = [*kept, *new[: wish.n]][: _room(connection, wish.holder, named)]
    _put(connection, mine, holders.keys(), wish.holder, time + wish.seconds)
    return mine


def _room(connection: Connection, holder: str, named: Sequence[str]) -> int:
    """Return how many of the items that are named a person may have beside their other ones."""
    person = holder.partition(".")[0]
    own = or_(leases.c.holder == person, leases.c.holder.startswith(f"{person}.", autoescape=True))
    other = select(func.count()).where(own, leases.c.item_id.not_in(named))
    return max(0, MOST_LEASED - connection.execute(other).scalar_one())


def _put(
    connection: Connection, items: Iterable[str], known: Iterable[str], holder: str, until: float
) -> None:
    there = set(known)
    old = [{"old": item} for item in items if item in there]
    if old:
        prolong = update(leases).where(leases.c.item_id == bindparam("old"))
        connection.execute(prolong.values(until=until), old)
    new = [{"item_id": i, "holder": holder, "until": until} for i in items if i not in there]
    if new:
        connection.execute(insert(leases), new)


def current(connection: Connection) -> dict[str, str]:
    """Return the holder of each item whose lease has not run out."""
    live = select(leases.c.item_id, leases.c.holder).where(leases.c.until > now(connection))
    return {row.item_id: row.holder for row in connection.execute(live)}


def release(connection: Connection, holder: str, items: Sequence[str] | None) -> None:
    """End leases of a holder; all of them where no items are named."""
    ended = delete(leases).where(leases.c.holder == holder)
    if items is not None:
        ended = ended.where(leases.c.item_id.in_(items))
    connection.execute(ended)


def end(connection: Connection, items: Sequence[str]) -> None:
    """End the leases of items that were answered, whoever holds them."""
    connection.execute(delete(leases).where(leases.c.item_id.in_(items)))
