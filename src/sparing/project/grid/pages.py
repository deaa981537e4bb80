"""What may stand on a grid, and how it is shown there."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from sparing.project.asking import asked
from sparing.project.attribution import Source
from sparing.project.grid.views import GridPage
from sparing.project.state import State
from sparing.store.records import FROM_CLUSTER, FROM_GRID
from sparing.types import BoolArray, IntArray

N_EXAMPLES = 30  # the newest of a class, by which more of it is looked for
N_OTHERS = 300  # the newest of other classes: what is more like them comes last


def free_rows(state: State, exclude: Iterable[str] = ()) -> BoolArray:
    """(n_rows,) True where a row may be on a grid: open, and asked alone by nobody."""
    free = state.askable().copy()
    free[list(state.remainder_rows)] = False
    rows = [state.row_of[i] for i in exclude if i in state.row_of]
    free[rows] = False
    return free


def page_of(
    state: State,
    about: str,
    class_name: str | None,
    n_open: int,
    rows: Any,
    *,
    guessed: bool = False,
) -> GridPage:
    """Return some rows as a page; ``guessed`` with what the model takes each for."""
    whole = [asked(state, int(row), about, Source(FROM_GRID)) for row in rows]
    items = whole if guessed else [replace(one, guess=None) for one in whole]
    return GridPage(about, class_name, n_open, items)


def label_of(state: State, row: int) -> str | None:
    """Return the class that a row was given; None where it has none."""
    answer = state.replay.of(state.rows[row].item_id).answer
    if answer is None or answer.content is None:
        return None
    return state.replay.class_name(answer.content)


def usual_label(state: State, rows: IntArray, annotator: str) -> str | None:
    """Return the class that most of some rows have, of those whose label may be seen."""
    shown = set(rows.tolist()) - state.blind_rows(annotator)
    labels = [label for row in shown if (label := label_of(state, row)) is not None]
    return max(set(labels), key=labels.count) if labels else None


def newest_of(state: State, name: str, annotator: str) -> tuple[IntArray, IntArray]:
    """Return the newest rows that somebody who looked at them gave a class to, and other classes.

    What one may not know because one is to give a second opinion is in neither.
    """
    replay, blind = state.replay, state.blind_rows(annotator)
    looked_at = (
        (answer.seq, state.row_of[answer.item_id or ""], replay.class_name(answer.content))
        for answer in state.answers()
        if answer.content is not None and answer.source != FROM_CLUSTER
    )
    newest = [(row, given) for _, row, given in sorted(looked_at, reverse=True) if row not in blind]
    found = [row for row, given in newest if given == name][:N_EXAMPLES]
    others = [row for row, given in newest if given != name][:N_OTHERS]
    return np.array(found, dtype=np.int64), np.array(others, dtype=np.int64)
