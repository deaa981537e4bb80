"""Strategies that compare items, and auto, over shards: exact where all fit, else hardly less."""

import csv
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing import ActiveLearner
from sparing.cli.app import run as sparing
from sparing.encoders.registry import get_encoder
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, load_model, save_model
from sparing.sharded.candidates import WantedCandidates, keep_candidates
from sparing.sharded.engine import Local
from sparing.sharded.selecting import WantedRows
from sparing.sharded.shardpool import index_shards, open_shards
from sparing.sharded.two_passes import select_in_two_passes
from sparing.strategies import measures

ROWS, SHARDS, COLUMNS, KINDS = 400, 4, 6, 12
N = ROWS * SHARDS
LABELS = {f"item-{row}": "yes" if row % 3 else "no" for row in range(0, 60, 2)}


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Groups of items in shards, and a model of vectors like these."""
    here = tmp_path_factory.mktemp("pool")
    rng = np.random.default_rng(0)
    middles = 2 * rng.standard_normal((KINDS, COLUMNS))
    X = (middles[rng.integers(0, KINDS, N)] + rng.standard_normal((N, COLUMNS))).astype(np.float32)
    (here / "vectors").mkdir()
    for part in range(SHARDS):
        rows = range(part * ROWS, (part + 1) * ROWS)
        np.save(here / "vectors" / f"part-{part}.npy", X[rows])
        (here / "vectors" / f"part-{part}.ids.txt").write_text("\n".join(f"item-{r}" for r in rows))
    index_shards(here / "vectors")
    fitted = LogisticRegression().fit(X[:300], (X[:300, 0] > 0).astype(int))
    told = FittedModel.of(fitted, np.array([0, 1]), 2)
    encoder = get_encoder("vectors").fit(X)
    saved = SavedModel.of(told, encoder, classes=("no", "yes"), n_labeled=300, kind="vectors")
    save_model(here / "model.npz", saved)
    return here, X


def chosen(pool, strategy, n=20, *, labels=LABELS, model=None, workers=1, **options):
    folder = pool[0] / "vectors"
    wanted = WantedRows(strategy, n, model, frozenset(labels), seed=3)
    return select_in_two_passes(
        folder, open_shards(folder), wanted, labels, engine=Local(workers), **options
    )


def rows_of(choice):
    return [int(row.item_id.removeprefix("item-")) for row in choice.rows]


@pytest.mark.parametrize("strategy", ["auto", "k_center", "max_herding", "badge"])
def test_where_all_are_candidates_it_is_the_choice_in_memory(pool, strategy):
    labeled = [int(name.removeprefix("item-")) for name in LABELS]
    rest = np.setdiff1d(np.arange(N), labeled)
    order = np.r_[rest, labeled]
    learner = ActiveLearner(pool[1][order], strategy=strategy, seed=3)
    learner.teach(len(rest) + np.arange(len(labeled)), [*LABELS.values()])
    expected = order[learner.query(20, candidates=np.arange(len(rest))).indices]
    assert rows_of(chosen(pool, strategy)) == expected.tolist()


@pytest.mark.parametrize("strategy", ["max_herding", "u_herding"])
def test_of_fewer_candidates_the_objective_is_hardly_less(pool, strategy):
    X = pool[1]
    exact = chosen(pool, strategy, labels={})
    fewer = chosen(pool, strategy, labels={}, limit=600)
    assert {*rows_of(exact)} != {*rows_of(fewer)}

    assert covered(X, rows_of(fewer)) >= 0.99 * covered(X, rows_of(exact))


def covered(X, rows):
    """Return how near the nearest of the rows is to each item of the whole pool, on average."""
    unit = X - X.mean(axis=0)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    return np.exp(2 * unit @ unit[rows].T - 2).max(axis=1).mean()


def test_candidates_are_the_doubted_and_a_draw_with_a_known_chance(pool):
    folder, X = pool[0] / "vectors", pool[1]
    model = pool[0] / "model.npz"
    manifest = open_shards(folder)
    doubt = measures.margin(load_model(model).proba_of(X))
    wanted = partial(WantedCandidates, 50, 400, N, model, frozenset(LABELS))
    labeled = [int(name.removeprefix("item-")) for name in LABELS]
    doubt[labeled] = -1
    counts = np.zeros(N)
    for seed in range(40):
        kept = keep_candidates(folder, manifest, wanted(seed))
        assert {*kept.rows[kept.propensity == 1]} == {*np.argsort(-doubt)[:50]}
        assert set(kept.propensity) == {1.0, 400 / N}
        assert list(kept.labeled.values()) == sorted(labeled)
        assert kept.n_candidates == N - len(labeled)
        counts[kept.rows] += 1
    assert not counts[labeled].any()
    drawn = np.setdiff1d(np.arange(N), [*labeled, *np.argsort(-doubt)[:50]])
    mean = counts[drawn].mean() / 40
    assert abs(mean - 400 / N) < 4 * np.sqrt(0.25 * 0.75 / (40 * len(drawn)))
    assert counts[drawn].max() < 25
    alike = [keep_candidates(folder, manifest, wanted(1), engine=Local(n)) for n in (1, 2)]
    assert alike[0].rows.tolist() == alike[1].rows.tolist()


def test_from_the_command_line_labels_teach_and_what_is_labeled_is_not_asked(
    pool, tmp_path, capsys
):
    table, out = tmp_path / "labels.csv", tmp_path / "ask.csv"
    table.write_text("id,label\n" + "".join(f"{name},{one}\n" for name, one in LABELS.items()))
    folder = str(pool[0] / "vectors")
    told = [folder, "--strategy", "auto", "-n", "12", "--labeled", str(table), "--seed", "3"]
    assert sparing(["select", *told, "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["id"] for row in rows] == [r.item_id for r in chosen(pool, "auto", 12).rows]
    assert not {row["id"] for row in rows} & LABELS.keys()
    assert {row["propensity"] for row in rows} == {""}
    capsys.readouterr()
    assert sparing(["select", folder, "--strategy", "auto", "-n", str(2 * N)]) == 1
    assert f"{2 * N} items were asked for and {N} may be asked." in capsys.readouterr().err
