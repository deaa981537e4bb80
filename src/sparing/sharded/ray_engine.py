"""Workers on Ray: one that is started on this machine for a run, or a cluster that is there."""

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sparing.errors import EngineError, MissingExtraError, ShardError
from sparing.sharded.engine import TRIES, killed, one_thread, tried

T = TypeVar("T")
R = TypeVar("R")
SECONDS = 10  # to wait for an answer from an address
MEMORY = 256 << 20  # bytes of shared memory: what comes back of a shard is small


@dataclass(frozen=True, slots=True)
class OnRay:
    """Actors, one a worker, each of one processor; a shard at a time.

    Parameters
    ----------
    workers : how many
    """

    workers: int

    def run(
        self, function: Callable[[T], R], tasks: Sequence[T]
    ) -> Iterator[tuple[int, R | ShardError]]:
        """Yield (number of the task, result); see :class:`sparing.sharded.engine.Engine`."""
        import ray

        made: Any = ray.remote(num_cpus=1)(_Worker)
        here = str(Path.cwd())
        idle: list[Any] = [made.remote(here) for _ in range(min(self.workers, len(tasks)))]
        everyone = [*idle]
        waiting, tries = list(range(len(tasks)))[::-1], [0] * len(tasks)
        in_flight: dict[Any, tuple[int, Any]] = {}
        try:
            while waiting or in_flight:
                while waiting and idle:
                    i, worker = waiting.pop(), idle.pop()
                    tries[i] += 1
                    in_flight[worker.do.remote(function, tasks[i])] = i, worker
                (done,), _ = ray.wait([*in_flight], num_returns=1)
                i, worker = in_flight.pop(done)
                try:
                    result = ray.get(done)
                except ray.exceptions.RayActorError:
                    if tries[i] >= TRIES:
                        raise killed(tasks[i]) from None
                    waiting.append(i)
                    worker = made.remote(here)
                    everyone.append(worker)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                else:
                    yield i, result
                idle.append(worker)
        finally:
            for worker in everyone:
                ray.kill(worker)


class _Worker:
    """What an actor does."""

    def __init__(self, here: str) -> None:
        one_thread()
        with suppress(OSError):  # a machine without this folder still reads what is named in full
            os.chdir(here)

    def do(self, function: Callable[[T], R], task: T) -> R | ShardError:
        return tried(function, task)


@contextmanager
def on_ray(workers: int, address: str | None = None) -> Iterator[OnRay]:
    """Join a cluster, or start one on this machine alone, for as long as the block lasts.

    What is started here listens to this machine alone, has no dashboard and sends nothing. Of a
    cluster the machines have to have this package, and the shards under the same path.

    Parameters
    ----------
    workers : how many actors
    address : of the cluster, such as ``"10.0.0.1:6379"`` or ``"ray://host:10001"``; None: start one

    Raises
    ------
    MissingExtraError : Ray is not installed
    EngineError : no cluster is at the address, or none can be started here
    """
    if importlib.util.find_spec("ray") is None:
        raise MissingExtraError("ray", "ray", "Workers on Ray")
    # Read when the library is imported: nothing is sent, and what is started here is for this
    # machine alone, on every system as it is on macOS and Windows.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is None:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    else:
        _check_there(address)
    import ray

    told: dict[str, Any] = {"address": address}
    if address is None:
        told = {
            "address": "local",
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": MEMORY,
            "_node_ip_address": "127.0.0.1",
        }
    try:
        ray.init(**told, configure_logging=False, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise _unreachable(address, error) from error
    try:
        yield OnRay(workers)
    finally:
        ray.shutdown()


def _check_there(address: str) -> None:
    """Refuse an address where nobody listens: Ray itself would try again for minutes."""
    if address == "auto":  # Ray looks for one on this machine
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise EngineError(f"The address of a Ray cluster must be HOST:PORT. Got {address} instead.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str | None, error: Exception) -> EngineError:
    if address is not None:
        return EngineError(
            f"No Ray cluster answers at {address}: 'ray start --head' starts one there."
        )
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return EngineError(f"Ray cannot be started on this machine: {said}")
