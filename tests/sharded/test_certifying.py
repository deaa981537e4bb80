"""A pool of shards with a certificate: labels, audit, bound; the same as of a table in memory."""

import csv
import json
import shutil
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sparing.audit.audit import Claim
from sparing.audit.sampling import draw_audit
from sparing.cli.app import run as sparing
from sparing.cli.auditfolder import AuditFolder
from sparing.encoders.registry import get_encoder
from sparing.models.fitting import FittedModel
from sparing.models.saved import SavedModel, save_model
from sparing.sharded.labeled import read_labeled_shards

pytest.importorskip("pyarrow")
import pyarrow as pa
from pyarrow import parquet

ROWS, SHARDS = 400, 3


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    """What 'sparing predict' wrote of three shards, and which label each item really has."""
    here = tmp_path_factory.mktemp("pool")
    X = np.random.default_rng(0).standard_normal((ROWS * SHARDS, 4), dtype=np.float32)
    truth = np.where(X[:, 0] > 0, "yes", "no")
    (here / "vectors").mkdir()
    names = [f"item-{row}" for row in range(len(X))]
    for part in range(SHARDS):
        rows = slice(part * ROWS, (part + 1) * ROWS)
        np.save(here / "vectors" / f"part-{part}.npy", X[rows])
        ids = here / "vectors" / f"part-{part}.ids.txt"
        ids.write_text("\n".join(names[rows]))
    fitted = LogisticRegression().fit(X[:100], (truth[:100] == "yes").astype(int))
    encoder = get_encoder("vectors").fit(X)
    told = FittedModel.of(fitted, np.array([0, 1]), 2)
    saved = SavedModel.of(told, encoder, classes=("no", "yes"), n_labeled=100, kind="vectors")
    save_model(here / "model.npz", saved)
    assert sparing(["shards", str(here / "vectors")]) == 0
    shards = ["predict", str(here / "model.npz"), str(here / "vectors"), "--out"]
    assert sparing([*shards, str(here / "labels")]) == 0
    return here / "labels", dict(zip(names, truth.tolist(), strict=True))


def certify(*args):
    return sparing(["certify", *map(str, args)])


def answer(table, truth):
    with table.open(encoding="utf-8") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "label"), *((name, truth[name]) for name in ids)])
    return ids


def write_part(path, rows):
    table = pa.Table.from_pylist(rows, parquet.read_schema(path))
    parquet.write_table(table, path)


def with_fitting_hash(folder, part):
    """Have predictions.json say that a part is as it was written."""
    facts = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    own = next(told for told in facts["parts"] if told[0] == part.name)
    own[2] = sha256(part.read_bytes()).hexdigest()
    (folder / "predictions.json").write_text(json.dumps(facts), encoding="utf-8")


def as_rows(folder):
    tables = [parquet.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def test_from_shards_to_a_certificate(labeled, tmp_path, capsys):
    labels, truth = labeled
    out, known = tmp_path / "audit", tmp_path / "known.csv"
    known.write_text("id,label\n" + "".join(f"item-{i},{truth[f'item-{i}']}\n" for i in range(100)))
    options = ("--epsilon", 0.1, "--known", known, "--out", out)
    assert certify(labels, *options) == 0
    drawn = answer(out / "audit-1.csv", truth)
    assert not {*drawn} & {f"item-{i}" for i in range(100)}
    assert certify(labels, *options) == 0
    certificate = json.loads((out / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["n_total"] == ROWS * SHARDS
    rows = as_rows(out / "labels")
    assert [row["id"] for row in rows] == list(truth)
    wrong = [row for row in rows if row["label"] not in (None, truth[row["id"]])]
    assert len(wrong) <= 0.1 * len(rows)
    sources = {name: {r["id"] for r in rows if r["source"] == name} for name in ("person", "audit")}
    assert sources["person"] == {f"item-{i}" for i in range(100)}
    assert sources["audit"] <= {*drawn}
    by_model = [row for row in rows if row["source"] == "model"]
    assert len(by_model) == certificate["n_auto"]
    assert {row["certificate"] for row in by_model} == {certificate["digest"]}
    answer(out / "handback.csv", truth)
    assert certify(labels, *options) == 0
    assert all(row["label"] is not None for row in as_rows(out / "labels"))
    capsys.readouterr()
    file = out / "certificate.json"
    assert certify(labels, "--known", known, "--out", out, "--verify", file) == 0
    assert "ok     labels has the labels that were certified" in capsys.readouterr().out
    assert certify(labels, "--verify", file) == 1
    said = capsys.readouterr()
    assert "FAILED the predictions are those that were certified" in said.out
    assert "give the same table by --known again" in said.err
    assert certify(labels, "--out", out) == 1
    assert "give the same table by --known again" in " ".join(capsys.readouterr().err.split())
    changed = out / "labels" / "part-1.npy.labels.parquet"
    table = parquet.read_table(changed)
    parquet.write_table(
        table.set_column(1, "label", table.column("label").take([0] * ROWS)), changed
    )
    assert certify(labels, "--known", known, "--out", out, "--verify", file) == 1
    assert "FAILED labels has" in capsys.readouterr().out


def test_labels_at_a_url_have_the_certificate_of_the_folder(labeled, tmp_path, capsys):
    labels, truth = labeled
    found = {}
    for where in (labels, labels.as_uri()):
        out = tmp_path / f"audit-{len(found)}"
        assert certify(where, "--epsilon", 0.1, "--out", out) == 0
        answer(out / "audit-1.csv", truth)
        assert certify(where, "--out", out) == 0
        capsys.readouterr()
        assert certify(where, "--out", out, "--verify", out / "certificate.json") == 0
        assert "FAILED" not in capsys.readouterr().out
        certificate = json.loads((out / "certificate.json").read_text(encoding="utf-8"))
        found[where] = certificate["digest"], as_rows(out / "labels")
    first, second = found.values()
    assert first == second
    assert certify(labels.parent.as_uri(), "--out", tmp_path / "other") == 1
    assert "has no labels of shards" in " ".join(capsys.readouterr().err.split())


def test_a_table_of_the_same_labels_gives_as_much(labeled, tmp_path):
    labels, truth = labeled
    rows = as_rows(labels)
    pool = tmp_path / "pool.csv"
    with pool.open("w", newline="", encoding="utf-8") as file:
        told = [(r["id"], r["label"], repr(r["confidence"])) for r in rows]
        csv.writer(file).writerows([("id", "predicted", "confidence"), *told])
    found = []
    for source in (labels, pool):
        out = tmp_path / source.name.replace(".", "-")
        options = (source, "--kind", "auto", "--epsilon", 0.1, "--audits", 200, "--out", out)
        assert certify(*options) == 0
        answer(out / "audit-1.csv", truth)
        assert certify(source, "--out", out) == 0
        found.append(json.loads((out / "certificate.json").read_text(encoding="utf-8")))
    for name in ("n_total", "n_audited", "n_unanswered"):
        assert found[0][name] == found[1][name]


def test_what_is_not_as_it_was_written_is_refused(labeled, tmp_path, capsys):
    labels, _ = labeled
    for spoil, says in (
        (lambda f: (f / "part-1.npy.labels.parquet").unlink(), "cannot be read"),
        (lambda f: (f / "part-1.npy.labels.parquet").write_bytes(b"x"), "was changed after"),
        (lambda f: (f / "predictions.json").write_text("{}"), "is not what 'sparing predict'"),
    ):
        copy = tmp_path / says.replace(" ", "-")
        shutil.copytree(labels, copy)
        spoil(copy)
        assert certify(copy, "--out", tmp_path / "out") == 1
        assert says in capsys.readouterr().err
    known = tmp_path / "known.csv"
    known.write_text("id,label\nnobody,yes\n")
    assert certify(labels, "--known", known, "--out", tmp_path / "out") == 1
    assert "does not have, such as 'nobody'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_all_labels_at_once_are_shards_too(labeled, tmp_path, capsys):
    labels, _ = labeled
    assert (
        sparing(["autolabel", str(labels), "--how", "all", "--out", str(tmp_path / "all.csv")]) == 0
    )
    assert f"in {tmp_path / 'all'}." in capsys.readouterr().out.replace("\n", " ")
    assert {row["source"] for row in as_rows(tmp_path / "all")} == {"model"}
    first = ["autolabel", str(labels), "--how", "first", "--features", "x.npy"]
    assert sparing([*first, "--out", str(tmp_path / "b.csv")]) == 2


def certified_in(labels, out, truth):
    """Certify all of it; return the file of the certificate."""
    assert certify(labels, "--epsilon", 0.1, "--out", out) == 0
    answer(out / "audit-1.csv", truth)
    assert certify(labels, "--out", out) == 0
    return out / "certificate.json"


def test_ids_that_change_places_void_the_certificate(labeled, tmp_path, capsys):
    labels, truth = labeled
    file = certified_in(labels, tmp_path / "audit", truth)
    with (tmp_path / "audit" / "audit-1.csv").open(encoding="utf-8") as table:
        drawn = {row["id"] for row in csv.DictReader(table)}
    other = tmp_path / "other"
    shutil.copytree(labels, other)
    part = other / "part-1.npy.labels.parquet"
    rows = parquet.read_table(part).to_pylist()
    free = [row for row in rows if row["id"] not in drawn]
    one = next(row for row in free if row["label"] == "yes")
    two = next(row for row in free if row["label"] == "no")
    one["id"], two["id"] = two["id"], one["id"]
    write_part(part, rows)
    with_fitting_hash(other, part)
    shutil.rmtree(tmp_path / "audit" / "labels")
    capsys.readouterr()
    assert certify(other, "--verify", file) == 1
    assert "FAILED the predictions are those" in capsys.readouterr().out
    assert certify(other, "--out", tmp_path / "audit") == 1
    assert "changed after the audit was drawn" in " ".join(capsys.readouterr().err.split())


def test_how_a_file_is_packed_has_no_part_in_the_certificate(labeled, tmp_path, capsys):
    labels, truth = labeled
    file = certified_in(labels, tmp_path / "audit", truth)
    other = tmp_path / "other"
    shutil.copytree(labels, other)
    part = other / "part-1.npy.labels.parquet"
    before = part.read_bytes()
    table = parquet.read_table(part, read_dictionary=["id"])
    parquet.write_table(table, part, compression="gzip", row_group_size=7)
    assert part.read_bytes() != before
    with_fitting_hash(other, part)
    capsys.readouterr()
    assert certify(other, "--verify", file) == 0
    assert "ok     labels has the labels that were certified" in capsys.readouterr().out


def test_a_file_more_beside_the_certified_labels_is_noticed(labeled, tmp_path, capsys):
    labels, truth = labeled
    file = certified_in(labels, tmp_path / "audit", truth)
    own = tmp_path / "audit" / "labels"
    shutil.copy(own / "part-1.npy.labels.parquet", own / "part-9.npy.labels.parquet")
    capsys.readouterr()
    assert certify(labels, "--verify", file) == 1
    assert "FAILED labels has" in capsys.readouterr().out


def test_an_audit_from_before_ids_were_frozen_is_refused_in_one_line(labeled, tmp_path, capsys):
    labels, truth = labeled
    out = tmp_path / "audit"
    pool = read_labeled_shards(labels, dict)
    old = replace(pool.predictions, items=pool.without_ids)
    folder = AuditFolder(out)
    folder.add(draw_audit(old, 100, claim=Claim(0.1)), pool)
    answer(out / "audit-1.csv", truth)
    assert certify(labels, "--out", out) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "did not freeze which id has which label" in told
    assert "--again" in told
    assert certify(labels, "--out", out, "--again") == 1
    known = ("--known", out / "known.csv")  # the answers to the old one are still answers
    assert certify(labels, "--out", out, "--again", *known) == 0
    answer(out / "audit-2.csv", truth)
    assert certify(labels, "--out", out, *known) == 0


@pytest.mark.parametrize(
    ("of_item", "says"),
    [
        (lambda row: {"id": f"{row['id']} "}, "has the id 'item-400 ' in row 0, and tables of"),
        (lambda row: {"id": "" if row["id"] == "item-402" else row["id"]}, "the id '' in row 2"),
        (lambda row: {"id": None if row["id"] == "item-403" else row["id"]}, "id None in row 3"),
    ],
)
def test_ids_that_a_table_would_not_give_back_are_not_certified(
    labeled, tmp_path, capsys, of_item, says
):
    labels, _ = labeled
    copy = tmp_path / "copy"
    shutil.copytree(labels, copy)
    part = copy / "part-1.npy.labels.parquet"
    write_part(part, [{**row, **of_item(row)} for row in parquet.read_table(part).to_pylist()])
    with_fitting_hash(copy, part)
    assert certify(copy, "--out", tmp_path / "out") == 1
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_classes_that_a_table_would_not_give_back_are_not_certified(labeled, tmp_path, capsys):
    labels, _ = labeled
    copy = tmp_path / "copy"
    shutil.copytree(labels, copy)
    facts = json.loads((copy / "predictions.json").read_text(encoding="utf-8"))
    facts["classes"] = ["no", "yes "]
    (copy / "predictions.json").write_text(json.dumps(facts), encoding="utf-8")
    assert certify(copy, "--out", tmp_path / "out") == 1
    assert "has the class 'yes ', and tables of answers" in " ".join(
        capsys.readouterr().err.split()
    )


def test_labels_are_not_read_from_where_the_certified_ones_come(labeled, tmp_path, capsys):
    """They would be replaced, or with another audit moved aside."""
    labels = tmp_path / "audit" / "labels"
    shutil.copytree(labeled[0], labels)
    before = {path.name: path.read_bytes() for path in labels.iterdir()}
    for pool in (labels, labels.as_uri()):
        for more in ((), ("--again",)):
            assert certify(pool, "--out", tmp_path / "audit", *more) == 1
            assert "name another folder by --out" in " ".join(capsys.readouterr().err.split())
    assert {path.name: path.read_bytes() for path in labels.iterdir()} == before
    assert [path.name for path in (tmp_path / "audit").iterdir()] == ["labels"]
