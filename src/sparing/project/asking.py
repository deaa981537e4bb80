"""Which items are asked next; never waits for a model."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from sparing.project.attribution import OF_REMAINDER, PERSON, Handed, Source, drawn_with
from sparing.project.learning.guesses import shown
from sparing.project.learning.sway import is_unswayed
from sparing.project.log.replay import ItemState
from sparing.project.state import State
from sparing.project.views import Asked
from sparing.store import Kind
from sparing.types import BoolArray, IntArray

NOT_READ = "drawn at random: the items are still being read"
NOT_TRAINED = "drawn at random: the model has not caught up with your answers yet"
NEW_ITEM = "drawn at random: these items are new to the model"
OF_TWO = "asked of two people, to see how far they agree"
TO_CHECK = "drawn at random to check the model"
WITHOUT = "without suggestions, as one in twenty is"
LEFT_TO_YOU = "left to you by the certificate, the least sure first"


def mask_of(state: State, item_ids: Iterable[str]) -> BoolArray:
    """Return (n_rows,) True at the items with these keys."""
    mask = np.zeros(len(state.rows), dtype=bool)
    mask[[state.row_of[i] for i in item_ids if i in state.row_of]] = True
    return mask


def next_items(state: State, handed: Handed, n: int, exclude: BoolArray, seed: int) -> list[Asked]:
    """Return up to ``n`` items to ask: those of the newest model version, then random ones.

    Parameters
    ----------
    state, handed : of the project
    n : how many
    exclude : (n_rows,) True where a row is asked already
    seed : of the random ones
    """
    free = state.askable() & ~exclude
    found = []
    for row in _chosen(state, free, n):
        handed.note([row], state.version)
        source = handed.source_of(state, state.version, row)
        found.append(_unswayed(state, row, asked(state, row, _why(state, row), source)))
        free[row] = False
    drawn = dict(_random(free, n - len(found), [seed, state.version]))
    handed.note_draws(state, state.version, drawn)
    for row, propensity in drawn.items():
        one = asked(state, row, _why_random(state, row), drawn_with(propensity))
        found.append(_unswayed(state, row, one))
    return found


def _unswayed(state: State, row: int, one: Asked) -> Asked:
    """Return an item; where spans or boxes are marked, some without what the model suggests.

    Whoever accepts what is on the screen sees less of what is wrong: these show how much less.
    """
    if one.guess is None or (one.guess.spans is None and one.guess.boxes is None):
        return one
    if not is_unswayed(state.settings.seed, state.rows[row].item_id):
        return one
    return replace(one, guess=None, why=f"{one.why}; {WITHOUT}")


def _chosen(state: State, free: BoolArray, n: int) -> list[int]:
    if state.scores is None:
        return []
    rows = state.scores.rows
    return [int(row) for row in rows[free[rows]][:n]]


def _why(state: State, row: int) -> str:
    assert state.scores is not None  # noqa: S101  # it chose the row
    place = int(np.flatnonzero(state.scores.rows == row)[0])
    return str(state.scores.why[place])


def _random(free: BoolArray, n: int, seed: list[int]) -> Iterator[tuple[int, float]]:
    """Yield rows drawn without replacement, each with its probability among those left."""
    rows: IntArray = np.flatnonzero(free)
    n = max(0, min(n, len(rows)))
    # The number of rows left is part of the seed: else each query would begin the same draw.
    drawn = np.random.default_rng([*seed, len(rows)]).choice(rows, n, replace=False)
    yield from zip(drawn.tolist(), (1 / (len(rows) - np.arange(n))).tolist(), strict=True)


def _why_random(state: State, row: int) -> str:
    if state.scores is None:
        return NOT_READ
    return NEW_ITEM if row >= len(state.scores.proba) else NOT_TRAINED


def second_opinions(
    state: State, handed: Handed, n: int, exclude: BoolArray, annotator: str
) -> list[Asked]:
    """Return up to ``n`` items that another person has answered, without any sign of what.

    Parameters
    ----------
    state, handed : of the project
    n : how many
    exclude : (n_rows,) True where a row is asked already
    annotator : who asks
    """
    wanted = (state.row_of[item_id] for item_id in state.sharing.wanted_of(annotator))
    free = (r for r in wanted if state.present[r] and not exclude[r] and r not in state.drawn_rows)
    rows = list(islice(free, n))
    handed.note(rows, state.version)
    found = ((row, asked(state, row, OF_TWO, Source(PERSON))) for row in rows)
    return [blind(one, state.noted(row, annotator)) for row, one in found]


def blind(one: Asked, own: ItemState) -> Asked:
    """Return an item that another person has answered as if nobody had; with one's own remarks."""
    plain = replace(one, guess=None, answer=None, second=True)
    return replace(plain, flagged=own.flagged, comment=own.comment)


def audited_items(
    state: State, handed: Handed, n: int, exclude: BoolArray, annotator: str
) -> list[Asked]:
    """Return up to ``n`` items of the open audit, in the order of the draw, without a guess.

    Those that have no answer come first, then those on which a second opinion is wanted.
    """
    if state.drawn is None or not state.drawn_rows:
        return []
    audit = state.drawn.audit
    propensity = len(audit.drawn) / max(1, int(audit.eligible.sum()))
    version = state.drawn.frozen.predictions.model_version  # of the model that is checked
    to_audit = audit.drawn[: state.n_to_audit()].tolist()
    drawn = [row for row in to_audit if not exclude[row]]
    wants = state.sharing.wants
    second = [row for row in drawn if wants(state.rows[row].item_id, annotator)]
    ids = {state.rows[row].item_id for row in second}
    rows = [*(row for row in drawn if state.is_open(row)), *second][:n]
    handed.note_draws(state, version, dict.fromkeys(rows, propensity))
    source = drawn_with(propensity)
    found = (
        blind(asked(state, row, TO_CHECK, source), state.noted(row, annotator)) for row in rows
    )
    return [replace(a, second=a.item.item_id in ids, model_version=version) for a in found]


def remainder_items(state: State, handed: Handed, n: int, exclude: BoolArray) -> list[Asked]:
    """Return up to ``n`` items that the certificate leaves to people; those to settle are not."""
    left = (r for r in state.remainder_left() if state.is_open(r) or r in state.lacking)
    rows = [row for row in left if not exclude[row]][:n]
    handed.note(rows, state.version)
    return [asked(state, row, LEFT_TO_YOU, OF_REMAINDER) for row in rows]


def looked_up(state: State, item_id: str, annotator: str = "") -> Asked:
    """Return an item that the person chose to look at; blind where an audit has drawn it."""
    state.item(item_id)  # says so if there is none
    row = state.row_of[item_id]
    found = replace(asked(state, row, "", Source(PERSON)), model_version=None)
    if state.hides(row, annotator):
        return blind(found, state.noted(row, annotator))
    own = state.replay.of(item_id).vote_of(annotator)
    if own is not None and own.kind is Kind.OPINION:
        found = replace(found, answer=state.answer_of(own), second=True)
    if row not in state.drawn_rows:
        return found
    noted = state.noted(row, annotator)
    return replace(found, guess=None, flagged=noted.flagged, comment=noted.comment)


def asked(state: State, row: int, why: str, source: Source) -> Asked:
    """Return an item with all that is shown beside it."""
    item_id = state.rows[row].item_id
    noted = state.replay.of(item_id)
    return Asked(
        state.item(item_id),
        why,
        source.by,
        source.propensity,
        state.version,
        shown(state.guess(row)),
        state.answer_of(noted.answer),
        noted.flagged,
        noted.comment,
        purpose=state.stage.purpose(row),
        strategy=source.strategy,
    )
