import csv
import json
from pathlib import Path

import pytest
import typer
from PIL import Image

from sparing.cli.app import run
from sparing.cli.certify import certify
from sparing.cli.predict import predict
from sparing.cli.projects import audit, export, import_labels, next_items, status
from sparing.errors import ConflictError, InvalidInputError, SourceError, TrainingError
from sparing.project import Project
from sparing.store import Kind


@pytest.fixture
def table(tmp_path):
    source = tmp_path / "pets.csv"
    lines = [f"{2 + 2 * (i % 2)},{1 - i % 2},{i}" for i in range(300)]
    source.write_text("legs,wings,number\n" + "\n".join(lines) + "\n")
    Project.create(source, classes=["fur", "feathers"]).close()
    return source


TRUTH = {"4": "fur", "2": "feathers"}


def fill_in(path):
    """Do what a person does in a spreadsheet."""
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for row in rows:
        row["label"] = "fur" if row["legs"] == "4" else "feathers"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_ask_answer_check_and_export_on_the_command_line(table, tmp_path, capsys):
    ask, check = tmp_path / "ask.csv", tmp_path / "check.csv"
    next_items(table, n=40, out=ask)
    rows = fill_in(ask)
    assert len(rows) == 40
    assert all(row["why"] for row in rows)
    import_labels(table, ask)
    assert "40 labels imported." in capsys.readouterr().out
    audit(table, epsilon=0.05, out=check)
    assert not any(row["guess"] or row["confidence"] for row in fill_in(check))
    import_labels(table, check)
    capsys.readouterr()
    audit(table, out=check)
    assert capsys.readouterr().err.startswith("Every item of the check is answered: 'sparing cert")
    certify(tmp_path / "pets.csv.sparing", as_json=False)
    said = capsys.readouterr().out
    assert "are wrong, with probability 95 % or more." in said
    assert f"{Path('certificates', '1.json')}; --verify recomputes it." in said
    certify(tmp_path / "pets.csv.sparing", as_json=False)  # once more: the same, and nothing new
    assert capsys.readouterr().out == said
    export(table, tmp_path / "out.csv")
    done = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert {row["provenance"] for row in done} >= {"person", "automatic"}
    certificate = tmp_path / "pets.csv.sparing" / "certificates" / "1.json"
    certify(tmp_path / "pets.csv.sparing", verify=certificate)
    assert "FAILED" not in capsys.readouterr().out
    with Project.open(tmp_path / "pets.csv.sparing") as project:
        project.audits.resume()
    certify(tmp_path / "pets.csv.sparing", verify=certificate)
    _, since, check, *_ = capsys.readouterr().out.splitlines()
    assert since.startswith("Since then: on 2")
    assert "the certificate was given up, and labeling went on" in since
    assert check.startswith("ok ")
    # Answers that came through a table are credited to who asked.
    with Project.open(tmp_path / "pets.csv.sparing") as project:
        labels = [e for e in project.store.events() if e.kind is Kind.LABEL]
    assert [e.source for e in labels[:40]] == ["strategy"] * 40
    assert {(e.source, e.purpose) for e in labels[40:]} == {("uniform", "audit")}


def test_what_was_asked_with_guesses_before_a_check_is_no_evidence_of_it(table, tmp_path, capsys):
    ask, check = tmp_path / "ask.csv", tmp_path / "check.csv"
    next_items(table, n=40, out=ask)
    fill_in(ask)
    import_labels(table, ask)
    next_items(table, n=260, out=ask)
    assert any(row["guess"] for row in fill_in(ask))
    audit(table, epsilon=0.05, out=check)
    n_drawn = len(fill_in(check))
    bare = tmp_path / "bare.csv"  # labels from elsewhere: nobody knows what was on the screen
    bare.write_text(
        "item_id,label\n"
        + "".join(
            f"{row['item_id']},{row['label']}\n"
            for row in csv.DictReader(check.read_text().splitlines())
        )
    )
    for labels in (bare, ask):
        capsys.readouterr()
        import_labels(table, labels)
        assert f"{n_drawn} skipped" in capsys.readouterr().err
        with Project.open(tmp_path / "pets.csv.sparing") as project:
            assert project.status().audit.n_answered == 0
    import_labels(table, check)
    with Project.open(tmp_path / "pets.csv.sparing") as project:
        assert project.status().audit.n_answered == n_drawn


def test_the_claim_of_an_open_audit_is_fixed_until_it_is_given_up(table, tmp_path, capsys):
    ask, check, place = tmp_path / "ask.csv", tmp_path / "check.csv", tmp_path / "pets.csv.sparing"
    next_items(table, n=40, out=ask)
    fill_in(ask)
    import_labels(table, ask)
    audit(table, epsilon=0.05, out=check)
    drawn = check.read_text()
    with pytest.raises(InvalidInputError, match=r"was drawn for --epsilon 0\.05.*--again"):
        audit(table, epsilon=0.02, out=check)
    for out_of_range in (0, 1, 2, float("nan")):
        with pytest.raises(InvalidInputError, match="strictly between 0 and 1"):
            audit(table, epsilon=out_of_range, again=True, out=check)
    audit(table, epsilon=0.05, out=check)
    assert check.read_text() == drawn
    audit(table, epsilon=0.1, again=True, out=check)
    assert check.read_text() != drawn
    fill_in(check)
    import_labels(table, check)
    with Project.open(place) as project:
        assert project.audits.open_claim.epsilon == 0.1
        assert project.audits.certify().attempt == 2
        assert project.audits.open_claim is None


def test_certify_takes_what_status_takes_and_obeys_or_refuses_what_is_said(table, tmp_path, capsys):
    check = tmp_path / "check.csv"
    with Project.open(tmp_path / "pets.csv.sparing") as project:
        project.teach({i.item_id: TRUTH[i.fields["legs"]] for i in [*project.items.values()][:8]})
    audit(table, epsilon=0.1, out=check)
    fill_in(check)
    import_labels(table, check)
    with pytest.raises(InvalidInputError, match=r"drawn for --epsilon 0.1, which is fixed"):
        certify(str(table), epsilon=0.2)
    with pytest.raises(typer.BadParameter, match=r"--known is for a table or .npy"):
        certify(str(table), known=check)
    capsys.readouterr()
    certify(str(table), epsilon=0.1)
    assert "are wrong, with probability" in capsys.readouterr().out
    with pytest.raises(SourceError, match="no column 'id'"):
        certify(str(check))


def test_beside_a_running_page_commands_look_and_do_not_write(table, capsys, tmp_path):
    with Project.open(tmp_path / "pets.csv.sparing") as project:
        project.where.announce("http://127.0.0.1:8765")
        next_items(table, n=3)
        shown = capsys.readouterr()
        assert len(shown.out.splitlines()) == 4
        assert "in use by process" in shown.err
        status(table, as_json=True)
        assert json.loads(capsys.readouterr().out)["n_items"] == 300
        (tmp_path / "labels.csv").write_text("item,label\nline 2,fur\n")
        for command in (
            lambda: import_labels(table, tmp_path / "labels.csv"),
            lambda: audit(table),
        ):
            with pytest.raises(ConflictError, match=r"http://127\.0\.0\.1:8765"):
                command()


def test_status_in_sentences(table, capsys):
    status(table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "0 of 300 labeled, 0 skipped, 300 left; phase: label."
    assert lines[1] == "Classes: fur 0, feathers 0."


def test_items_as_json(table, capsys):
    next_items(table, n=2, as_json=True)
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert set(first) == {"item_id", "item", "label", "why", "guess", "confidence",
                          "model_version", "purpose", "legs", "wings"}  # fmt: skip


def test_cells_to_fill_in_are_no_formulas(tmp_path, capsys):
    source = tmp_path / "texts.jsonl"
    source.write_text('{"t": "=HYPERLINK(1) and more words"}\n{"t": "a dog ran off now"}\n')
    Project.create(source).close()
    next_items(source, n=2)
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["text"][0] for row in rows} == {"'", "a"}


def test_the_model_of_a_project_labels_new_items(table, tmp_path, capsys):
    ask, model = tmp_path / "ask.csv", tmp_path / "model.npz"
    with pytest.raises(TrainingError, match="label items of two classes first"):
        export(table, model=model)
    next_items(table, n=40, out=ask)
    fill_in(ask)
    import_labels(table, ask)
    export(table, tmp_path / "out.csv", model=model)
    assert "Model of 40 answers" in capsys.readouterr().err
    new = tmp_path / "new.csv"
    new.write_text("number,wings,legs\n7,1,2\n8,0,4\n9,1,2\n")
    predict(model, new, out=tmp_path / "labels.csv", header=True, as_json=False)
    labels = list(csv.DictReader((tmp_path / "labels.csv").read_text().splitlines()))
    assert [row["label"] for row in labels] == ["feathers", "fur", "feathers"]
    predict(model, table, out=tmp_path / "all.csv", header=True, as_json=False)
    told = list(csv.DictReader((tmp_path / "all.csv").read_text().splitlines()))
    assert [row["label"] for row in told] == ["feathers", "fur"] * 150


def test_an_export_of_nothing_is_wrong_usage(table, capfd):
    assert run(["export", str(table)]) == 2
    assert "Say where to write" in capfd.readouterr().err


EVIL = "\x1b]0;evil\x07\x1b[2K"


def test_no_name_speaks_to_the_terminal(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / f"{EVIL}.png").write_bytes(b"none")
    Image.new("L", (8, 8)).save(photos / "a.png")
    with Project.create(photos, classes=["x"], encoder="pixels") as project:
        project.retrain()
    labels = tmp_path / "labels.csv"
    labels.write_text(f"item,label\n{EVIL},x\na.png,{EVIL}\n")
    assert run(["status", str(photos)]) == 0
    assert run(["import", str(photos), str(labels)]) == 0
    assert run(["status", str(tmp_path / EVIL)]) == 1
    said = "".join(capsys.readouterr())
    assert "\\x1b]0;evil\\x07" in said
    assert not any(c in said for c in "\x1b\x07")


@pytest.mark.parametrize("command", ["status", "next", "backup"])
def test_a_path_that_no_file_can_have_is_one_line(tmp_path, capsys, command):
    more = [str(tmp_path / "b.zip")] if command == "backup" else []
    assert run([command, "a" * 5000, *more]) == 1
    said = capsys.readouterr().err
    assert (said.count("\n"), said[:8]) == (1, "sparing:")


@pytest.mark.parametrize("source", ["", "a" * 5000, "\0", "nowhere/x"])
def test_a_project_that_names_no_source_that_can_be_says_so(table, tmp_path, source, capsys):
    folder = tmp_path / "pets.csv.sparing"
    with Project.open(folder) as project:
        told = json.loads(project.store.settings()["settings"])
        project.store.put_settings({"settings": json.dumps(told | {"source": source})})
    assert run(["status", str(folder)]) == 1
    said = capsys.readouterr().err
    assert (said.count("\n"), said[:8]) == (1, "sparing:")


WHOLE_DISK = Path(Path.cwd().anchor)


@pytest.mark.parametrize("place", [WHOLE_DISK, "."])
@pytest.mark.parametrize(
    "words",
    ["status {}", "next {}", "label {}", "audit {}", "agreement {}", "match {}",
     "export {} o.csv", "import {} o.csv", "backup {} o.backup", "merge {} {} --into o"],
)  # fmt: skip
def test_a_whole_disk_is_no_project(words, place, monkeypatch, capsys):
    monkeypatch.chdir(WHOLE_DISK)
    assert run(words.format(place, place).split()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sparing: {WHOLE_DISK} is no project, and nothing lies beside a whole")
