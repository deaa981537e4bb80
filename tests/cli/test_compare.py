import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris

from sparing.cli.app import run
from sparing.experiment import runner

FAST = ("--model", "linear", "--seeds", "5", "--budget", "16", "--batch-size", "8", "--jobs", "1")


@pytest.fixture
def iris(tmp_path):
    """The irises as a CSV with names, a missing cell and a row without a label."""
    X, y = load_iris(return_X_y=True)
    path = tmp_path / "iris.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", "c", "d", "kind"])
        for row, code in zip(X.tolist(), y.tolist(), strict=True):
            writer.writerow([*row, f"kind {code}"])
        writer.writerow(["", 3, 1, 0.2, "kind 0"])
        writer.writerow([5, 3, 1, 0.2, ""])
    return path


def compared(source, out, *more):
    return run(["compare", str(source), "--out", str(out), "--strategies", "margin", *FAST, *more])


def test_a_table_ends_in_one_sentence(iris, tmp_path, capfd):
    out = tmp_path / "out"
    assert compared(iris, out, "--label-column", "kind") == 0
    captured = capfd.readouterr()
    last = captured.out.strip().splitlines()[-1]
    assert last.startswith("Active learning ")
    assert "with 95% certainty" in last
    assert "1 skipped, no label: line 153." in captured.err
    assert f"Report: {out.resolve()}/comparison.html" in captured.err
    names = {path.name for path in out.iterdir()}
    assert {"comparison.html", "comparison.json", "curves.csv", "trials"} <= names
    assert len(list((out / "trials").iterdir())) == 10


def test_the_same_command_goes_on_and_json_goes_to_stdout(iris, tmp_path, capfd):
    assert compared(iris, tmp_path / "out", "--label-column", "kind") == 0
    capfd.readouterr()
    assert compared(iris, tmp_path / "out", "--label-column", "kind", "--json") == 0
    captured = capfd.readouterr()
    results = json.loads(captured.out)
    assert results["facts"]["classes"] == 3
    assert set(results["strategies"]) == {"random", "margin"}
    assert "10 trials were there already" in captured.err


def table(path):
    return csv.DictReader(Path(path).read_text().splitlines())


def test_certify_and_autolabel_take_what_predict_writes(iris, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    args = ("--label-column", "kind", "--save-model", "m.npz")
    assert compared(iris, tmp_path / "out", *args) == 0
    lines = iris.read_text().splitlines()
    head, rows = lines[0], [line for line in lines[1:] if line] * 4
    new = [f"flower {i},{row}" for i, row in enumerate(rows)]
    Path("new.csv").write_text("\n".join([f"id,{head}", *new]))
    assert run(["predict", "m.npz", "new.csv", "--out", "labels.csv"]) == 0
    told = {r["item"]: r["label"] for r in table("labels.csv")}
    assert list(told)[7] == "flower 7"

    assert run(["certify", "labels.csv", "--epsilon", "0.1", "--out", "audit"]) == 0
    asked = [row["id"] for row in table("audit/audit-1.csv")]
    answers = "".join(f"{name},{told[name]}\n" for name in asked)
    Path("audit/audit-1.csv").write_text(f"id,label\n{answers}")
    assert run(["certify", "labels.csv", "--out", "audit"]) == 0
    assert "with probability 95 % or more" in capfd.readouterr().out
    assert run(["certify", "labels.csv", "--verify", "audit/certificate.json"]) == 0
    assert run(["autolabel", "labels.csv", "--out", "all.csv"]) == 0
    assert f"{len(rows):,} labels by the model" in capfd.readouterr().out


def test_a_saved_model_labels_new_rows(iris, tmp_path, capfd):
    model = tmp_path / "m.npz"
    args = ("--label-column", "kind", "--save-model", str(model))
    assert compared(iris, tmp_path / "out", *args) == 0
    new = tmp_path / "new.csv"
    new.write_text("d,c,b,a,other\n0.2,1.4,3.5,5.1,x\n1.9,5.1,2.7,,y\n")  # another order, a gap
    capfd.readouterr()
    assert run(["predict", str(model), str(new)]) == 0
    rows = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert [(r["item"], r["label"]) for r in rows] == [("line 2", "kind 0"), ("line 3", "kind 2")]
    assert all(0.5 < float(r["confidence"]) <= 1 for r in rows)
    assert run(["predict", str(model), str(new), "--json", "--out", str(tmp_path / "l")]) == 0
    assert capfd.readouterr().out == ""
    first = json.loads((tmp_path / "l").read_text().splitlines()[0])
    assert first["label"] == "kind 0"


def test_folders_of_images(tmp_path, capfd):
    rng = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 200)):
        for i in range(16):
            pixels = np.clip(rng.normal(level, 20, (8, 8)), 0, 255).astype(np.uint8)
            path = tmp_path / "photos" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    (tmp_path / "photos" / "dark" / "broken.png").write_bytes(b"\x89PNG")
    model = tmp_path / "m.npz"
    args = ("--encoder", "pixels", "--save-model", str(model))
    assert compared(tmp_path / "photos", tmp_path / "out", *args) == 0
    assert "dark/broken.png" in capfd.readouterr().err
    assert run(["predict", str(model), str(tmp_path / "photos" / "light")]) == 0
    rows = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert [r["label"] for r in rows] == ["light"] * 16
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("hello")
    assert run(["predict", str(model), str(texts)]) == 1
    assert "labels images" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--label-column", "knid"], 1, "There is no column in iris.csv called 'knid'. Did you"),
        ([], 1, "say with --label-column which column has the labels"),
        (["--label-column", "kind", "--strategies", "margn"], 1, "Did you mean 'margin'?"),
        (["--label-column", "kind", "--strategies", "random"], 2, "one to compare with random"),
        (["--label-column", "kind", "--model", "linar"], 1, "Did you mean 'linear'?"),
        (["--label-column", "kind", "--encoder", "tabel"], 1, "Did you mean 'table'?"),
        (["--label-column", "kind", "--encoder", "onnx"], 1, "'onnx:MODEL'"),
        (["--label-column", "kind", "--budget", "140"], 1, "A budget of 140 labels is more than"),
        (["--label-column", "kind", "--batch-size", "17"], 1, "'batch_size' parameter of compare"),
        (["--label-column", "kind", "--out", "/dev/null/x"], 1, "/dev/null/x cannot be written"),
        (["--label-column", "a", "--columns", "b"], 0, "Active learning"),
        (["--label-column", "kind", "--kind", "images"], 1, "name the one column with the images"),
        (["--label-column", "kind", "--kind", "txt"], 2, "'txt' is not one of"),
        (["--label-column", "kind", "--seeds", "0"], 2, "greater than or equal to 1"),
        (["--label-colum", "kind"], 2, "--label-column"),
    ],
)
def test_bad_usage_gets_one_line(iris, tmp_path, monkeypatch, capfd, args, code, words):
    monkeypatch.chdir(tmp_path)
    base = ["compare", str(iris), "--strategies", "margin", *FAST]
    assert run([*base, *args]) == code
    captured = capfd.readouterr()
    if code:
        assert captured.out == ""
        assert captured.err.startswith("sparing: ")
        assert captured.err.count("\n") == 1
    assert words in captured.err + captured.out


def test_a_list_of_texts_has_no_labels_and_none_of_its_texts_is_named_as_a_column(tmp_path, capfd):
    path = tmp_path / "n.txt"
    path.write_text("it rained\nAda ran\n")
    assert run(["compare", str(path)]) == 1
    said = capfd.readouterr().err
    assert "n.txt has nothing beside its items" in said
    assert "It has" not in said


def test_other_files_are_no_models(iris, tmp_path, capfd):
    assert run(["predict", str(iris), str(iris)]) == 1
    assert "is not a saved model" in capfd.readouterr().err
    assert run(["predict", str(tmp_path / "none.npz"), str(iris)]) == 1
    assert "There is no file" in capfd.readouterr().err


@pytest.mark.parametrize(("n_done", "page"), [(1, False), (2, True)])
def test_interrupting_says_what_was_kept(iris, tmp_path, monkeypatch, capfd, n_done, page):
    real = runner.run_trial

    def stopped(cell, *how):
        if len(list((tmp_path / "out" / "trials").glob("*.json"))) == n_done:
            raise KeyboardInterrupt
        return real(cell, *how)

    monkeypatch.setattr(runner, "run_trial", stopped)
    assert compared(iris, tmp_path / "out", "--label-column", "kind") == 130
    err = capfd.readouterr().err
    assert f"Kept: {n_done} of 10 trials, in {tmp_path}/out/trials" in err
    assert "The same command goes on from there." in err
    assert (tmp_path / "out" / "comparison.html").exists() == page


GUIDE = Path(__file__).parents[2] / "docs" / "compare.md"


def commands_of_the_guide():
    return re.findall(r"^\$ sparing (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_commands_of_the_guide_work(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name, width in (("banknotes.csv", 4), ("surgery.csv", 3)):
        rows = (f"{','.join(map(str, rng.normal(i % 2, 1, width)))},{i % 2}" for i in range(120))
        Path(name).write_text("\n".join(rows))
    words = (("good", "fine", "bad", "poor")[i % 4] for i in range(60))
    rows = [f"a {w} title,it is {w} {i},{i % 4 // 2}" for i, w in enumerate(words)]
    Path("reviews.csv").write_text("\n".join(["title,body,stars", *rows]))
    Path("new.csv").write_text("title,body\na good title,it is a good one\n")
    np.save("vectors.npy", rng.normal(np.arange(60)[:, None] % 2, 1, (60, 3)))
    np.save("classes.npy", np.arange(60) % 2)
    for i in range(60):
        Path(f"photos/{i % 2}").mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 100, (8, 8)) + 100 * (i % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(f"photos/{i % 2}/{i}.png")
    commands = commands_of_the_guide()
    assert len(commands) == 7
    for line in commands:
        args = line.split()
        small = ["--seeds", "1", "--budget", "6", "--jobs", "1"] if args[0] == "compare" else []
        assert run([*args, *small]) == 0, capfd.readouterr().err
    assert Path("labels.csv").read_text().startswith("item,label,confidence\nline 2,0,")


@pytest.fixture
def topics(tmp_path):
    """Sixty texts with none, one or two topics, in cells and as lists of JSON."""
    words = (("goal match", "sport"), ("vote law", "politics"), ("price bank", "money"))
    rng = np.random.default_rng(0)
    rows = []
    for i in range(60):
        about = rng.permutation(3)[: rng.integers(0, 3)]
        text = " ".join([f"item {i}", *(words[k][0] for k in about)])
        rows.append((text, [words[k][1] for k in about]))
    with (tmp_path / "topics.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["text", "topics"], *((t, ";".join(s)) for t, s in rows)])
    lines = (json.dumps({"text": text, "topics": said}) + "\n" for text, said in rows)
    (tmp_path / "topics.jsonl").write_text("".join(lines))
    return tmp_path


def test_items_with_several_labels_are_compared_by_f1(topics, tmp_path, capfd):
    how = ("--label-column", "topics", "--several", ";")
    assert compared(topics / "topics.jsonl", tmp_path / "out", *how) == 0
    captured = capfd.readouterr()
    assert "topics: micro F1 on held-out items" in captured.out
    assert "macro" in captured.out
    results = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert results["facts"]["classes"] == 3
    assert results["measures"] == ["micro F1", "macro F1"]
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "<h2>Micro F1 against labels</h2>" in page


def test_an_empty_cell_is_no_answer_and_wrong_use_is_told(topics, tmp_path, capfd):
    how = ("--label-column", "topics", "--several", ";")
    assert compared(topics / "topics.csv", tmp_path / "out", *how) == 0
    lines = (topics / "topics.csv").read_bytes().split(b"\r\n")
    n_empty = sum(line.endswith(b",") for line in lines)
    assert f"{n_empty} skipped, no label" in capfd.readouterr().err
    assert compared(topics / "topics.csv", tmp_path / "out", *how[:3], "") == 2
    saving = ("--save-model", str(tmp_path / "m.npz"))
    assert compared(topics / "topics.csv", tmp_path / "out", *how, *saving) == 2
    assert compared(tmp_path, tmp_path / "out", "--several", ";") == 1
    assert "only a table's cells hold several labels" in capfd.readouterr().err
