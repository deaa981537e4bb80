"""A project whose items have several labels, from the first question to the certificate."""

import csv
import json
from dataclasses import astuple, replace

import numpy as np
import pytest

from sparing.cli.standing import sentences
from sparing.cli.team import agreement_lines
from sparing.errors import CapabilityError, InvalidInputError, StoreError, UnknownNameError
from sparing.models.labels import f1_threshold
from sparing.project import NewEvent, Project
from sparing.project.learning.scores import read_scores, write_scores
from sparing.project.log.meaning import as_said
from sparing.project.merging.merge import merge
from sparing.stats.crowded import most_wrong
from sparing.stats.hypergeometric import upper_limit
from sparing.store import Kind

N = 240


def truth(item):
    words = item.text if item.fields is None else " ".join(item.fields.values())
    return [name for name, word in (("rain", "umbrella"), ("wind", "kite")) if word in words]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "days.csv"
    things = ["bread and butter", "an umbrella", "a kite", "an umbrella and a kite"]
    path.write_text("text\n" + "\n".join(f"{things[i % 4]} on day {i}" for i in range(N)) + "\n")
    return path


@pytest.fixture
def project(source):
    with Project.create(source, classes=["rain", "wind"], kind="labels", encoder="text") as project:
        yield project


def answer(project, asked):
    project.teach({a.item.item_id: truth(a.item) for a in asked})


def said(project):
    return {e.item_id: e.content for e in project.store.events() if e.kind is Kind.LABEL}


def label(project, item_id, labels, **more):
    event = NewEvent(
        key=more.pop("key", f"key {item_id}"), kind=Kind.LABEL, item_id=item_id,
        class_name=as_said(labels), **more,
    )  # fmt: skip
    return project.record([event])[0]


def test_the_kind_is_fixed_when_the_project_is_made(source, project):
    folder = project.folder
    assert project.kind == project.status().kind == "labels"
    project.close()
    with pytest.raises(InvalidInputError, match="are of kind 'labels', and stay so") as error:
        Project.at(source, kind="class")
    assert "\n" not in str(error.value)
    with Project.at(source, kind="labels") as again:
        assert again.kind == "labels"
    with pytest.raises(UnknownNameError):
        Project.create(source, folder / "other", kind="polygons")


def test_lists_that_are_there_already_tell_the_kind(tmp_path):
    rows = [
        {"text": f"day {i}", "labels": [["rain", "wind"], ["rain"], []][i % 3]} for i in range(9)
    ]
    path = tmp_path / "days.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    with Project.create(path, label_column="labels") as project:
        assert project.kind == "labels"
        assert project.status().class_counts == {"rain": 6, "wind": 3}
        assert project.status().n_labeled == 9


def test_answers_are_sets_whatever_their_order_and_merges_make_them_equal(project):
    items = list(project.items)
    project.add_classes(["storm"])
    assert label(project, items[0], ["wind", "rain"]).status == "stored"
    again = label(project, items[0], ["rain", "wind"], key="other")
    assert again.status == "duplicate"
    other = label(project, items[0], ["rain"], key="third")
    assert (other.status, other.current.labels) == ("conflict", ("rain", "wind"))
    label(project, items[1], ["storm", "wind"])
    project.record([NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="storm", text="wind")])
    assert project.asked(items[1]).answer.labels == ("wind",)
    assert project.status().class_counts == {"rain": 1, "wind": 2}
    assert label(project, items[2], ["storm", "wind", "rain"]).status == "stored"  # its old name
    assert project.asked(items[2]).answer.labels == ("rain", "wind")


@pytest.mark.parametrize(
    ("given", "line"),
    [("rain", "each is a list"), ('["snow"]', "snow"), ('["rain", "rain"]', "distinct labels"),
     ("[1]", "is a text"), ('{"rain": 1}', "set or list"), (None, "Got nothing")],
)  # fmt: skip
def test_what_is_no_set_of_labels_is_refused_in_one_line_and_nothing_is_lost(project, given, line):
    item = next(iter(project.items))
    event = NewEvent(key="k", kind=Kind.LABEL, item_id=item, class_name=given)
    good = NewEvent(key="g", kind=Kind.LABEL, item_id=[*project.items][1], class_name="[]")
    refused, stored = project.record([event, good])
    assert (refused.status, stored.status) == ("refused", "stored")
    assert line in refused.message
    assert "\n" not in refused.message


def test_none_of_these_is_an_answer_that_can_be_undone_and_found_in_the_history(project):
    items = list(project.items)
    project.teach({items[0]: [], items[1]: {"wind", "rain"}})
    _, rows = project.history()
    assert [row.answer.class_name for row in rows] == ["rain, wind", "none of these"]
    assert project.history("none of")[0] == 1
    project.undo()
    assert project.status().n_labeled == 1
    assert project.asked(items[0]).answer.labels == ()


def test_it_learns_says_how_good_it_is_and_is_certified(project):
    answer(project, project.query(20))
    project.retrain()
    for _ in range(3):
        answer(project, project.query(12))
        project.retrain()
    status = project.status()
    assert status.accuracy is not None
    assert set(status.by_label) == {"rain", "wind"}
    exact = status.accuracy.estimate
    lines = " ".join(sentences(status))
    assert "right in all labels of" in lines
    assert "Each label alone: rain" in lines
    assert all(one.estimate >= exact for one in status.by_label.values())
    guess = project.query(1)[0].guess
    assert guess.name == (", ".join(guess.labels) or "none of these")
    with pytest.raises(CapabilityError, match="several labels"):
        project.grid.likely("rain", 4)

    project.audits.draw(0.1)
    while asked := project.audits.query(40):
        assert all(one.guess is None for one in asked)
        answer(project, asked)
    certificate = project.audits.certify()
    assert certificate.n_wrong == 0
    assert certificate.n_auto > 0
    assert all(check.ok for check in project.audits.verify(certificate))
    labels = {}
    project.files.export(project.folder / "out.jsonl", "jsonl")
    for line in (project.folder / "out.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["provenance"] == "automatic":
            labels[row["item_id"]] = row["labels"]
    assert len(labels) == certificate.n_auto
    wrong = sum(set(names) != {*truth(project.items[i])} for i, names in labels.items())
    assert wrong <= 0.1 * N


def test_less_likely_labels_are_named_beside_a_guess_and_are_no_part_of_it(project, tmp_path):
    rng = np.random.default_rng(0)
    for asked in (project.query(30), project.query(30)):
        project.teach(
            {a.item.item_id: [n for n in ("rain", "wind") if rng.random() < 0.3] for a in asked}
        )
        project.retrain()
    path = project.learning.folder.scores(project.store.versions()[-1])
    scores = read_scores(path)
    threshold = f1_threshold(scores.proba)
    assert scores.worth_a_look.tolist() == [threshold] * 2
    assert threshold < 0.5  # or the test shows nothing
    name_of = {key: name for name, key in project.classes}
    names = [name_of[key] for key in scores.class_ids.tolist()]
    rows = dict(zip(project.items, scores.proba, strict=True))
    guesses = {i: project.asked(i).guess for i in project.items}
    for item, guess in guesses.items():
        likely = {n for n, p in zip(names, rows[item], strict=True) if p > 0.5}
        less = {n for n, p in zip(names, rows[item], strict=True) if threshold <= p <= 0.5}
        assert ({*guess.labels}, {*guess.perhaps}) == (likely, less)
        assert guess.confidence == pytest.approx(np.maximum(rows[item], 1 - rows[item]).prod())
    assert any(guess.perhaps for guess in guesses.values())

    project.files.export(tmp_path / "out.csv")
    told = csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines())
    said = {row["item_id"]: row["guess"] for row in told if row["state"] != "labeled"}
    assert said == {i: guesses[i].name for i in said}
    assert said

    write_scores(path, replace(scores, worth_a_look=np.zeros(0)))  # as older versions are
    project.close()
    with Project.open(project.folder) as again:
        assert not any(again.asked(i).guess.perhaps for i in again.items)
        assert all(again.asked(i).guess.labels == guesses[i].labels for i in again.items)


def test_the_audit_counts_an_item_wrong_if_one_of_its_labels_is(project):
    items = list(project.items)
    project.teach({i: truth(project.items[i]) for i in items[:60]})
    project.retrain()
    project.audits.draw(0.3)
    first, *others = project.audits.query(N)
    right = truth(first.item)
    project.teach({first.item.item_id: right[:-1] if right else ["rain"]})  # all but one of them
    answer(project, others)
    assert project.audits.certify().n_wrong == 1


def test_a_certificate_bounds_each_label_by_itself_too(project):
    items = list(project.items)
    project.teach({i: truth(project.items[i]) for i in items[:60]})
    project.retrain()
    assert project.audits.plan(0.3).note is None  # nothing of "class 'rain, wind'"
    project.audits.draw(0.3)
    wet = next(a for a in project.audits.query(N) if "rain" in truth(a.item))
    project.teach({wet.item.item_id: [name for name in truth(wet.item) if name != "rain"]})
    answer(project, [a for a in project.audits.query(N) if a is not wet])
    certificate = project.audits.certify()
    audit = project._guarded._state.drawn.audit
    n, m = int(audit.eligible.sum()), audit.looks[0]
    rain, wind = (int(upper_limit(k, n, m, audit.delta / 2)) - k for k in (1, 0))
    assert certificate.by_label == {"rain": rain, "wind": wind}
    assert f"'rain' {rain}, 'wind' {wind}." in " ".join(certificate.notes)
    assert "Nothing is promised of class" not in " ".join(certificate.notes)
    given = np.array([len(truth(project.items[i])) for i in items])[audit.eligible]
    rows = audit.drawn[: certificate.n_audited]
    bad = (rows == project._guarded._state.row_of[wet.item.item_id]).astype(int)
    most = most_wrong(
        given, np.searchsorted(np.flatnonzero(audit.eligible), rows), bad, audit.delta
    )
    assert astuple(certificate.units)[1:] == (given.sum(), certificate.units.n_seen, 1, most)
    assert f"{given.sum()} labels that the model gives in items that" in " ".join(
        sentences(project.status())
    )
    rename = NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="rain", text="wet")
    merge_in = NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="wind", text="wet")
    assert {done.status for done in project.record([rename, merge_in])} == {"stored"}
    assert all(check.ok for check in project.audits.verify(certificate))
    for forged in (
        replace(certificate, by_label={**certificate.by_label, "rain": 0}),
        *(replace(certificate, units=replace(certificate.units, **{name: value}))
          for name, value in {"most_wrong": 0, "n_seen": 1, "n_units": 9, "noun": "x"}.items()),
        replace(certificate, units=None),
    ):  # fmt: skip
        assert not all(check.ok for check in project.audits.verify(forged))


def test_people_who_differ_in_one_label_are_to_be_settled(project):
    item = next(iter(project.items))
    project.team.set_overlap(1)
    label(project, item, ["rain", "wind"], annotator="Ada")
    label(project, item, ["rain"], annotator="Ben", key="b")
    (found,) = project.team.disagreements()
    assert found.votes == (("Ada", "rain, wind"), ("Ben", "rain"))
    assert found.said == (("rain", "wind"), ("rain",))
    settled = NewEvent(key="s", kind=Kind.SETTLED, item_id=item, class_name=as_said(["rain"]),
                       seen=found.asked.answer.key, annotator="Cleo")  # fmt: skip
    assert project.record([settled])[0].status == "stored"
    assert not project.team.disagreements()
    assert project.asked(item, "Cleo").answer.labels == ("rain",)


def test_how_far_people_agree_on_each_label(project):
    project.team.set_overlap(1)
    for i, item in enumerate(list(project.items)[:24]):
        for who, labels in (("Ada", ["rain"]), ("Ben", ["rain", "wind"])):
            said = labels if i % 2 else []
            label(project, item, said, annotator=who, key=f"{who}{i}")
    told = project.team.agreement()
    assert dict(told.labels)["rain"].value == 1
    assert dict(told.labels)["wind"].value < 0
    assert (dict(told.classes)["rain"].value, dict(told.classes)["wind"].value) == (1, 0)
    assert "label wind" in "\n".join(agreement_lines(told, {}))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_export_has_a_list_and_a_column_a_label_and_comes_back(project, source, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    items = list(project.items)
    project.add_classes(["a; b: c", 'quo"te', "[x]"])
    project.teach({items[0]: ["rain", "a; b: c", 'quo"te'], items[1]: [], items[2]: ["[x]"]})
    project.record([NewEvent(key="skip", kind=Kind.SKIP, item_id=items[3])])
    before, path = said(project), tmp_path / f"out.{form}"
    assert project.files.export(path, form) == 3
    if form == "csv":
        rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        assert json.loads(rows[0]["labels"]) == ["rain", "a; b: c", 'quo"te']
        assert (rows[0]["labels.rain"], rows[0]["labels.wind"], rows[4]["labels.rain"]) == (
            "1",
            "0",
            "",
        )
        assert rows[1]["label"] == "none of these"
    with Project.create(source, tmp_path / "again", kind="labels") as again:
        told = again.files.import_labels(path)
        assert (told.n_stored, again.status().n_skipped) == (4, 1)
        assert {i: again.asked(i).answer.labels for i in items[:3]} == {
            i: project.asked(i).answer.labels for i in before
        }
        assert again.files.import_labels(path).n_known == 4


def test_labels_of_other_tables_are_lists_or_single_ones(project, tmp_path):
    items = [project.items[i].name for i in list(project.items)[:5]]
    rows = [["rain", "wind"], '["wind"]', "wind", [], [None]]
    path = tmp_path / "labels.jsonl"
    path.write_text(
        "\n".join(json.dumps({"item": i, "tags": t}) for i, t in zip(items, rows, strict=True))
    )
    told = project.files.import_labels(path, "item", "tags")
    assert told.n_stored == 4
    assert "empty one" in told.problems[0].reason
    assert project.status().class_counts == {"rain": 1, "wind": 3}


def test_labels_that_a_sign_parts_in_a_cell(project, tmp_path):
    items = [project.items[i].name for i in list(project.items)[:3]]
    path = tmp_path / "labels.csv"
    path.write_text(f"item,tags\n{items[0]},rain; wind\n{items[1]},wind\n{items[2]},\n")
    told = project.files.import_labels(path, "item", "tags", separator=";")
    assert told.n_stored == 2
    assert project.status().class_counts == {"rain": 1, "wind": 2}


def test_a_sign_between_labels_is_refused_where_an_item_has_one(source, tmp_path):
    (tmp_path / "labels.csv").write_text("item,label\nline 2,a;b\n")
    with (
        Project.create(source, tmp_path / "one", kind="class") as single,
        pytest.raises(InvalidInputError, match="several labels an item"),
    ):
        single.files.import_labels(tmp_path / "labels.csv", separator=";")


def test_projects_of_one_kind_are_merged_and_of_two_refused(project, source, tmp_path):
    items = list(project.items)
    project.teach({items[0]: ["wind", "rain"]}, "Ada")
    with Project.create(source, tmp_path / "b", classes=["wind", "fog"], kind="labels") as other:
        other.teach({items[0]: ["wind", "fog"], items[1]: []}, "Ben")
    with Project.create(source, tmp_path / "c", classes=["wind"]) as single:
        single.teach({items[2]: "wind"})
    project.close()
    with pytest.raises(InvalidInputError, match=r"of different kinds: 'labels' in .*, 'class' in"):
        merge([project.folder, tmp_path / "c"], tmp_path / "none")
    merge([project.folder, tmp_path / "b"], tmp_path / "both")
    with Project.open(tmp_path / "both", source=source) as both:
        votes = dict(both.team.disagreements()[0].votes)
        assert votes == {"Ada": "rain, wind", "Ben": "wind, fog"}
        assert both.asked(items[1]).answer.labels == ()
        assert [name for name, _ in both.classes] == ["rain", "wind", "fog"]


def test_a_kind_that_nobody_knows_is_damage(project):
    project.store.put_settings({"settings": json.dumps({**json.loads(
        project.store.settings()["settings"]), "kind": "odd"})})  # fmt: skip
    folder = project.folder
    project.close()
    with pytest.raises(StoreError, match="settings of the project are damaged"):
        Project.open(folder)
