"""CPU seconds of each test, whatever else the machine does: where the suite spends its time.

``python benchmarks/suite.py tests/learner tests/models`` prints the total, each file's and the
dearest tests; children that a test waits for count too, and fixtures with the test that made them.
The time by the clock stands beside it: what is more than the CPU's is waiting, or others' work.
"""

import os
import sys
import time
from collections.abc import Iterator

import pytest

N_SHOWN = 30


def spent() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


class Spending:
    """A plugin that notes what each test has cost."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, str]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Run a test, and note its cost."""
        before, began = spent(), time.perf_counter()
        result = yield
        self.rows.append((spent() - before, time.perf_counter() - began, item.nodeid))
        return result


def main() -> int:
    """Run the tests that are named, and print what they have cost."""
    spending = Spending()
    code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[spending])
    print(f"{spent():8.1f} s in all, imports included")
    files: dict[str, tuple[float, float]] = {}
    for cpu, wall, name in spending.rows:
        file = name.partition("::")[0]
        before = files.get(file, (0.0, 0.0))
        files[file] = before[0] + cpu, before[1] + wall
    print("     CPU     clock")
    for (cpu, wall), name in sorted(((v, k) for k, v in files.items()), reverse=True):
        print(f"{cpu:8.2f}  {wall:8.2f} s  {name}")
    print()
    for cpu, wall, name in sorted(spending.rows, reverse=True)[:N_SHOWN]:
        print(f"{cpu:8.2f}  {wall:8.2f} s  {name}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
