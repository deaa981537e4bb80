"""The loop over shards: what a notebook does with a pool in memory, by ids."""

import numpy as np
import pytest

from sparing.errors import InvalidInputError, PoolExhaustedError, TrainingError, UnknownNameError
from sparing.models.saved import load_model
from sparing.sharded.engine import Local
from sparing.sharded.selecting import WantedRows, select_rows
from sparing.sharded.sharded_learner import ShardedLearner
from sparing.sharded.shardpool import index_shards

CENTERS = np.array([[0, 4], [4, 0], [-4, -4]], np.float32)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Three shards of 100 rows in three groups, whose ids tell them."""
    folder = tmp_path_factory.mktemp("vectors")
    rng = np.random.default_rng(0)
    for part in range(3):
        groups = rng.integers(0, 3, 100)
        X = CENTERS[groups] + rng.standard_normal((100, 2), dtype=np.float32)
        np.save(folder / f"part-{part}.npy", X)
        ids = (f"{'abc'[group]}-{part}-{row}" for row, group in enumerate(groups))
        (folder / f"part-{part}.ids.txt").write_text("\n".join(ids))
    index_shards(folder)
    return folder


def loop(pool, rounds=3, **parameters):
    learner = ShardedLearner(pool, **parameters)
    for _ in range(rounds):
        asked = learner.query(4)
        learner.teach(asked.ids, [name[0] for name in asked.ids])
    return learner


def test_a_few_rounds_of_auto_label_the_pool(pool, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    learner = loop(pool)
    assert len(learner.labels) == 12
    assert repr(learner) == "<ShardedLearner: 12 of 300 labeled, 3 classes>"
    done = learner.predict(tmp_path)
    assert done.rows == 300
    tables = [parquet.read_table(tmp_path / part.file) for part in done.parts]
    told = [row for table in tables for row in table.to_pylist()]
    assert np.mean([row["id"][0] == row["label"] for row in told]) > 0.95
    again = learner.predict(tmp_path)
    assert not any(part.is_new for part in again.parts)


def test_a_query_is_what_select_chooses_by_the_saved_model(pool, tmp_path):
    learner = loop(pool)
    learner.strategy = "margin"
    learner.save_model(tmp_path / "model.npz")
    wanted = WantedRows("margin", 5, tmp_path / "model.npz", frozenset(learner.labels))
    assert learner.query(5).ids == select_rows(pool, learner.manifest, wanted).ids
    assert load_model(tmp_path / "model.npz").n_labeled == 12


def test_workers_change_nothing(pool):
    """Of the first round, which has no model, and of the second, which has one."""
    assert loop(pool, 2).labels == loop(pool, 2, engine=Local(2)).labels


def test_what_is_labeled_or_skipped_is_not_asked(pool):
    learner = ShardedLearner(pool, strategy="random", seed=3)
    everything = learner.query(300).ids
    learner.teach(everything[:2], ["a", "b"])
    learner.skip(everything[1:3])
    assert learner.labels == {everything[0]: "a"}
    assert learner.query(297).ids == everything[3:]
    with pytest.raises(PoolExhaustedError, match="298 items were asked for and 297 may"):
        learner.query(298)
    learner.teach([everything[1]], ["c"])  # an answer after all
    assert learner.skipped == {everything[2]}


def test_labels_do_not_go_among_the_vectors(pool):
    learner, before = loop(pool, 1), sorted(pool.iterdir())
    with pytest.raises(InvalidInputError, match="labels need a folder of their own"):
        learner.predict(pool)
    assert sorted(pool.iterdir()) == before


@pytest.mark.parametrize(
    "label",
    [
        None,
        float("nan"),
        np.float32("nan"),
        ["a"],
        ("a",),
        {"a"},
        b"a",
        object(),
        "",
        " a",
        "a\u00a0",
        "a\rb",
    ],
)
def test_what_names_no_class_is_no_label(pool, label):
    """As text it would be a class of its own, such as 'nan', for which nobody has answered."""
    learner = ShardedLearner(pool, strategy="random")
    ids = learner.query(2).ids
    with pytest.raises(
        InvalidInputError, match="'labels' parameter of teach must be texts or numb"
    ):
        learner.teach(ids, ["b", label])
    assert not learner.labels


def test_labels_come_in_whatever_holds_texts_or_numbers(pool):
    learner = ShardedLearner(pool, strategy="random")
    ids = learner.query(2).ids
    for labels in (
        np.array([3, 4]),
        [3, "4"],
        np.array([["3"], ["4"]]),
        (np.int8(3), np.str_("4")),
    ):
        learner.labels = {}
        learner.teach(ids, labels)
        assert learner.labels == dict(zip(ids, "34", strict=True))
    for wrong in ("34", {"3", "4"}, dict(zip(ids, "34", strict=True))):
        with pytest.raises(InvalidInputError, match="must be a list of label values"):
            learner.teach(ids, wrong)
    with pytest.raises(InvalidInputError, match="'ids' parameter of teach must be a list of ids"):
        learner.teach(ids[0], [*ids[0]])
    with pytest.raises(InvalidInputError, match="must be a list of ids, which are texts"):
        learner.teach([ids[0], 1], "34")


def test_what_cannot_be_is_said(pool, tmp_path):
    with pytest.raises(UnknownNameError):
        ShardedLearner(pool, strategy="marginal")
    learner = ShardedLearner(pool, strategy="margin")
    with pytest.raises(InvalidInputError, match="has no item 'z'"):
        learner.teach(["z"], ["a"])
    with pytest.raises(InvalidInputError, match="one an id"):
        learner.teach(["z"], [])
    with pytest.raises(InvalidInputError, match="must be distinct"):
        learner.teach(["a-0-0", "b-0-1", "a-0-0"], ["a", "b", "b"])
    with pytest.raises(InvalidInputError, match="'skip' is for items without one"):
        learner.teach(["a-0-0", "b-0-1"], ["a", None])
    with pytest.raises(InvalidInputError, match="has no item 'z'"):
        learner.skip(["z"])
    with pytest.raises(InvalidInputError, match="'ids' parameter of skip must be a list of ids"):
        learner.skip("a-0-0")
    assert not learner.skipped
    assert not learner.labels
    with pytest.raises(TrainingError, match="asks a model: label items of two classes first"):
        learner.query()
    with pytest.raises(TrainingError, match="label items of two classes first"):
        learner.predict(tmp_path)
    assert not [*tmp_path.iterdir()]
