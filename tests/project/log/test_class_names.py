"""One class where it is one thing, through every door by which names come in."""

import pytest

from sparing.project import NewEvent, Project
from sparing.project.log.classes import Classes
from sparing.store import EventStatus, Kind


def said(project, kind, **more):
    (done,) = project.record([NewEvent(key=f"{kind}-{more}"[:64], kind=kind, **more)])
    return done


def names(project):
    return [name for name, _ in project.classes]


def test_a_name_that_is_added_again_in_another_way_is_the_class_that_is_there(pets, project):
    for name in ("Fur", "fur ", "FUR"):
        done = said(project, Kind.ADD_CLASS, class_name=name)
        assert done.status is EventStatus.DUPLICATE
    assert done.message == "'FUR' is the class 'fur', which is there already."
    assert said(project, Kind.ADD_CLASS, class_name="fur").message == ""
    assert project.add_classes(["FEATHERS", "feathers", "fin"]) == (
        "Classes written in another way: 'FEATHERS' is taken for 'feathers'.",
    )
    assert names(project) == ["fur", "feathers", "fin"]


def test_an_answer_and_a_change_of_names_find_the_class_however_it_is_written(pets, project):
    one, two, three = list(project.items)[:3]
    assert said(project, Kind.LABEL, item_id=one, class_name="FUR").status is EventStatus.STORED
    told = project.teach({two: "Feathers", three: "['fur']"})
    assert told == ("Classes written in another way: 'Feathers' is taken for 'feathers'.",)
    assert project.status().class_counts == {"fur": 2, "feathers": 1}
    taken = said(project, Kind.RENAME_CLASS, class_name="fur", text="FEATHERS")
    assert taken.status is EventStatus.REFUSED
    assert taken.message == "There is a class 'feathers' already: merge the two instead."
    assert (
        said(project, Kind.RENAME_CLASS, class_name="fur", text="Fur").status is EventStatus.STORED
    )
    assert said(project, Kind.MERGE_CLASS, class_name="FUR", text="FeaTHers").status is (
        EventStatus.STORED
    )
    assert project.status().class_counts == {"feathers": 3}


@pytest.mark.parametrize("label", [1, 1.0, "1.0", b"1", [1], "[1]"])
def test_a_label_of_any_type_is_the_class_of_that_name(pets, label):
    with Project.create(pets.source, classes=["1", "2"]) as project:
        project.teach({next(iter(project.items)): label})
        assert project.status().class_counts == {"1": 1, "2": 0}


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👨\u200d👩\u200d👧", "A", "a"])
def test_joiners_are_a_part_of_a_name_and_single_letters_are_classes(pets, project, name):
    project.add_classes(["a", "A", name])
    assert names(project) == [*dict.fromkeys(["fur", "feathers", "a", "A", name])]


def test_labels_of_a_table_take_the_names_that_are_there(pets, project, tmp_path):
    ids = list(project.items)[:6]
    table = tmp_path / "labels.csv"
    cells = ["FUR", "Feathers", "Fin", "fin", "fin", "\"['fur']\""]
    rows = [f"{item},{cell}" for item, cell in zip(ids, cells, strict=True)]
    table.write_text("item_id,label\n" + "\n".join(rows) + "\n")
    told = project.files.import_labels(table)
    first, note = told.said()
    assert first == "6 labels imported."
    assert note.endswith("'FUR' is taken for 'fur', 'Feathers' for 'feathers', 'Fin' for 'fin'.")
    assert project.status().class_counts == {"fur": 2, "feathers": 1, "fin": 3}


def test_labels_of_the_source_take_the_commonest_way(tmp_path):
    source = tmp_path / "pets.csv"
    source.write_text("legs,wings,label\n4,0,Cat\n4,0,cat\n4,0,cat \n2,2,1.0\n2,2,Hen\n")
    with Project.create(source, label_column="label") as project:
        assert project.status().class_counts == {"cat": 3, "1.0": 1, "Hen": 1}


def test_two_classes_of_a_version_that_told_case_apart_stay_two():
    classes = Classes()
    for key, name in (("k1", "Cat"), ("k2", "cat")):
        classes.apply(NewEvent(key=key, kind=Kind.ADD_CLASS, class_name=name))
    assert [c.name for c in classes.live] == ["Cat", "cat"]
    assert [classes.id_of(name) for name in ("Cat", "cat", "CAT")] == ["k1", "k2", "k1"]
    classes.apply(NewEvent(key="k3", kind=Kind.RENAME_CLASS, class_id="k1", text="CAT"))
    assert [c.name for c in classes.live] == ["CAT", "cat"]
