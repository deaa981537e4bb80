import pytest

from sparing import memory
from sparing.errors import MemoryBudgetError
from sparing.memory import available_bytes, check_memory


def test_available_memory_is_positive_and_real():
    assert 0 < available_bytes() < 1 << 50


def test_a_container_limit_counts_if_it_is_lower(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("3000\n")
    (tmp_path / "memory.stat").write_text("anon 2000\ninactive_file 1000\n")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert available_bytes() == 3000  # file pages are given back when they are needed


def test_no_container_limit_is_no_limit(tmp_path, monkeypatch):
    before = available_bytes()
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert available_bytes() == pytest.approx(before, rel=0.5)


def test_too_much_is_refused_with_a_remedy():
    with pytest.raises(MemoryBudgetError, match=r"X needs about .* GB are free: use less\."):
        check_memory(1 << 60, "X", "use less")
    check_memory(1, "X", "use less")
