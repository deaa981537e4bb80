"""What networks made is kept item by item."""

import numpy as np
import pytest

from sparing.encoders import kept as module
from sparing.encoders.base import nobody
from sparing.encoders.kept import kept


@pytest.fixture
def made():
    return []


@pytest.fixture
def make(made):
    def lengths(items, progress):
        made.extend(items)
        progress(len(items), len(items))
        return np.array([[len(item), 1] for item in items], np.float32)

    return lengths


def test_only_new_items_are_made_and_equal_ones_once(tmp_path, make, made):
    place = tmp_path / "net"
    first = kept(place, ["a", "bbb", "a"], make, nobody)
    assert first.tolist() == [[1, 1], [3, 1], [1, 1]]
    assert sorted(made) == ["a", "bbb"]
    assert kept(place, ["cc", "bbb"], make, nobody).tolist() == [[2, 1], [3, 1]]
    assert sorted(made) == ["a", "bbb", "cc"]
    assert place.stat().st_mode & 0o077 == 0


def test_an_interruption_costs_a_block_at_most(tmp_path, make, made, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_ITEMS", 2)

    def interrupted(items, progress):
        if len(made) == 4:
            raise KeyboardInterrupt
        return make(items, progress)

    items = [f"{i}" * (i + 1) for i in range(7)]
    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, items, interrupted, nobody)
    assert made == items[:4]  # in the order of the items
    told = []
    lengths = kept(tmp_path, items, make, lambda *now: told.append(now))
    assert lengths[:, 0].tolist() == list(range(1, 8))
    assert made == items
    assert told == [(6, 7), (7, 7)]


def test_what_is_damaged_is_made_again(tmp_path, make, made):
    kept(tmp_path, ["a"], make, nobody)
    (block,) = tmp_path.glob("*.npz")
    block.write_bytes(b"broken")
    assert kept(tmp_path, ["a"], make, nobody).tolist() == [[1, 1]]
    assert made == ["a", "a"]
