"""Where people differ: agreement, consensus, settling, guidelines; training, audit, export."""

import csv
import json
from uuid import uuid4

import pytest

from sparing.errors import ConflictError, InvalidInputError
from sparing.pool.pool import SKIPPED
from sparing.project import NewEvent, Project
from sparing.project.learning.guesses import Guess
from sparing.project.learning.wanted import _wanted
from sparing.project.team.people import Opinions, find_consensus
from sparing.store import Kind


def say(project, kind, item=None, **more):
    more.setdefault("key", uuid4().hex)
    return project.record([NewEvent(kind=Kind(kind), item_id=item, **more)])[0]


def both(project, items, one, other, first="Ada", second="Ben"):
    for item, name, beside in zip(items, one, other, strict=True):
        say(project, "label", item, class_name=name, annotator=first)
        say(project, "label", item, class_name=beside, annotator=second)


@pytest.fixture
def team(project):
    """Ada and Ben on twenty items: they differ on the last two."""
    project.team.set_overlap(1.0)
    items = list(project.items)[:20]
    names = ["fur", "feathers"] * 10
    both(project, items, names, [*names[:18], "feathers", "fur"])
    return project, items


def exported(project, tmp_path):
    project.files.export(tmp_path / "out.csv")
    rows = csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines())
    return {row["item_id"]: row for row in rows}


def test_agreement_in_the_project(team):
    project, _ = team
    found = project.team.agreement()
    assert (found.n_items, found.note) == (20, "")
    assert found.overall.value == pytest.approx(1 - 0.1 / (2 * 20 * 20 / (40 * 39)))
    assert [(name, round(figure.value, 2)) for name, figure in found.people] == [
        ("Ada", 0.9),
        ("Ben", 0.9),
    ]
    assert [name for name, _ in found.classes] == ["feathers", "fur"]
    assert found.pairs[0][2].value == pytest.approx(0.8)
    assert project.team.people() == {"Ada": 20, "Ben": 20}


def test_too_little_overlap_has_no_figure_and_says_why(project):
    assert project.team.agreement().note.startswith("No item has two labels")
    project.team.set_overlap(1.0)
    both(project, list(project.items)[:3], ["fur"] * 3, ["feathers"] * 3)
    found = project.team.agreement()
    assert found.overall is None
    assert found.note == "3 items have two labels: figures come from 10 items on."


def test_where_all_have_one_label_only_people_have_figures(project):
    project.team.set_overlap(1.0)
    both(project, list(project.items)[:12], ["fur"] * 12, ["fur"] * 12)
    found = project.team.agreement()
    assert "same label" in found.note
    assert len(found.people) == 2


def test_what_differs_is_listed_with_names_and_a_suggestion(team):
    project, items = team
    one, other = project.team.disagreements()
    assert [d.asked.item.item_id for d in (one, other)] == items[18:]
    assert one.votes == (("Ada", "fur"), ("Ben", "feathers"))
    assert one.asked.guess is None
    assert one.suggestion[1] == pytest.approx(0.5, abs=0.1)
    assert not one.is_audited


def test_what_is_contested_teaches_nothing_until_it_is_settled(team):
    project, items = team
    replay = project._guarded._state.replay
    row = project._guarded._state.rows[18]
    assert _wanted(replay, Opinions(replay), row) == SKIPPED
    project.retrain()
    assert project.status().curve == () or project._guarded._state.versions[-1].facts.n_labels == 18
    seen = project.asked(items[18]).answer.key
    say(project, "settled", items[18], class_name="feathers", annotator="Cleo", seen=seen)
    feathers = dict(project.classes)["feathers"]
    assert _wanted(replay, Opinions(replay), row) == feathers
    project.retrain()
    assert project._guarded._state.versions[-1].facts.n_labels == 19


def test_a_third_person_makes_a_sure_consensus(team):
    project, items = team
    both(project, items[:20], ["fur", "feathers"] * 10, ["fur", "feathers"] * 10,
         first="Cleo", second="Cleo")  # fmt: skip
    held = find_consensus(project._guarded._state.replay)[items[18]]
    assert project._guarded._state.replay.class_name(held.content) == "fur"
    assert held.is_sure
    (one, _) = project.team.disagreements()
    assert one.suggestion == Guess("fur", held.confidence)


def test_a_label_that_stands_alone_is_never_touched(team):
    """However bad its giver is elsewhere."""
    project, _ = team
    alone = list(project.items)[30]
    say(project, "label", alone, class_name="fur", annotator="Ben")
    held = Opinions(project._guarded._state.replay).held(alone)
    assert (project._guarded._state.replay.class_name(held.content), held.confidence) == (
        "fur",
        1.0,
    )


def test_the_export_says_who_said_what_and_what_holds(team, tmp_path):
    project, items = team
    project.team.set_guidelines("Feathers on the outside count.", "Ada")
    for item in items:
        say(project, "flag", item)
    say(project, "label", list(project.items)[30], class_name="fur", annotator="Ben")
    seen = project.asked(items[18]).answer.key
    say(project, "settled", items[18], class_name="feathers", annotator="Cleo", seen=seen)
    rows = exported(project, tmp_path)
    agreed, settled, contested = (rows[items[i]] for i in (0, 18, 19))
    alone = rows[list(project.items)[30]]
    assert (agreed["label"], agreed["provenance"]) == ("fur", "person")
    assert agreed["opinions"] == "Ada: fur; Ben: fur"
    assert (settled["label"], settled["provenance"]) == ("feathers", "settled")
    assert (settled["annotator"], settled["opinions"]) == ("Cleo", "Ada: fur; Ben: feathers")
    assert (contested["label"], contested["state"]) == ("", "contested")
    assert (alone["opinions"], alone["guidelines"], agreed["guidelines"]) == ("", "1", "0")


def test_a_sure_consensus_is_exported_as_one_and_comes_back_as_what_each_said(team, tmp_path):
    project, items = team
    for item, name in zip(items, ["fur", "feathers"] * 10, strict=True):
        say(project, "label", item, class_name=name, annotator="Cleo")
    row = exported(project, tmp_path)[items[18]]
    assert (row["label"], row["provenance"]) == ("fur", "consensus")
    assert float(row["confidence"]) > 0.8
    with Project.create(project._guarded._state.settings.source, tmp_path / "other") as other:
        assert other.files.import_labels(tmp_path / "out.csv").n_stored == 20
        again = exported(other, tmp_path)[items[18]]
        assert again["opinions"] == row["opinions"]
        assert (again["label"], again["provenance"]) == ("fur", "consensus")


def audited(pets, project):
    """An open audit of which Ada and Ben have answered everything, the same but for one item."""
    pets.answer(project, project.query(12))
    project.retrain()
    project.audits.draw(0.2)
    project.team.set_overlap(1.0)
    drawn = project.audits.query(60, annotator="Ada")
    truth = [pets.truth(a.item) for a in drawn]
    ids = [a.item.item_id for a in drawn]
    for item, name in zip(ids, truth, strict=True):
        say(project, "label", item, class_name=name, annotator="Ada")
    second = project.audits.query(60, annotator="Ben")
    assert [a.item.item_id for a in second] == ids
    assert all(a.answer is None and a.guess is None for a in second)
    for item, name in zip(ids, truth, strict=True):
        other = {"fur": "feathers", "feathers": "fur"}[name] if item == ids[0] else name
        say(project, "label", item, class_name=other, annotator="Ben")
    return ids, truth


def test_people_who_differ_on_an_audited_item_count_against_the_bound(pets, project):
    ids, truth = audited(pets, project)
    (one,) = project.team.disagreements()
    assert one.is_audited
    certificate = project.audits.certify()
    assert any("People differ on 1 of the checked items" in note for note in certificate.notes)
    assert (certificate.n_disputed, certificate.n_wrong) == (1, 1)
    assert ids[0] in {
        project._guarded._state.rows[row].item_id
        for row in project._guarded._state.remainder_left()
    }
    assert ids[0] not in {a.item.item_id for a in project.audits.query_remainder(60)}, (
        "it is to be settled"
    )
    assert all(check.ok for check in project.audits.verify(certificate))
    n_left = project.status().n_remainder_left
    seen = project.asked(ids[0]).answer.key
    say(project, "settled", ids[0], class_name=truth[0], annotator="Cleo", seen=seen)
    assert project.status().n_remainder_left == n_left - 1
    assert all(check.ok for check in project.audits.verify(certificate)), (
        "it is what was known then"
    )


def test_a_settled_audit_item_is_what_was_decided(pets, project):
    ids, truth = audited(pets, project)
    seen = project.asked(ids[0]).answer.key
    say(project, "settled", ids[0], class_name=truth[0], annotator="Cleo", seen=seen)
    certificate = project.audits.certify()
    assert (certificate.n_disputed, certificate.n_wrong) == (0, 0)


def test_guidelines_are_versions_and_nobody_overwrites_another(project):
    project.team.set_guidelines("One.", "Ada")
    (first,) = project.team.guidelines()
    with pytest.raises(ConflictError) as error:
        project.team.set_guidelines("Mine.", "Ben")
    assert error.value.current.text == "One."
    project.team.set_guidelines("Two.", "Ben", seen=first.key)
    assert [(g.number, g.text, g.annotator) for g in project.team.guidelines()] == [
        (1, "One.", "Ada"),
        (2, "Two.", "Ben"),
    ]
    assert project.status().guidelines == 2
    for text in (" ", "x" * 10_001):
        with pytest.raises(InvalidInputError, match="Guidelines"):
            project.team.set_guidelines(text, seen=project.team.guidelines()[-1].key)


def test_each_answer_names_the_guidelines_of_its_time(project):
    items = list(project.items)
    say(project, "label", items[0], class_name="fur")
    project.team.set_guidelines("One.")
    say(project, "label", items[1], class_name="fur")
    assert [project.asked(item).answer.guidelines for item in items[:2]] == [0, 1]


def test_where_three_differ_and_the_first_undoes_the_others_stand(pets, project, tmp_path):
    project.team.set_overlap(1.0)
    pets.answer(project, project.query(8))
    item = next(i for i in project.items if project.asked(i).answer is None)
    project.add_classes(["scales"])
    for who, name in (("Ada", "fur"), ("Ben", "feathers"), ("Cleo", "scales")):
        say(project, "label", item, key=who, class_name=name, annotator=who)
    assert [d.asked.item.item_id for d in project.team.disagreements()] == [item]
    assert say(project, "undo", undoes="Ada", annotator="Ada").status == "stored"
    project.retrain()
    status = project.status()
    assert (status.n_labeled, status.n_contested) == (9, 1)
    assert item not in [a.item.item_id for a in project.query(60)]
    assert exported(project, tmp_path)[item]["opinions"] == "Ben: feathers; Cleo: scales"
    (open_,) = project.team.disagreements()
    assert open_.asked.answer.class_name == "feathers"
    settled = say(project, "settled", item, class_name="scales", seen=open_.asked.answer.key)
    assert settled.status == "stored"
    project.retrain()
    assert project.team.disagreements() == []
    assert project.asked(item).answer.class_name == "scales"


def test_where_all_undo_the_item_is_open_again(project):
    project.team.set_overlap(1.0)
    item = next(iter(project.items))
    for who, name in (("Ada", "fur"), ("Ben", "feathers"), ("Cleo", "fur")):
        say(project, "label", item, key=who, class_name=name, annotator=who)
    for left, who in ((2, "Ada"), (1, "Ben"), (0, "Cleo")):
        say(project, "undo", undoes=who, annotator=who)
        project.retrain()
        assert project.status().n_labeled == (left > 0)
    assert item in [a.item.item_id for a in project.query(60)]


def as_text(project, tmp_path, annotator):
    """Return the lines of an export, in a form that keeps types, by item."""
    path = tmp_path / "out.jsonl"
    project.files.export(path, "jsonl", annotator)
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return {row["item_id"]: row for row in rows}


def test_an_export_does_not_tell_the_second_person_the_first_answer(project, tmp_path):
    project.team.set_overlap(1.0)
    item = next(iter(project.items))
    say(project, "label", item, class_name="fur", annotator="Ada")
    for who in ("Ada", ""):
        assert as_text(project, tmp_path, who)[item]["label"] == "fur"
    hidden = as_text(project, tmp_path, "Ben")[item]
    assert hidden["state"] == "hidden"
    assert "fur" not in json.dumps(hidden)
    assert "Ada" not in json.dumps(hidden)
    say(project, "label", item, class_name="feathers", annotator="Ben")
    assert as_text(project, tmp_path, "Ben")[item]["opinions"] == "Ada: fur; Ben: feathers"


def test_nothing_tells_the_guess_for_what_is_drawn_while_a_check_is_open(pets, project, tmp_path):
    pets.answer(project, project.query(12))
    project.retrain()
    open_ = [i for i in project.items if project.asked(i).answer is None]
    before = as_text(project, tmp_path, "")
    assert all(before[i]["guess"] for i in open_)
    project.audits.draw(0.2)
    drawn = {a.item.item_id for a in project.audits.query(60)}
    for who in ("", "Ada"):
        rows = as_text(project, tmp_path, who)
        for item in open_:
            assert (rows[item]["guess"] is None) == (item in drawn)
            assert (rows[item]["guess_confidence"] is None) == (item in drawn)
    first = min(drawn)
    say(project, "label", first, class_name="fur", annotator="Ada")
    assert as_text(project, tmp_path, "Ben")[first]["state"] == "hidden"
    assert project.asked(first, "Ben").answer is None
    assert project.asked(first, "Ada").answer.class_name == "fur"
    project.audits.resume()
    assert as_text(project, tmp_path, "Ben")[first]["label"] == "fur"


def test_a_reply_does_not_tell_what_another_has_said_of_a_blind_item(pets, project):
    pets.answer(project, project.query(12))
    project.retrain()
    project.audits.draw(0.2)
    drawn = project.audits.query(1)[0].item.item_id
    assert say(project, "label", drawn, class_name="fur").status == "stored"
    told = say(project, "label", drawn, class_name="feathers")
    assert (told.status, told.current) == ("refused", None)
    assert "fur" not in told.message
    project.audits.resume()
    project.team.set_overlap(1.0)
    item = project.query(1)[0].item.item_id
    say(project, "label", item, class_name="fur", annotator="Ada")
    told = say(project, "settled", item, class_name="feathers", annotator="Ben")
    assert (told.status, told.current) == ("refused", None)
    told = say(project, "settled", item, class_name="feathers", annotator="Ada")
    assert told.current.class_name == "fur"


def test_a_cluster_is_not_named_by_the_answer_that_a_second_person_is_not_to_know(project):
    project.team.set_overlap(1.0)
    say(project, "label", next(iter(project.items)), class_name="fur", annotator="Ada")
    project.retrain()
    number = int(project.grid._clusters().labels(len(project.items))[0])
    assert project.grid.cluster(number, 5, annotator="Ada").class_name == "fur"
    assert project.grid.cluster(number, 5, annotator="Ben").class_name is None
