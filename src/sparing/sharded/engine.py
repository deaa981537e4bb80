"""Engines: one pure function over many shards, on processes of this machine or on a cluster.

A worker that is killed is replaced and its shard done again; no result depends on the engine, on
how many workers there are, nor on who is done first.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any, Protocol, TypeVar

from threadpoolctl import threadpool_limits

from sparing.encoders.base import nobody
from sparing.errors import EngineError, ShardError
from sparing.system import START_METHOD, end_when_interrupted, interrupts_wait
from sparing.types import Tick

TRIES = 3
MAIN = "__main__"  # a script of the user's, which is not run for its functions
NONE_STARTED = (
    "No worker could start. Each reads the script that asks for it: that has to be a file, not"
    " standard input, and its work has to stand under 'if __name__ == \"__main__\":'."
)
T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Workers, each with one thread of linear algebra."""

    def run(
        self, function: Callable[[T], R], tasks: Sequence[T]
    ) -> Iterator[tuple[int, R | ShardError]]:
        """Yield (number of the task, result) as they are done.

        Parameters
        ----------
        function : of a module, pure; what it raises ends the run, but for a shard that is bad,
            which is yielded in place of a result
        tasks : one a shard; they go to the workers by pickle

        Raises
        ------
        ShardError : the worker of one task was killed three times
        EngineError : no worker can be started
        """
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """Processes of this machine.

    Parameters
    ----------
    workers : how many; 1: this process alone

    Examples
    --------
    >>> list(Local().run(abs, [-1, 2]))
    [(0, 1), (1, 2)]
    """

    workers: int = 1

    def run(
        self, function: Callable[[T], R], tasks: Sequence[T]
    ) -> Iterator[tuple[int, R | ShardError]]:
        """Yield (number of the task, result) as they are done; see :class:`Engine`."""
        if self.workers == 1:
            with threadpool_limits(1):
                yield from ((i, tried(function, task)) for i, task in enumerate(tasks))
            return
        waiting, tries = list(range(len(tasks)))[::-1], [0] * len(tasks)
        while waiting:
            pool, begun = _pool(self.workers, function)
            with pool:
                in_flight: dict[Future[R | ShardError], int] = {}
                try:
                    while waiting or in_flight:
                        # No more at a time than workers: so a killed one is known.
                        while waiting and len(in_flight) < self.workers:
                            i = waiting.pop()
                            tries[i] += 1
                            with interrupts_wait():  # a worker may be started for it
                                in_flight[pool.submit(tried, function, tasks[i])] = i
                        for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                            result = future.result()  # raises while the future is still in flight
                            yield in_flight.pop(future), result
                except BrokenProcessPool:
                    if not begun.is_set():
                        raise EngineError(NONE_STARTED) from None
                    waiting += in_flight.values()
                    lost = next((i for i in waiting if tries[i] >= TRIES), None)
                    if lost is not None:
                        raise killed(tasks[lost]) from None


ALONE = Local()


def run_all(
    function: Callable[[T], R],
    tasks: Sequence[T],
    *,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
) -> tuple[list[R], tuple[str, ...]]:
    """Return what came of good shards in their order, and what is wrong with the others.

    Parameters
    ----------
    function, tasks : as of :class:`Engine`
    engine : who does the work
    skip_bad : go on without a shard that cannot be read
    progress : told how many shards are done

    Raises
    ------
    ShardError : a shard is bad and is not to be skipped, or of :class:`Engine`
    """
    bad: dict[int, str] = {}
    good = dict(results(function, tasks, bad, engine=engine, skip_bad=skip_bad, progress=progress))
    return [good[i] for i in sorted(good)], tuple(bad[i] for i in sorted(bad))


def results(
    function: Callable[[T], R],
    tasks: Sequence[T],
    bad: dict[int, str],
    *,
    engine: Engine = ALONE,
    skip_bad: bool = False,
    progress: Tick = nobody,
) -> Iterator[tuple[int, R]]:
    """Yield (number of the task, what came of it) of good shards as they are done.

    For what is too large to be held of all at once; see :func:`run_all`. What is wrong with the
    others is written to ``bad``.
    """
    for done, (i, result) in enumerate(engine.run(function, tasks), 1):
        if not isinstance(result, ShardError):
            yield i, result
        elif skip_bad:
            bad[i] = str(result)
        else:
            raise ShardError(f"{str(result).rstrip('.')}; --skip-bad goes on without it.")
        progress(done, len(tasks))


def _pool(workers: int, function: Callable[[T], R]) -> tuple[ProcessPoolExecutor, Event]:
    """Return workers, and what the first of them sets once it can work."""
    # Not forked: a copy of a process with threads may wait for a lock that nobody holds. A server
    # that does nothing but hold the modules may be, and is where there is one.
    context = multiprocessing.get_context(START_METHOD)
    if START_METHOD == "forkserver":  # it hears of modules until its first start alone
        context.set_forkserver_preload([m for m in (__name__, function.__module__) if m != MAIN])
    begun = context.Event()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(begun,))
    return pool, begun


def _begin(begun: Event) -> None:
    one_thread()
    end_when_interrupted()
    begun.set()


def one_thread() -> None:
    """Let this process compute with one thread, as a worker does."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    threadpool_limits(1)


def killed(task: Any) -> ShardError:
    """Return what is wrong where a task kills whoever does it."""
    return ShardError(f"A worker was killed {TRIES} times at {task}: perhaps for its memory.")


def tried(function: Callable[[T], R], task: T) -> R | ShardError:
    """Return what comes of a task, or what is wrong with its shard."""
    try:
        return function(task)
    except ShardError as error:
        return error
