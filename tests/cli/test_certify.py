"""``sparing certify`` and ``sparing autolabel`` as a person uses them: files in, files out."""

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import typer

from sparing.cli import meant
from sparing.cli.autolabel import autolabel
from sparing.cli.certify import certify
from sparing.cli.meant import as_meant
from sparing.errors import SourceError, SparingError
from sparing.pool.classes import ClassTable
from sparing.pool.predictions import Predictions

app = typer.Typer()
app.command()(certify)
app.command()(autolabel)


def run(capsys, *args):
    """Return (exit code or error, stdout, stderr)."""
    try:
        code = int(app([str(a) for a in args], standalone_mode=False) or 0)
    except SparingError as error:
        code = error
    out = capsys.readouterr()
    return code, out.out, out.err


def write(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def read(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fill(path, truth, *, skip=0):
    """Answer an audit or hand-back table as a person would."""
    rows = read(path)
    answered = [(r["id"], "" if i < skip else truth[r["id"]]) for i, r in enumerate(rows)]
    return write(path, ("id", "label"), answered)


@pytest.fixture
def job(tmp_path):
    """A pool of 1,200 items of which the 60 least confident are predicted wrongly."""
    n = 1200
    ids = [f"item-{i:04d}" for i in range(n)]
    predicted = ["cat" if i % 3 else "dog" for i in range(n)]
    truth = dict(zip(ids, predicted, strict=True))
    for i in range(n - 60, n):
        truth[ids[i]] = "cat" if predicted[i] == "dog" else "dog"
    confidence = np.linspace(1, 0.6, n)
    known = ["" if i % 12 else truth[ids[i]] for i in range(n)]
    rows = zip(ids, predicted, confidence, known, strict=True)
    pool = write(tmp_path / "pool.csv", ("id", "predicted", "confidence", "label"), rows)
    return pool, truth, tmp_path / "audit"


def test_the_names_of_classes_have_no_part_in_the_draw(job, capsys):
    pool, _, out = job
    renamed = pool.with_name("renamed.csv")
    renamed.write_text(pool.read_text(encoding="utf-8").replace(",cat", ",zat"), encoding="utf-8")
    assert run(capsys, "certify", pool, "--out", out)[0] == 0
    assert run(capsys, "certify", renamed, "--out", out.with_name("other"))[0] == 0
    assert read(out / "audit-1.csv") == read(out.with_name("other") / "audit-1.csv")


def test_from_the_draw_to_the_last_label(job, capsys):
    pool, truth, out = job
    code, stdout, stderr = run(capsys, "certify", pool, "--epsilon", 0.02, "--out", out)
    assert code == 0
    assert re.search(
        r"At most 2 % wrong, .*: about \d+ items to check, then [\d,]+ more by hand", stderr
    )
    assert "Fill in the column 'label'" in stdout
    table = out / "audit-1.csv"
    assert [r["label"] for r in read(table)] == [""] * len(read(table))
    assert set(read(table)[0]) == {"id", "label"}  # blind: the model's guess is not shown

    fill(table, truth)
    code, stdout, _ = run(capsys, "certify", pool, "--out", out)
    assert code == 0
    assert stdout.startswith("At most 24 of all 1,200 labels (2 %) are wrong, with probability 95")
    assert "Phase: hand-back" in stdout
    assert "For comparison: with the commonest class for all that no person has labeled" in stdout

    fill(out / "handback.csv", truth)
    code, stdout, _ = run(capsys, "certify", pool, "--out", out)
    assert "Phase: done" in stdout
    labels = read(out / "labels.csv")
    assert len(labels) == 1200
    assert sum(r["label"] != truth[r["id"]] for r in labels) <= 24
    assert {r["source"] for r in labels} == {"person", "audit", "model", "handback"}
    certificate = json.loads((out / "certificate.json").read_text())
    by_model = [r for r in labels if r["source"] == "model"]
    assert len(by_model) == certificate["n_auto"]
    assert {r["certificate"] for r in by_model} == {certificate["digest"][:16]}
    assert all(r["confidence"] and r["model_version"] == "0" for r in by_model)


def certified(job, capsys, *options):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out, *options)
    fill(out / "audit-1.csv", truth)
    return run(capsys, "certify", pool, "--out", out)


def test_a_certificate_is_verified_with_and_without_the_pool(job, capsys):
    pool, _, out = job
    certified(job, capsys)
    code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
    assert code == 0
    assert stdout.count("ok    ") == 13
    assert "Nobody can check:\n- who answered" in stdout
    code, stdout, stderr = run(capsys, "certify", "--verify", out / "certificate.json")
    assert code == 0
    assert stdout.count("ok    ") == 7
    assert "Its numbers alone" in stderr


def test_verifying_fails_where_an_answer_was_changed(job, capsys):
    pool, _, out = job
    certified(job, capsys)
    rows = read(out / "audit-1.csv")
    flip = {"cat": "dog", "dog": "cat"}
    write(out / "audit-1.csv", ("id", "label"), [(r["id"], flip[r["label"]]) for r in rows])
    code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
    assert code == 1
    assert "FAILED counting the answers again" in stdout


@pytest.mark.parametrize("n_before", [0, 2])
def test_answers_that_go_on_beyond_the_look_leave_the_certificate_true(tmp_path, capsys, n_before):
    n, out = 4000, tmp_path / "audit"
    truth = {f"item-{i:04d}": "cat" if i % 3 else "dog" for i in range(n)}
    confidence = np.linspace(1, 0.97, n)
    rows = [
        (name, "dog" if i % 100 == 50 else label, confidence[i], label * (i % 100 == 0))
        for i, (name, label) in enumerate(truth.items())
    ]
    pool = write(tmp_path / "pool.csv", ("id", "predicted", "confidence", "label"), rows)
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    table, file = out / "audit-1.csv", out / "certificate.json"
    first, *_, last = json.loads((out / "audit-1.json").read_text())["looks"]
    drawn = [row["id"] for row in read(table)]

    def answered(n):
        write(table, ("id", "label"), [(i, truth[i] * (k < n)) for k, i in enumerate(drawn)])

    answered(first + n_before)
    run(capsys, "certify", pool, "--out", out)
    for n in (first + n_before, first + 5, last):
        answered(n)
        code, stdout, _ = run(capsys, "certify", pool, "--verify", file)
        assert (code, stdout.count("ok    ")) == (0, 13), stdout
    # What nobody answered in the audit is still no answer of it.
    answered(first + 5)
    rows = read(out / "labels.csv")
    row = next(row for row in rows if row["source"] == "model" and row["id"] not in drawn)
    row |= {"source": "audit", "model_version": "", "certificate": ""}
    write(out / "labels.csv", list(rows[0]), [list(row.values()) for row in rows])
    code, stdout, _ = run(capsys, "certify", pool, "--verify", file)
    assert code == 1
    assert "FAILED labels.csv has the labels that were certified" in stdout


def test_verifying_fails_where_a_label_was_changed(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.02, "--out", out)
    fill(out / "audit-1.csv", truth)
    run(capsys, "certify", pool, "--out", out)
    fill(out / "handback.csv", truth)
    run(capsys, "certify", pool, "--out", out)
    file = out / "labels.csv"
    code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
    assert "ok     labels.csv has the labels that were certified" in stdout
    assert code == 0
    rows = read(file)
    (at, *_) = (i for i, row in enumerate(rows) if row["source"] == "model")
    for changes in ({"label": "fox"}, {"source": "person"}, {"confidence": "1"}):
        changed = [{**row, **(changes if i == at else {})} for i, row in enumerate(rows)]
        write(file, list(rows[0]), [list(row.values()) for row in changed])
        code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
        assert (code, "FAILED labels.csv" in stdout) == (1, True)
    write(file, list(rows[0]), [list(row.values()) for row in [*rows[:-1], rows[0]]])
    code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
    assert (code, "FAILED labels.csv" in stdout) == (1, True)  # as many lines, an item is missing


def test_nothing_that_can_be_chosen_chooses_the_draw(job, capsys):
    """Not the claim, not the number of the model, not the order of the lines, not the folder."""
    pool, _, out = job
    rows = read(pool)
    write(out.parent / "other.csv", list(rows[0]), [list(r.values()) for r in rows[::-1]])
    drawn = []
    for at, (source, *options) in enumerate([
        (pool,), (pool, "--epsilon", 0.03), (pool, "--delta", 0.2), (pool, "--model-version", 7),
        (pool, "--audits", 200), (out.parent / "other.csv",),
    ]):  # fmt: skip
        folder = out / str(at)
        run(capsys, "certify", source, "--out", folder, *options)
        drawn.append([row["id"] for row in read(folder / "audit-1.csv")])
    for ids in drawn:  # a plan may leave out the least sure, and decides how many
        both = set(ids) & set(drawn[0])
        assert len(both) > 50
        assert [i for i in ids if i in both] == [i for i in drawn[0] if i in both]
    same = [i for i in drawn[-1] if i in drawn[0]]
    assert same == drawn[0]
    pool.write_text(pool.read_text().replace("item-0005", "item-9005"))
    run(capsys, "certify", pool, "--out", out / "last")
    last = [row["id"] for row in read(out / "last" / "audit-1.csv")]
    both = set(last) & set(drawn[0])
    assert [i for i in last if i in both] != [i for i in drawn[0] if i in both]


def test_labels_are_in_the_order_of_the_pool(job, capsys):
    pool, truth, out = job
    rows = read(pool)[::-1]
    write(pool, list(rows[0]), [list(row.values()) for row in rows])
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    fill(out / "audit-1.csv", truth)
    run(capsys, "certify", pool, "--out", out)
    assert [row["id"] for row in read(out / "labels.csv")] == [row["id"] for row in rows]


def test_a_changed_certificate_is_no_certificate(job, capsys):
    _, _, out = job
    certified(job, capsys)
    file = out / "certificate.json"
    file.write_text(file.read_text().replace("At most 60", "At most 6"))
    error, *_ = run(capsys, "certify", "--verify", file)
    assert "hash does not fit" in str(error)


def test_a_pool_changed_after_the_draw_is_refused_and_a_new_audit_counts(job, capsys):
    pool, truth, out = job
    certified(job, capsys)
    pool.write_text(pool.read_text().replace("item-0007,cat", "item-0007,dog"))
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "a certificate would be void" in str(error)
    code, *_ = draw_again(capsys, pool, "--epsilon", 0.05, "--out", out)
    assert code == 0
    assert not (out / "certificate.json").exists()
    fill(out / "audit-2.csv", truth)
    run(capsys, "certify", pool, "--known", out / "known.csv", "--out", out)
    certificate = json.loads((out / "certificate.json").read_text())
    assert certificate["attempt"] == 2
    assert certificate["evidence"][0]["delta"] < 0.0077
    assert len(certificate["previous"]) == 1


def draw_again(capsys, pool, *more):
    """Draw a new audit, with what people said in the last one, which is asked for first."""
    out = more[more.index("--out") + 1]
    before = sorted(path.name for path in out.iterdir())
    error, *_ = run(capsys, "certify", pool, *more, "--again")
    assert f"Give the answers by --known {out / 'known.csv'}" in str(error)
    assert sorted(path.name for path in out.iterdir()) == sorted([*before, "known.csv"])
    return run(capsys, "certify", pool, *more, "--again", "--known", out / "known.csv")


def test_what_people_said_in_an_audit_stays_theirs_in_the_next(job, capsys):
    pool, truth, out = job
    certified(job, capsys)
    fill(out / "handback.csv", truth)
    first = {row["id"] for name in ("audit-1", "handback") for row in read(out / f"{name}.csv")}
    draw_again(capsys, pool, "--epsilon", 0.04, "--out", out)
    second = {row["id"] for row in read(out / "audit-2.csv")}
    assert not first & second
    fill(out / "audit-2.csv", truth)
    run(capsys, "certify", pool, "--known", out / "known.csv", "--out", out)
    labels = {row["id"]: row for row in read(out / "labels.csv")}
    assert all(labels[name]["label"] == truth[name] for name in first | second)
    assert not any(labels[name]["source"] == "model" for name in first | second)


def test_a_lost_audit_is_noticed(job, capsys):
    pool, _, out = job
    certified(job, capsys)
    draw_again(capsys, pool, "--out", out)
    (out / "audit-2.json").rename(out / "audit-1.json")
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "does not follow" in str(error)


def test_no_answer_yet(job, capsys):
    pool, _, out = job
    run(capsys, "certify", pool, "--out", out)
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "No answer yet" in str(error)


def test_unanswered_items_count_as_wrong_and_it_says_so(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    fill(out / "audit-1.csv", truth, skip=7)
    _, _, stderr = run(capsys, "certify", pool, "--out", out)
    assert "7 items of the check have no answer and count as wrong" in stderr


def test_annotators_who_disagree(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    rows = [[r["id"], truth[r["id"]], truth[r["id"]]] for r in read(out / "audit-1.csv")]
    rows[0][2] = "dog" if rows[0][1] == "cat" else "cat"
    write(out / "audit-1.csv", ("id", "label", "label_2"), rows)
    _, _, stderr = run(capsys, "certify", pool, "--out", out)
    assert "People differ on 1 of the checked items" in stderr


def test_an_answer_that_was_not_asked_for(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--out", out)
    rows = [(r["id"], truth[r["id"]]) for r in read(out / "audit-1.csv")]
    write(out / "audit-1.csv", ("id", "label"), [*rows, ("item-0000", "cat")])
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "'item-0000', which was not drawn: take its line out" in str(error)
    write(out / "audit-1.csv", ("id", "label"), [*rows, ("nobody", "cat")])
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "'nobody', which is not in the pool" in str(error)


def test_a_spreadsheet_may_save_with_semicolons_and_a_mark(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    table = fill(out / "audit-1.csv", truth)
    table.write_bytes(b"\xef\xbb\xbf" + table.read_text().replace(",", ";").encode())
    code, stdout, _ = run(capsys, "certify", pool, "--out", out)
    assert (code, "At most 60" in stdout) == (0, True)


@pytest.mark.parametrize(
    "options", [("--epsilon", 0), ("--epsilon", 1.5), ("--delta", 0), ("--kind", "x")]
)
def test_claims_that_cannot_be(job, capsys, options):
    pool, _, out = job
    error, *_ = run(capsys, "certify", pool, "--out", out, *options)
    assert isinstance(error, SparingError)
    assert options[0][2:] in str(error)
    assert not out.exists()


def test_more_audits_than_items(job, capsys):
    pool, _, out = job
    error, *_ = run(capsys, "certify", pool, "--out", out, "--audits", 5000)
    assert "5000 items was asked for and 1100 may be drawn" in str(error)


def test_where_an_audit_does_not_pay(tmp_path, capsys):
    rows = [(i, "a" if i % 2 else "b", 0.5) for i in range(50)]
    pool = write(tmp_path / "pool.csv", ("id", "predicted", "confidence"), rows)
    code, _, stderr = run(capsys, "certify", pool, "--out", tmp_path / "o")
    assert code == 1
    assert "a check would cost more than it saves" in stderr


def test_probabilities_in_an_array_per_class(tmp_path, capsys):
    rng = np.random.default_rng(0)
    codes = rng.integers(2, size=1500)
    proba = np.full((1500, 2), 0.02)
    proba[np.arange(1500), codes] = 0.98
    np.save(tmp_path / "proba.npy", proba)
    known = write(tmp_path / "known.csv", ("id", "label"), [(i, "no") for i in range(20)])
    out = tmp_path / "o"
    options = ("--epsilon", 0.05, "--kind", "auto", "--per-class", "--classes", "no,yes")
    pool = (tmp_path / "proba.npy", "--known", known, "--out", out)
    assert run(capsys, "certify", *pool, *options)[0] == 0
    fill(out / "audit-1.csv", {str(i): ("no", "yes")[c] for i, c in enumerate(codes)})
    # Names are read without spaces around them, as the answers are.
    _, stdout, _ = run(capsys, "certify", *pool, "--classes", "no, yes ", "--json")
    certificate = json.loads(stdout)
    assert [e["scope"] for e in certificate["evidence"]] == ["no", "yes"]
    assert certificate["n_auto"] > 900
    assert certificate["n_by_people"] == 20 + certificate["n_audited"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pool.csv", "id,guess\n1,a\n", "no column 'predicted'"),
        ("pool.csv", "id,predicted,confidence\n1,a,high\n", "Line 2 of"),
        ("pool.csv", "id,predicted,confidence\n1,a,1.7\n", "confidence from 0 to 1. It has '1.7'"),
        ("pool.csv", "id,predicted,confidence\n1,a,nan\n", "It has 'nan'"),
        ("pool.csv", "id,predicted,confidence\n\n1,a,97\n", "Divide percentages by 100"),
        ("pool.csv", "id,predicted,confidence\n1,,0.9\n", "has no predicted label"),
        ("pool.csv", "id,predicted,confidence\n,a,0.9\n", "has no id"),
        ("pool.csv", "id,id,predicted,confidence\n1,1,a,0.9\n", "two columns called 'id'"),
        ("pool.csv", "id,predicted,confidence\n1,a\r,0.9\n2,b,0.8\n", "Line 2 of"),
        ("pool.csv", "id,predicted,confidence\n1,a,0.5\n1,b,0.5\n", "every id"),
        ("pool.csv", "id,predicted,confidence\n1,a\n", "fewer cells"),
        ("pool.csv", "id,predicted,confidence\n", "no rows"),
        ("pool.csv", "", "empty"),
        ("pool.npy", "not numpy", "cannot be read"),
    ],
)
def test_pools_that_are_none(tmp_path, capsys, name, text, words):
    pool = tmp_path / name
    pool.write_text(text)
    error, *_ = run(capsys, "certify", pool, "--out", tmp_path / "o")
    assert words in str(error)


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (np.array([["a", "b"]]), (), "must hold numbers of shape (items, classes)"),
        (np.zeros((0, 2)), (), "It holds float64 of shape (0, 2)"),
        (np.full((5, 1), 0.9), (), "at least two"),
        (np.array([[0.5, 0.5], [0.5, np.nan]]), (), "row 1 that sums to nan"),
        (np.full((5, 2), 0.5), ("--classes", "a,a"), "a name of its own"),
    ],
)
def test_arrays_that_are_no_probabilities(tmp_path, capsys, array, options, words):
    np.save(tmp_path / "p.npy", array)
    error, *_ = run(capsys, "certify", tmp_path / "p.npy", "--out", tmp_path / "o", *options)
    assert isinstance(error, SourceError)
    assert words in str(error)


def test_known_labels_that_differ_are_not_chosen_from(job, capsys, tmp_path):
    pool, truth, out = job
    other = {"cat": "dog", "dog": "cat"}
    name = next(iter(truth))  # the pool says what it is
    known = write(tmp_path / "known.csv", ("id", "label"), [(name, other[truth[name]])])
    error, *_ = run(capsys, "certify", pool, "--out", out, "--known", known)
    assert f"'{name}' has two labels in {pool} and --known" in str(error)
    known = write(tmp_path / "known.csv", ("id", "label"), [("x", "cat"), ("x", "dog")])
    error, *_ = run(capsys, "certify", pool, "--out", out, "--known", known)
    assert f"'x' has two labels in {known}, 'cat' and 'dog'" in str(error)


def test_labels_of_a_certificate_are_no_persons_word_where_the_model_gave_them(
    job, capsys, tmp_path
):
    pool, _, out = job
    certified(job, capsys)
    made = out / "labels.csv"
    n = sum(row["source"] == "model" for row in read(made))
    text = f"{made} has {n:,} labels by a model, which are no person's word"
    error, *_ = run(capsys, "certify", pool, "--out", out / "other", "--known", made)
    assert text in str(error)
    run(capsys, "certify", pool, "--out", out / "other")
    table = out / "other" / "audit-1.csv"
    table.write_text(made.read_text())
    error, *_ = run(capsys, "certify", pool, "--out", out / "other")
    assert text.replace(str(made), str(table)) in str(error)
    told = {"model": "automatic", "": ""}  # an export says it in another column
    rows = [
        {**row, "provenance": told.get(row["source"], "person"), "source": ""} for row in read(made)
    ]
    known = write(tmp_path / "export.csv", [*rows[0]], [[*row.values()] for row in rows])
    error, *_ = run(capsys, "certify", pool, "--out", out / "other", "--known", known)
    assert "take the lines out whose 'provenance' is 'automatic'" in str(error)
    mine = [row for row in read(made) if row["source"] != "model" and row["label"]]
    write(made, list(mine[0]), [list(row.values()) for row in mine])
    assert run(capsys, "certify", pool, "--out", out / "third", "--known", made)[0] == 0


def test_what_was_filled_in_of_a_hand_back_is_never_written_over(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.02, "--out", out)
    fill(out / "audit-1.csv", truth)
    run(capsys, "certify", pool, "--out", out)
    table = out / "handback.csv"
    rows = [(row["id"], truth[row["id"]]) for row in read(table)]
    for columns, more, words in (
        (("ID.", "label"), [], "has no column 'id'"),
        (("id", "label"), [("item-9", "cat")], "answers for 'item-9', which is not in the pool"),
        (("id", "label"), [(rows[0][0], "fox")], "has two labels"),
    ):
        write(table, columns, [*rows, *more])
        before = table.read_text()
        error, *_ = run(capsys, "certify", pool, "--out", out)
        assert words in str(error)
        assert table.read_text() == before
    table.write_text("item-1,cat\n")  # all that is left is an answer
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "has no rows below its first line" in str(error)
    assert table.read_text() == "item-1,cat\n"
    by_model = next(row["id"] for row in read(out / "labels.csv") if row["source"] == "model")
    write(table, ("id", "label"), [*rows, (by_model, "fox")])
    _, stdout, stderr = run(capsys, "certify", pool, "--out", out)
    assert "Phase: done" in stdout
    assert f"Labels in {table} of items that are not handed back: 1." in stderr
    assert [row["label"] for row in read(table)][-1] == "fox"


def test_audits_that_could_prove_nothing_are_not_drawn(job, capsys):
    pool, _, out = job
    error, *_ = run(capsys, "certify", pool, "--out", out, "--audits", 5)
    assert "5 items are too few to show 2 %" in str(error)
    options = ("--kind", "auto", "--per-class", "--audits", 300)
    with pytest.raises(typer.BadParameter, match="leave it out"):
        run(capsys, "certify", pool, "--out", out, *options)
    assert not out.exists()


@pytest.mark.parametrize(
    "options", [("--epsilon", 0.01), ("--delta", 0.1), ("--kind", "auto"), ("--per-class",)]
)
def test_the_claim_of_an_open_audit_is_fixed(job, capsys, options):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    fill(out / "audit-1.csv", truth)
    error, *_ = run(capsys, "certify", pool, "--out", out, *options)
    assert f"was drawn for {options[0]}" in str(error)
    assert not (out / "certificate.json").exists()
    assert run(capsys, "certify", pool, "--out", out, "--epsilon", 0.05)[0] == 0


def test_labels_that_the_model_does_not_know_are_named(job, capsys):
    pool, truth, out = job
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    table = out / "audit-1.csv"
    rows = [[r["id"], truth[r["id"]]] for r in read(table)]
    rows[0][1], rows[1][1] = "Dog ", "zebra"
    write(table, ("id", "label"), rows)
    _, _, stderr = run(capsys, "certify", pool, "--out", out)
    assert "no class 'Dog': 1 answer counts against it. Is it 'dog'?" in stderr
    assert "no class 'zebra': 1 answer counts against it.\n" in stderr


@pytest.fixture
def numbered(tmp_path):
    """Predictions of classes 1, 2, 3, all of them right, and the truth as pandas may save it."""
    ids = [f"item-{i:03d}" for i in range(600)]
    predicted = [str(1 + i % 3) for i in range(600)]
    pool = write(
        tmp_path / "p.csv",
        ("id", "predicted", "confidence"),
        zip(ids, predicted, np.linspace(1, 0.6, 600), strict=True),
    )
    return pool, {i: f"{label}.0" for i, label in zip(ids, predicted, strict=True)}


def test_a_whole_number_saved_as_another_is_the_class_of_the_model(numbered, tmp_path, capsys):
    pool, truth = numbered
    a, b = tmp_path / "a", tmp_path / "b"
    assert run(capsys, "certify", pool, "--epsilon", 0.05, "--out", a)[0] == 0
    b.mkdir()
    (b / "audit-1.json").write_bytes((a / "audit-1.json").read_bytes())
    drawn = [row["id"] for row in read(a / "audit-1.csv")]
    write(b / "audit-1.csv", ("id", "label"), [(i, truth[i].removesuffix(".0")) for i in drawn])
    fill(a / "audit-1.csv", truth)
    code, stdout, stderr = run(capsys, "certify", pool, "--out", a)
    assert code == 0
    assert "'2.0' is taken for '2'" in stderr
    assert "no class" not in stderr
    assert (0, stdout.replace(str(a), str(b))) == run(capsys, "certify", pool, "--out", b)[:2]
    labels = [{**row, "certificate": ""} for row in read(a / "labels.csv")]
    assert labels == [{**row, "certificate": ""} for row in read(b / "labels.csv")]
    code, stdout, _ = run(capsys, "certify", pool, "--verify", a / "certificate.json")
    assert code == 0
    assert "FAILED" not in stdout
    fill(a / "handback.csv", truth)
    assert run(capsys, "certify", pool, "--out", a)[0] == 0
    assert {row["label"] for row in read(a / "labels.csv")} == {"1", "2", "3"}


def test_a_certificate_that_counted_whole_numbers_as_written_is_verified(
    numbered, tmp_path, capsys, monkeypatch
):
    pool, truth = numbered
    out = tmp_path / "a"
    run(capsys, "certify", pool, "--epsilon", 0.05, "--out", out)
    some = set(list(truth)[::50])
    fill(out / "audit-1.csv", {i: v if i in some else v[0] for i, v in truth.items()})
    with monkeypatch.context() as before:
        before.setattr(meant, "is_whole", lambda name: False)
        _, _, stderr = run(capsys, "certify", pool, "--out", out)
    assert "knows no class '1.0'" in stderr
    code, stdout, _ = run(capsys, "certify", pool, "--verify", out / "certificate.json")
    assert code == 0
    assert "FAILED" not in stdout


def test_what_the_model_knows_as_written_is_meant_as_written():
    nobody = [-1, -1, -1]
    both = Predictions([0, 1, 2], [0.9] * 3, nobody, ClassTable(("1", "1.0", "2")))
    assert as_meant(both, [(0, "1.0"), (1, "1"), (2, "2.0")]) == [(0, "1.0"), (1, "1"), (2, "2")]
    by_people = Predictions([0, 0, 0], [0.9] * 3, [1, -1, -1], ClassTable(("1", "1.0")))
    assert as_meant(by_people, [(1, "1.0"), (2, "Cat")]) == [(1, "1"), (2, "Cat")]


def test_a_new_audit_loses_nothing_of_the_last(job, capsys):
    pool, truth, out = job
    certified(job, capsys)
    fill(out / "handback.csv", truth)
    before = {f.stem: f.read_text() for f in out.iterdir() if not f.name.startswith("audit")}
    draw_again(capsys, pool, "--epsilon", 0.05, "--out", out)
    (out / "known.csv").unlink()
    aside = {
        f.stem.removesuffix("-1"): f.read_text() for f in out.iterdir() if "audit" not in f.name
    }
    assert aside == before


def test_a_missing_draw_is_never_drawn_again_over_its_answers(job, capsys):
    pool, _, out = job
    certified(job, capsys)
    draw_again(capsys, pool, "--out", out)
    first, answers = out / "audit-1.json", (out / "audit-1.csv").read_text()
    first.unlink()
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert f"{first} is missing: put it back" in str(error)
    (out / "audit-2.json").unlink()
    error, *_ = run(capsys, "certify", pool, "--out", out)
    assert "has answers, but" in str(error)
    assert (out / "audit-1.csv").read_text() == answers


def test_autolabel_never_writes_over_what_it_reads(job, capsys):
    pool, _, _ = job
    before = pool.read_text()
    with pytest.raises(typer.BadParameter, match="would write over what is read"):
        run(capsys, "autolabel", pool, "--out", pool)
    assert pool.read_text() == before


def test_a_missing_pool_and_labels_for_strangers(tmp_path, capsys):
    error, *_ = run(capsys, "certify", tmp_path / "none.csv", "--out", tmp_path / "o")
    assert "none.csv" in str(error)
    error, *_ = run(capsys, "certify", tmp_path, "--out", tmp_path / "o")
    assert f"{tmp_path} is a folder. A pool is a table" in str(error)
    pool = write(tmp_path / "p.csv", ("id", "predicted", "confidence"), [(1, "a", 0.5)])
    known = write(tmp_path / "k.csv", ("id", "label"), [(7, "a")])
    error, *_ = run(capsys, "certify", pool, "--known", known)
    assert "ids that" in str(error)


def test_autolabel_all_at_once(job, capsys, tmp_path):
    pool, _, _ = job
    out = tmp_path / "labels.csv"
    code, stdout, _ = run(capsys, "autolabel", pool, "--out", out)
    assert (code, "1,100 labels by the model, with no bound" in stdout) == (0, True)
    labels = read(out)
    assert {r["source"] for r in labels} == {"person", "model"}
    assert all(r["label"] for r in labels)
    assert {r["certificate"] for r in labels} == {""}


def test_autolabel_most_confident_first(tmp_path, capsys):
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 2
    np.save(tmp_path / "X.npy", (codes * 6 + rng.normal(size=60))[:, None])
    rows = [(i, "a", 0.5, "ab"[c] if i < 4 else "") for i, c in enumerate(codes)]
    pool = write(tmp_path / "p.csv", ("id", "predicted", "confidence", "label"), rows)
    out = tmp_path / "labels.csv"
    code, *_ = run(
        capsys, "autolabel", pool, "--how", "first", "--features", tmp_path / "X.npy", "--out", out
    )
    assert code == 0
    assert [r["label"] for r in read(out)] == ["ab"[c] for c in codes]
    error, *_ = run(capsys, "autolabel", pool, "--how", "furst", "--out", out)
    assert "Did you mean 'first'" in str(error)


def test_help_loads_no_heavy_library():
    code = (
        "import sys, sparing.cli.certify, sparing.cli.autolabel\n"
        "print(sorted({'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
