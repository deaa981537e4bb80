"""A project of boxes in pictures, from the first question to what others suggest."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sparing import ClassTable
from sparing.annotations.boxes import place_of
from sparing.cli.standing import sentences
from sparing.errors import CapabilityError, InvalidInputError, SourceError
from sparing.pool.pool import UNLABELED
from sparing.pool.predictions import Predictions
from sparing.project import NewEvent, Project
from sparing.project.audits.box_precision import audited_precision
from sparing.project.audits.draws import Frozen, freeze
from sparing.project.learning.scores import read_scores, write_scores
from sparing.project.log.boxed import MarkedBox
from sparing.project.log.meaning import as_said
from sparing.store import Kind, Version, VersionFacts

N = 12
SIZE = (64, 48)


def draw(path, seed, size=SIZE, **more):
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **more)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(N):
        draw(folder / f"{i:02}.png", i)
    return folder


@pytest.fixture
def project(source):
    with Project.create(source, classes=["cat", "dog"], kind="boxes", encoder="pixels") as project:
        yield project


def box(x0, y0, x1, y1, label, **more):
    return {"box": [x0, y0, x1, y1], "label": label, **more}


def mark(project, item_id, boxes, **more):
    said = boxes if isinstance(boxes, str) else as_said(boxes)
    key = more.pop("key", f"key {item_id}")
    kind = more.pop("kind", Kind.LABEL)
    event = NewEvent(key=key, kind=kind, item_id=item_id, class_name=said, **more)
    return project.record([event])[0]


def test_the_kind_is_fixed_and_an_item_has_the_size_of_its_picture(source, project):
    item = project.asked(next(iter(project.items))).item
    assert (item.kind, item.width, item.height) == ("image", 64, 48)
    folder = project.folder
    project.close()
    with pytest.raises(InvalidInputError, match="are of kind 'boxes', and stay so"):
        Project.at(source, kind="class")
    with Project.open(folder) as again:
        assert (again.kind, len(again.items)) == ("boxes", N)


def test_a_picture_that_exif_turns_has_the_size_that_people_see(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "turned").mkdir()
    draw(tmp_path / "turned" / "one.jpg", 0, exif=exif)
    with Project.create(tmp_path / "turned", classes=["cat"], kind="boxes") as project:
        item_id = next(iter(project.items))
        assert project.items[item_id].size == (48, 64)
        assert mark(project, item_id, [box(0, 40, 48, 64, "cat")]).status == "stored"


def test_boxes_are_of_pictures_alone(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("Ada\nBen\n")
    with pytest.raises(SourceError, match="Boxes are drawn in pictures, and the items of"):
        Project.create(notes, kind="boxes")


@pytest.mark.parametrize(
    ("boxes", "line"),
    [
        ([box(2, 2, 2, 9, "cat")], "left < right and top < bottom"),
        ([box(0, 0, 66, 9, "cat")], "within its picture of 64 x 48 pixels"),
        ([box(0, 0, 5, 5, "animal")], "animal"),
        ([box(0, 0, 5, 5, 7)], "is a text"),
        ([box(0, 0, 5, 5, "cat", by="magic")], "one of drawn, accepted, edited"),
        ('[{"box": [0, 0, NaN, 5], "label": "cat"}]', "four numbers"),
        ("nothing", "each is a list"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(project, boxes, line):
    done = mark(project, next(iter(project.items)), boxes)
    assert done.status == "refused"
    assert line in done.message


def test_an_answer_is_kept_with_whence_its_boxes_came_and_cut_at_the_edge(project):
    one, two = list(project.items)[:2]
    given = [box(-0.5, 0, 10.03, 20, "cat", by="accepted", version=3), box(1, 2, 30, 40, "dog")]
    assert mark(project, one, given).status == "stored"
    project.teach({two: []})
    answer = project.asked(one).answer
    assert answer.boxes == (
        MarkedBox((0, 0, 10, 20), "cat", "accepted", 3),
        MarkedBox((1, 2, 30, 40), "dog"),
    )
    assert answer.class_name == "cat: 0,0,10,20; dog: 1,2,30,40"
    assert project.asked(two).answer.class_name == "no object"
    assert project.status().n_labeled == 2
    assert project.history()[1][1].answer.boxes == answer.boxes


def test_numbers_of_numpy_are_taught(project):
    item_id = next(iter(project.items))
    project.teach({item_id: [(*np.array([1, 2, 3, 4], np.float32), "cat")]})
    assert project.asked(item_id).answer.boxes[0].box == (1, 2, 3, 4)


def test_answers_are_undone_and_one_that_was_not_seen_is_a_conflict(project):
    item_id = next(iter(project.items))
    first = mark(project, item_id, [box(0, 0, 9, 9, "cat")], key="a", annotator="Ada")
    again = mark(project, item_id, [box(0, 0, 9, 9, "cat")], key="b", annotator="Ada")
    assert (first.status, again.status) == ("stored", "duplicate")
    other = mark(project, item_id, [box(0, 0, 9, 8, "cat")], key="c", annotator="Ben")
    assert other.status == "conflict"
    assert other.current.boxes[0].box == (0, 0, 9, 9)
    project.undo()
    assert project.asked(item_id).answer is None


def test_boxes_of_a_picture_of_another_size_do_not_fit(source, project):
    item_id = next(iter(project.items))
    done = mark(project, item_id, [box(0, 0, 9, 9, "cat")], text="640 x 480")
    assert "drawn in a picture of 640 x 480 pixels, and the item's has 64 x 48 now" in done.message
    (source / "00.png").unlink()
    done = mark(project, item_id, [box(0, 0, 9, 9, "cat")])
    assert "cannot be read now" in done.message


def test_classes_that_are_merged_make_two_boxes_one(project):
    item_id = next(iter(project.items))
    project.teach({item_id: [(0, 0, 9, 9, "cat"), (0, 0, 9, 9, "dog")]})
    merge = NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="dog", text="cat")
    project.record([merge])
    assert [b.label for b in project.asked(item_id).answer.boxes] == ["cat"]


def test_a_class_has_as_many_labels_as_boxes(project):
    first, second, third = list(project.items)[:3]
    cats = [(0, 0, 9, 9, "cat"), (20, 20, 30, 30, "cat"), (40, 9, 60, 30, "dog")]
    project.teach({first: cats, second: cats[:1], third: []})
    assert project.status().class_counts == {"cat": 3, "dog": 1}
    assert "Boxes: cat 3, dog 1." in list(sentences(project.status()))


def test_pictures_are_asked_by_their_vectors_before_there_is_a_model(project):
    asked = project.query(3)
    project.teach({a.item.item_id: [(0, 0, 9, 9, "cat")] for a in asked})
    assert project.retrain() == 1
    later = project.query(3)
    assert {a.source for a in later} == {"strategy"}
    assert not {a.item.item_id for a in later} & {a.item.item_id for a in asked}
    assert all(a.guess is None for a in later)
    assert project.status().n_learned == 3
    assert any("3 of 12 labeled" in line for line in sentences(project.status()))
    with pytest.raises(CapabilityError, match="boxes"):
        project.learning.trainee(lambda *told: None).model()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_table_of_boxes_comes_back(project, tmp_path, form):
    ids = list(project.items)
    project.teach({ids[0]: [(0, 0, 9.5, 9, "cat")], ids[1]: []}, annotator="Ada")
    out = tmp_path / f"labels.{form}"
    assert project.files.export(out, form) == 2
    project.undo(2)
    told = project.files.import_labels(out)
    assert (told.n_stored, {one.reason for one in told.problems}) == (2, {"no label"})
    assert project.asked(ids[0]).answer.boxes == (MarkedBox((0, 0, 9.5, 9), "cat"),)
    assert project.asked(ids[1]).answer.boxes == ()


def test_a_row_of_an_export_has_boxes_and_the_size_of_their_picture(project, tmp_path):
    project.teach({next(iter(project.items)): [(0, 0, 9.5, 9, "cat")]})
    project.files.export(tmp_path / "labels.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert rows[0]["boxes"] == [{"box": [0, 0, 9.5, 9], "label": "cat"}]
    assert (rows[0]["width"], rows[0]["height"], rows[1]["boxes"]) == (64, 48, None)


def test_how_far_people_agree_is_told_of_matched_boxes(project):
    project.team.set_overlap(1)
    for i, item_id in enumerate(project.items):
        for who in ("Ada", "Ben"):
            shift = 1 if who == "Ben" else 0
            boxes = [box(0, shift, 10, 10 + shift, "cat"), box(20, 20, 40, 40, "dog")]
            kept = boxes[:1] if who == "Ben" and i < 6 else boxes
            mark(project, item_id, kept, key=f"{who} {i}", annotator=who)
    found = project.team.agreement()
    figures = {name: figure.value for name, figure in found.classes}
    # 12 cats and 6 dogs are shared, 6 dogs are Ada's alone: 2 x 18 of 24 + 18
    assert figures["all boxes"] == pytest.approx(36 / 42)
    assert figures["overlap of the matched"] == pytest.approx((12 * 90 / 110 + 6) / 18)
    # values: 24 cat, 18 dog, 6 none of 48; 12 ordered pairs differ
    expected = 1 - 47 * 12 / (48**2 - 24**2 - 18**2 - 6**2)
    assert found.overall.value == pytest.approx(expected)


def test_people_who_differ_are_shown_with_their_boxes(project):
    project.team.set_overlap(1)
    item_id = next(iter(project.items))
    mark(project, item_id, [box(0, 0, 9, 9, "cat")], key="a", annotator="Ada")
    mark(project, item_id, [box(0, 0, 9, 9, "dog")], key="b", annotator="Ben")
    (one,) = project.team.disagreements()
    assert [[b.label for b in said] for said in one.boxes] == [["cat"], ["dog"]]
    assert one.suggestion.boxes[0].box == (0, 0, 9, 9)


def suggested(project, boxes, n_unseen=0):
    """Give the project a model version that says this of each picture, as a trainer would."""
    keys = dict(project.classes)
    project.retrain()
    made = read_scores(project.learning.folder.scores(project.store.versions()[-1]))
    rows = [
        (row, *place_of(b["box"]), list(keys).index(b["label"]))
        for row, said in enumerate(boxes)
        for b in said
    ]
    scores = replace(
        made,
        proba=np.array([0.9] * (len(boxes) - n_unseen) + [np.nan] * n_unseen, np.float32)[:, None],
        class_ids=np.array(list(keys.values())),
        boxes=np.array(rows, dtype=np.int64).reshape(-1, 6),
        certainty=np.full(len(rows), 0.8),
    )
    version = project.learning.version + 1
    write_scores(project.learning.folder.new_scores(version, ""), scores)
    project.learning.adopt(Version(version, project.store.versions()[-1].seq, VersionFacts(1)))


def test_a_check_is_of_the_pictures_that_the_model_has_looked_at_and_says_so(project):
    project.teach({next(iter(project.items)): [(0, 0, 20, 20, "cat")]})
    suggested(project, [[box(0, 0, 20, 20, "cat")]] * 7 + [[]] * 5, n_unseen=5)
    said = "has looked at 6 of the 11 pictures without an answer"
    assert any(said in line for line in sentences(project.status()))
    state = project._guarded._state
    frozen = freeze(state.replay, state.rows, state.scores, state.version, "boxes")
    assert frozen.left_out == {"that the model has not looked at": 5}


def test_a_check_counts_pictures_whose_boxes_all_overlap_enough(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(60):
        draw(folder / f"{i:02}.png", i)
    with Project.create(folder, classes=["cat"], kind="boxes", encoder="pixels") as project:
        first = next(iter(project.items))
        project.teach({first: [(0, 0, 20, 20, "cat")]})
        suggested(project, [[box(0, 0, 20, 20, "cat")]] * 60)
        asked = project.asked(list(project.items)[1])
        assert asked.guess.boxes[0].score == pytest.approx(0.8)
        project.audits.draw(0.2)
        while todo := project.audits.query(50):
            for a in todo:  # off by two pixels: 18 x 20 of 22 x 20
                mark(
                    project, a.item.item_id, [box(2, 0, 22, 20, "cat")], key=f"c{a.item.item_id}",
                    asked_for="audit",
                )  # fmt: skip
        made = project.audits.certify()
        assert made.n_wrong == 0
        known = "mAP50 of what it shows is 100 % (100 % to 100 %, by a bootstrap: approximate)"
        assert known in project.status().accuracy.note
        assert "from an intersection over union of 0.5 on" in made.statement
        assert made.statement.startswith("In at most 12 of all 60 items (20 %) any of the boxes is")
        assert made.units.n_wrong == 0 < made.units.n_seen < made.units.n_units
        assert f"at most {made.units.most_wrong} are wrong" in made.notes[-1]
        assert made.by_label
        assert all(check.ok for check in project.audits.verify(made))
        told = project.status().accuracy
        assert told.estimate == pytest.approx(1)
        assert "intersection over union of 0.5 or more" in told.note
        assert (project.phase, project.audits.notes()) == ("done", [])
        checked = next(e.item_id for e in project.store.events() if e.purpose == "audit")
        project.teach({checked: [(4, 0, 22, 20, "cat")]})  # it still overlaps enough
        assert project.audits.notes() == []
        project.teach({checked: [(14, 0, 32, 20, "cat")]})
        assert "does not hold any more" in project.audits.notes()[0]


def test_mean_precision_of_a_check_takes_the_surest_box_first():
    contents = ('[[0,0,160,160,"k1"],[320,0,480,160,"k1"]]', '[[0,0,160,160,"k1"]]', "[]")
    predictions = Predictions(
        np.array([0, 1]), np.ones(2), np.full(2, UNLABELED), ClassTable(contents)
    )
    boxes = np.array([[0, 0, 0, 160, 160], [0, 320, 0, 480, 160], [1, 0, 0, 160, 160]])
    frozen = Frozen(
        predictions, contents, np.array(["a", "b"]), boxes=boxes,
        certainty=np.array([0.5, 0.9, 0.7]),
    )  # fmt: skip
    truth = ['[[0,0,160,160,"k1"]]', '[[0,0,160,160,"k1"]]']
    # .9 wrong, .7 right, .5 right: precision 1/2 at recall 1/2 and 2/3 at 1, so 2/3 at both
    assert audited_precision(frozen, [0, 1], truth).value == pytest.approx(2 / 3)
    assert audited_precision(frozen, [0], truth[:1]) is None
    assert audited_precision(replace(frozen, certainty=np.zeros(0)), [0, 1], truth) is None


def test_people_differ_where_one_has_a_box_that_the_other_lacks(project):
    project.team.set_overlap(1.0)
    near, other, both, empty = list(project.items)[:4]
    cat, nearly, dog = (
        box(0, 0, 20, 20, "cat"),
        box(1, 0, 20.5, 21, "cat"),
        box(0, 0, 20, 20, "dog"),
    )
    second = box(30, 30, 50, 40, "dog")
    said = {
        near: ([cat], [nearly], [nearly]),
        other: ([cat], [dog], [nearly]),
        both: ([cat], [cat, second], None),
        empty: ([], [cat], None),
    }
    for item_id, answers in said.items():
        for who, boxes in zip(("Ada", "Ben", "Cleo"), answers, strict=True):
            if boxes is not None:
                mark(project, item_id, boxes, key=f"{who} {item_id}", annotator=who)
    differing = {one.asked.item.item_id: one for one in project.team.disagreements()}
    assert set(differing) == {other, both, empty}
    held = differing[other].suggestion
    assert (held.name, [b.label for b in held.boxes]) == ("1 cat", ["cat"])  # two of three
    assert held.confidence > 0.5
    seen = project.asked(both).answer.key
    mark(project, both, [nearly, second], key="settled", kind=Kind.SETTLED, seen=seen)
    assert [b.label for b in project.asked(both).answer.boxes] == ["cat", "dog"]
    assert both not in {one.asked.item.item_id for one in project.team.disagreements()}
