"""Memory is known before it is taken: refuse early, in one line, instead of swapping or dying."""

import os
import re
from pathlib import Path

from sparing.errors import MemoryBudgetError

CGROUP_FILES = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_bytes() -> int:
    """Return how many bytes this process may still take without swapping.

    Linux: what the kernel calls available, or what is left of the container's limit if that is
    less. Elsewhere: half of the physical memory, since there is no portable figure.
    """
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    match = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text())
    free = int(match[1]) * 1024 if match else os.sysconf("SC_PHYS_PAGES") * 4096 // 2
    return min([free, *_container_bytes()])


def _container_bytes() -> list[int]:
    for limit, usage in CGROUP_FILES:
        if limit.exists() and usage.exists():
            text = limit.read_text().strip()
            return [max(0, int(text) - int(usage.read_text()))] if text.isdigit() else []
    return []


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
