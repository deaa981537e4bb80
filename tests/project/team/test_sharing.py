"""Two people on one project: who is asked what, who sees what, what becomes of it."""

import csv
import io
import threading
from uuid import uuid4

import pytest

from sparing.project import NewEvent, Project
from sparing.store import Kind


def say(project, kind, item=None, **more):
    more.setdefault("key", uuid4().hex)
    return project.record([NewEvent(kind=Kind(kind), item_id=item, **more)])[0]


@pytest.fixture
def shared(project):
    """A project that wants two answers to everything, and a first one by Ada."""
    project.team.set_overlap(1.0)
    item = project.query(1, annotator="Ada")[0].item.item_id
    say(project, "label", item, class_name="fur", annotator="Ada", model_version=0, key="ada")
    return project, item


def ids(asked):
    return [a.item.item_id for a in asked]


def test_a_second_person_is_asked_blind(shared):
    project, item = shared
    project.retrain()
    asked = project.query(3, annotator="Ben")
    assert ids(asked)[0] == item
    assert len(set(ids(asked))) == 3
    assert (asked[0].answer, asked[0].guess, asked[0].second) == (None, None, True)
    assert asked[0].why == "asked of two people, to see how far they agree"
    assert not any(a.second for a in asked[1:])


def test_counts_do_not_tell_who_is_asked_blind_what_the_first_one_said(shared):
    project, item = shared
    assert project.status("Ada").class_counts["fur"] == project.status().class_counts["fur"] == 1
    assert project.status("Ben").class_counts["fur"] == 0
    say(project, "label", item, class_name="fur", annotator="Ben")
    assert project.status("Ben").class_counts["fur"] == 1


def test_nobody_is_asked_twice_nor_without_a_name(shared):
    project, item = shared
    assert item not in ids(project.query(60, annotator="Ada"))
    assert item not in ids(project.query(60))
    say(project, "label", item, class_name="fur", annotator="Ben")
    assert item not in ids(project.query(60, annotator="Ben"))
    assert item not in ids(project.query(60, annotator="Cleo")), "two answers are enough"


def test_what_was_answered_without_a_name_waits_for_nobody(project):
    project.team.set_overlap(1.0)
    item = project.query(1)[0].item.item_id
    say(project, "label", item, class_name="fur")
    assert item not in ids(project.query(60, annotator="Ben"))


def test_without_overlap_the_second_answer_is_a_conflict(project):
    item = project.query(1)[0].item.item_id
    say(project, "label", item, class_name="fur", annotator="Ada")
    done = say(project, "label", item, class_name="feathers", annotator="Ben")
    assert done.status == "conflict"
    assert (done.current.class_name, done.current.annotator) == ("fur", "Ada")


def test_two_people_relabeling_one_item_at_once(project):
    """Both saw the same answer; one of them is told what holds now."""
    item = project.query(1)[0].item.item_id
    say(project, "label", item, class_name="fur", annotator="Ada", key="first")
    done, start = [], threading.Barrier(2)

    def change(who, name):
        start.wait()
        done.append(say(project, "label", item, class_name=name, annotator=who, seen="first"))

    threads = [threading.Thread(target=change, args=pair)
               for pair in (("Ben", "feathers"), ("Cleo", "none of these"))]  # fmt: skip
    project.add_classes(["none of these"])
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(d.status for d in done) == ["conflict", "stored"]
    (lost,) = (d for d in done if d.status == "conflict")
    holds = project.asked(item).answer
    assert (lost.current.key, lost.current.annotator) == (holds.key, holds.annotator)


def test_a_second_opinion_stands_beside_the_first_answer(shared):
    project, item = shared
    n = project.status().n_labeled
    done = say(project, "label", item, class_name="feathers", annotator="Ben", key="ben")
    assert done.status == "stored"
    assert project.store.events()[-1].kind is Kind.OPINION
    assert project.status().n_labeled == n
    assert project.status().n_contested == 1
    assert project.asked(item, "Ada").answer.class_name == "fur"
    assert project.asked(item, "Ben").answer.class_name == "feathers"


def test_a_person_corrects_their_own_opinion_and_takes_it_back(shared):
    project, item = shared
    say(project, "label", item, class_name="feathers", annotator="Ben", key="ben")
    done = say(project, "label", item, class_name="fur", annotator="Ben", seen="ben")
    assert done.status == "stored"
    assert project.status().n_contested == 0
    assert say(project, "undo", annotator="Ben").current.class_name == "fur"
    assert project.status().n_contested == 1
    assert say(project, "undo", annotator="Ben").current.class_name == "feathers"
    assert say(project, "undo", annotator="Ben").status == "refused", "Ada's answer is Ada's"
    assert item in ids(project.query(60, annotator="Ben"))


def test_what_waits_for_an_opinion_is_seen_nowhere(shared):
    project, item = shared
    assert project.history(annotator="Ada")[0] == 1
    assert project.history(annotator="Ben")[0] == 0
    looked = project.asked(item, "Ben")
    assert (looked.answer, looked.guess, looked.second) == (None, None, True)
    say(project, "label", item, class_name="feathers", annotator="Ben")
    (row,) = project.history(annotator="Ben")[1]
    assert (row.answer.class_name, row.answer.annotator) == ("feathers", "Ben")
    (row,) = project.history(annotator="Ada")[1]
    assert row.answer.class_name == "fur"


def remarks(asked):
    return asked.flagged, asked.comment


def exported(project, path, annotator):
    project.files.export(path, annotator=annotator)
    rows = csv.DictReader(io.StringIO(path.read_text("utf-8"), newline=""))
    return {row["item_id"]: (row["flagged"] == "True", row["comment"]) for row in rows}


def test_what_others_note_of_an_item_is_no_hint_to_who_is_asked_blind(shared, tmp_path):
    project, item = shared
    say(project, "comment", item, text="plainly fur", annotator="Ada")
    say(project, "flag", item, annotator="Ada")
    path = tmp_path / "out.csv"
    row = list(project.items).index(item)

    def seen(who):
        asked = [a for a in project.query(5, annotator=who) if a.item.item_id == item]
        looked = [project.asked(item, who), *project.map.items([row], who), *asked]
        return {*map(remarks, looked), exported(project, path, who)[item]}

    assert seen("Ben") == {(False, "")}
    assert seen("Ada") == {(True, "plainly fur")}
    for kind in ("flag", "unflag"):
        say(project, kind, item, annotator="Ben")
    say(project, "comment", item, text="blurred", annotator="Ben")
    say(project, "comment", item, text="too blurred", annotator="Ben", key="own")
    assert seen("Ben") == {(False, "too blurred")}
    assert seen("Ada") == {(True, "plainly fur\ntoo blurred")}, "nothing of Ada's is lost"
    say(project, "label", item, class_name="feathers", annotator="Ben")
    assert seen("Ben") == {(True, "plainly fur\ntoo blurred")}
    say(project, "comment", item, text="a wing", annotator="Ben")
    assert seen("Ada") == {(True, "a wing")}, "what was seen is replaced"


def test_what_others_note_of_a_drawn_item_is_no_hint_to_who_answers_it(pets, project):
    pets.answer(project, project.query(12))
    project.retrain()
    project.audits.draw(0.2)
    item = project.audits.query(1, annotator="Ben")[0].item.item_id
    say(project, "comment", item, text="plainly fur", annotator="Ada")
    say(project, "flag", item, annotator="Ada")
    for asked in (project.audits.query(1, annotator="Ben")[0], project.asked(item, "Ben")):
        assert remarks(asked) == (False, "")
    assert remarks(project.asked(item, "Ada")) == (True, "plainly fur")
    say(project, "label", item, class_name="fur", annotator="Ben", asked_for="audit")
    assert remarks(project.asked(item, "Ben")) == (True, "plainly fur")


def test_which_items_are_shared_is_the_same_after_a_restart(pets):
    with pets.create() as project:
        project.team.set_overlap(0.5)
        for asked in project.query(40, annotator="Ada"):
            say(project, "label", asked.item.item_id, class_name="fur", annotator="Ada")
        before = [a.item.item_id for a in project.query(60, annotator="Ben") if a.second]
        everyone = wanted(project)
    with Project.open(pets.folder) as project:
        again = [a.item.item_id for a in project.query(60, annotator="Ben") if a.second]
        assert project.team.overlap == 0.5
        assert again == before
        assert wanted(project) == everyone
    assert 10 < len(everyone) < 30


def wanted(project):
    return list(project._guarded._state.sharing.wanted_of("Ben"))


def test_settling_keeps_who_chose_the_item(shared):
    project, item = shared
    say(project, "label", item, class_name="feathers", annotator="Ben")
    done = say(project, "settled", item, class_name="feathers", annotator="Cleo", seen="ada")
    assert done.status == "stored"
    event = project.store.events()[-1]
    assert (event.source, event.strategy, event.purpose) == ("uniform", "random", "train")
    assert event.propensity == pytest.approx(1 / 60)
    status = project.status()
    assert (status.n_contested, status.class_counts["feathers"]) == (0, 1)
    late = say(project, "settled", item, class_name="fur", annotator="Ada", seen="ada")
    assert late.status == "conflict"
    assert late.current.annotator == "Cleo"


def test_nothing_is_settled_where_nobody_has_answered(project):
    item = project.query(1)[0].item.item_id
    assert say(project, "settled", item, class_name="fur", seen=None).status == "refused"
    assert say(project, "opinion", item, class_name="fur").status == "refused"


@pytest.mark.parametrize("share", [-0.1, 1.5, "much", float("nan")])
def test_the_overlap_is_a_share(project, share):
    with pytest.raises(ValueError, match="'overlap'"):
        project.team.set_overlap(share)
