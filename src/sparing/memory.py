"""Memory is known before it is taken: refuse early, in one line, instead of swapping or dying."""

import re
from pathlib import Path

from sparing.errors import MemoryBudgetError

CGROUP = Path("/sys/fs/cgroup")  # version 2, as every current distribution mounts it


def available_bytes() -> int:
    """Return how many bytes this process may still take without swapping.

    It is what the system calls available, or what is left of the container's limit if that is
    less.
    """
    import psutil

    return min([int(psutil.virtual_memory().available), *_container_bytes()])


def _container_bytes() -> list[int]:
    """Return what is left of the container's limit, or nothing if there is none."""
    limit = CGROUP / "memory.max"
    text = limit.read_text().strip() if limit.exists() else "max"
    if not text.isdigit():
        return []
    used = int((CGROUP / "memory.current").read_text())
    # Cached file pages count as used, but are given back when somebody needs them.
    cached = re.search(r"^inactive_file (\d+)", (CGROUP / "memory.stat").read_text(), re.MULTILINE)
    return [max(0, int(text) - used + (int(cached[1]) if cached else 0))]


def check_memory(needed: int, what: str, remedy: str) -> None:
    """Raise MemoryBudgetError if ``needed`` bytes for ``what`` are not there.

    Parameters
    ----------
    needed : bytes about to be allocated at the peak
    what : who asks, the subject of the message
    remedy : how to mend it, an imperative

    Examples
    --------
    >>> check_memory(10**18, "strategy 'k_center'", "lower batch_size")
    Traceback (most recent call last):
    sparing.errors.MemoryBudgetError: strategy 'k_center' needs about 1000000000.0 GB ...
    """
    free = available_bytes()
    if needed > free:
        raise MemoryBudgetError(
            f"{what} needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free: {remedy}."
        )
