"""Run a grid in parallel; what is finished is kept, whatever happens to the rest."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from sparing.experiment.grid import Cell, CellResult, TrialGrid
from sparing.experiment.trial import run_trial
from sparing.files import check_writable, write_atomically
from sparing.types import Tick


@dataclass(frozen=True, eq=False, slots=True)
class GridResult:
    """The finished trials, in the order of the grid.

    Parameters
    ----------
    results : one a finished trial
    n_found : how many of them were finished before, and only read
    interrupted : some trials are missing, because the person stopped the run
    """

    results: list[CellResult]
    n_found: int
    interrupted: bool


def run_grid(grid: TrialGrid, folder: Path, *, n_jobs: int | None = None, tick: Tick) -> GridResult:
    """Run all trials that are not finished yet; each is written as soon as it is done.

    A trial is known by the content of what defines it, so another run of the same grid, or of
    one that shares trials with it, goes on where this one was stopped or killed.

    Parameters
    ----------
    grid : what to run
    folder : where finished trials are, one small JSON file each
    n_jobs : processes; one a core if not given
    tick : told (trials done, trials to do), without those found in the folder

    Raises
    ------
    SparingError : a trial failed, or the folder cannot be written; finished trials are kept
    """
    check_writable(folder)
    places = {cell: folder / f"{grid.key(cell)}.json" for cell in grid.cells()}
    done = {cell: r for cell, path in places.items() if (r := read_cell(path, cell)) is not None}
    n_found, todo = len(done), [cell for cell in places if cell not in done]
    interrupted = False
    tick(0, len(todo))
    try:
        jobs = [_job(grid, cell, places[cell]) for cell in todo]
        for result in _in_parallel(jobs, n_jobs or os.cpu_count() or 1):
            done[result.cell] = result
            tick(len(done) - n_found, len(todo))
    except KeyboardInterrupt:
        interrupted = True
    return GridResult([done[cell] for cell in places if cell in done], n_found, interrupted)


def _in_parallel(jobs: list[Any], n_jobs: int) -> Iterator[CellResult]:
    if min(n_jobs, len(jobs)) <= 1:
        return (function(*args) for function, args, _ in jobs)
    return iter(Parallel(min(n_jobs, len(jobs)), return_as="generator_unordered")(jobs))


def _job(grid: TrialGrid, cell: Cell, path: Path) -> Any:
    data, model = grid.datasets[cell.dataset], grid.models[cell.model]
    strategy = grid.strategies[cell.strategy]
    return delayed(_run_and_keep)(path, cell, data, grid.protocol, model, strategy)


def _run_and_keep(path: Path, cell: Cell, *how: Any) -> CellResult:
    """Run a trial and write it, in the process that ran it: no kill loses what is finished."""
    result = run_trial(cell, *how)
    write_atomically(path, json.dumps(asdict(result), indent=1, allow_nan=False).encode())
    return result


def read_cell(path: Path, cell: Cell) -> CellResult | None:
    """Return a finished trial under the names of ``cell``; None if it is not there or damaged."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        return CellResult(**{**kept, "cell": cell})
    except (OSError, ValueError, TypeError):
        return None
