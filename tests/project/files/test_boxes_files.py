"""Boxes out and in again in five formats, read by COCO's own tools and by each other."""

import json

import numpy as np
import pytest
from PIL import Image

from sparing.errors import InvalidInputError, SourceError
from sparing.project import Project
from sparing.project.files.export import BOX_FORMS, STUDIO
from sparing.project.log.boxed import MarkedBox
from sparing.project.log.meaning import as_said
from sparing.store import Kind, NewEvent

LOST = range(90, 95)
SIZES = {"a.png": (64, 48), "deep/b.jpg": (40, 60), "c.png": (30, 30)}
TRUTH = {
    "a.png": [(0, 0, 10.5, 20, "cat"), (30, 8, 64, 48, "zebra")],
    "deep/b.jpg": [(1, 2, 40, 60, "cat")],
    "c.png": [],
}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name, (width, height) in SIZES.items():
        turned = name.endswith(".jpg")  # lies on its side in the file
        shape = (width, height, 3) if turned else (height, width, 3)
        exif = Image.Exif()
        if turned:
            exif[0x0112] = 6
        Image.fromarray(np.zeros(shape, np.uint8)).save(folder / name, exif=exif)
    return folder


@pytest.fixture
def project(source):
    with Project.create(source, classes=["zebra", "cat"], kind="boxes") as project:
        yield project


@pytest.fixture
def taught(project):
    ids = {item.name: item.item_id for item in map(project.items.get, project.items)}
    project.teach({ids[name]: boxes for name, boxes in TRUTH.items()})
    return project


def said(project):
    items = map(project.items.get, project.items)
    answers = {item.name: project.asked(item.item_id).answer for item in items}
    return {
        name: None if one is None else [(*b.box, b.label) for b in one.boxes]
        for name, one in answers.items()
    }


def path_for(tmp_path, form):
    suffix = {"coco": ".json", "label-studio": ".json", "cvat": ".xml"}.get(form, "")
    return tmp_path / f"out-{form}{suffix}"


@pytest.mark.parametrize("form", [*BOX_FORMS, STUDIO])
def test_each_format_brings_the_boxes_back(taught, tmp_path, form):
    out = path_for(tmp_path, form)
    assert taught.files.export(out, form) == 3
    taught.undo(3)
    told = taught.files.import_labels(out)
    assert (told.n_stored, told.problems) == (3, ())
    assert said(taught) == TRUTH


def test_cocos_own_tools_read_what_is_written(taught, tmp_path, capsys):
    coco_tools = pytest.importorskip("pycocotools.coco")
    out = tmp_path / "coco.json"
    taught.files.export(out, "coco")
    coco = coco_tools.COCO(str(out))
    (image,) = (i for i in coco.imgs.values() if i["file_name"] == "deep/b.jpg")
    assert (image["width"], image["height"]) == (40, 60)  # upright
    found = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
    assert [a["bbox"] for a in found] == [[1, 2, 39, 58]]
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["zebra", "cat"]
    again = coco.loadRes(
        [{"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": 1}
         for a in coco.anns.values()]
    )  # fmt: skip
    assert len(again.anns) == 3
    capsys.readouterr()


def test_a_folder_of_yolo_has_names_in_order_and_upright_pictures(taught, tmp_path):
    out = tmp_path / "yolo"
    taught.files.export(out, "yolo")
    assert (out / "data.yaml").read_text().splitlines()[-2:] == ["  0: zebra", "  1: cat"]
    with Image.open(out / "images" / "deep" / "b.png") as picture:
        assert picture.size == (40, 60)
        assert not picture.getexif()
    assert (out / "labels" / "c.txt").read_text() == ""
    cls, x, y, w, h = (out / "labels" / "deep" / "b.txt").read_text().split()
    assert (cls, float(x), float(w)) == ("1", 20.5 / 40, 39 / 40)
    assert [float(y), float(h)] == pytest.approx([31 / 60, 58 / 60])


def test_yolo_without_names_is_refused_and_nothing_is_sorted(project, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(SourceError, match="They are not guessed"):
        project.files.import_labels(folder)
    (folder / "classes.txt").write_text("tiger\n")
    assert project.files.import_labels(folder).n_stored == 1
    assert said(project)["a.png"][0][-1] == "tiger"


def yolo(tmp_path, files):
    """Write a folder of YOLO's files, by their names in it."""
    folder = tmp_path / "yolo"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 0.5 0.5 0.1", "A line has 5 numbers, or 6 with a score. Got 4"),
        ("0 0.5 0.5 1.1 0.1", "A box is of shares in [0, 1]"),
        ("0 0.5 nan 0.1 0.1", "four numbers"),
        ("7 0.5 0.5 0.1 0.1", "There is no class 7 among the 2 names"),
        ("0 0.5 0.5 0 0.1", "left < right and top < bottom"),
        ("0 0.99 0.5 0.2 0.1", "within its picture of 64 x 48 pixels"),
        ("0 0.5 0.5 0.1 0.1 1.5", "a number in [0, 1]"),
    ],
)
def test_each_bad_line_of_yolo_is_named(project, tmp_path, line, why):
    folder = yolo(tmp_path, {"data.yaml": "names: [cat, zebra]\n", "a.txt": f"{line}\n"})
    told = project.files.import_predictions(folder)
    assert told.n_stored == 0
    assert why in told.problems[0].reason


def instances(*boxes, size=(64, 48), name="a.png"):
    return {
        "images": [{"id": 7, "file_name": name, "width": size[0], "height": size[1]}],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [{"image_id": 7, "category_id": 3, "bbox": b} for b in boxes],
    }


def imported(project, tmp_path, told, **more):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(told))
    if more:
        return project.files.import_predictions(path)
    return project.files.import_labels(path)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (instances([1, 1, 0, 9]), "left < right"),
        (instances([1, 1, float("nan"), 9]), "four numbers"),
        (instances([1, 1, 9]), "four numbers"),
        (instances([1, 1, 10**400, 9]), "four numbers"),
        (instances([1, 1.5, 10**400, 9.5]), "four numbers"),
        (instances([1, 1, 9, 9]) | {"categories": [{"id": [3], "name": "cat"}]}, "no category 3"),
        (instances([1, 1, 90, 9]), "within its picture of 64 x 48"),
        (
            instances([1, 1, 9, 9], size=(48, 64)),
            "picture of 48 x 64 pixels, and the item's has 64",
        ),
        (instances([1, 1, 9, 9], name="none.png"), "no such picture"),
        (
            instances([1, 1, 9, 9])
            | {"annotations": [{"image_id": 7, "category_id": 4, "bbox": [1, 1, 9, 9]}]},
            "there is no category 4",
        ),
    ],
)
def test_each_bad_picture_of_coco_is_named(project, tmp_path, told, why):
    done = imported(project, tmp_path, told)
    assert done.n_stored == 0
    assert why in done.problems[0].reason


def test_a_name_of_several_pictures_is_said_to_be_one(source, tmp_path):
    for folder in ("left", "right"):
        (source / folder).mkdir()
        Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(source / folder / "same.png")
    with Project.create(source, classes=["zebra", "cat"], kind="boxes") as project:
        done = imported(project, tmp_path, instances([1, 1, 9, 9], name="same.png"))
        assert done.n_stored == 0
        assert "several pictures are called so" in done.problems[0].reason
        done = imported(project, tmp_path, instances([1, 1, 9, 9], name="else/left/same.png"))
        assert (done.n_stored, done.problems) == (1, ())


def test_what_was_cut_doubled_or_of_crowds_is_told(project, tmp_path):
    told = instances([-0.5, 0, 10, 10], [20, 20, 5, 5], [20, 20, 5, 5])
    told["annotations"].append(
        {"image_id": 7, "category_id": 3, "bbox": [1, 1, 5, 5], "iscrowd": 1}
    )
    lines = imported(project, tmp_path, told).said()
    assert "1 boxes reach out of their picture by a pixel at most: cut." in lines
    assert "1 boxes are there twice in their picture: taken once." in lines
    assert "1 boxes are of crowds: passed over." in lines
    assert said(project)["a.png"] == [(0, 0, 9.5, 10, "cat"), (20, 20, 25, 25, "cat")]


def test_results_of_a_detector_are_suggestions_and_nobodys_word(project, tmp_path):
    taught = project
    ids = {item.name: item.item_id for item in map(taught.items.get, taught.items)}
    number = {name: i + 1 for i, name in enumerate(taught.items[i].name for i in taught.items)}
    results = [
        {"image_id": number["a.png"], "category_id": 2, "bbox": [0, 0, 9, 9], "score": 0.75},
        {"image_id": number["c.png"], "category_id": 1, "bbox": [0, 0, 9, 9], "score": 1.5},
        *({"image_id": n, "category_id": 2, "bbox": [0, 0, 9, 9], "score": 0.5} for n in LOST),
    ]  # fmt: skip
    with pytest.raises(InvalidInputError, match="no person's word: --predictions shows them"):
        imported(taught, tmp_path, results)
    told = imported(taught, tmp_path, results, predictions=True)
    assert told.n_stored == 1
    assert any("no such picture: " in one and "and 2 more" in one for one in told.said())
    assert any("must be a number in [0, 1]. Got 1.5" in one for one in told.said())
    guess = taught.asked(ids["a.png"]).guess
    assert guess.boxes == (MarkedBox((0, 0, 9, 9), "cat", "accepted", None, 0.75),)
    assert (guess.name, guess.by) == ("1 cat", "coco.json")
    assert taught.status().n_labeled == 0
    taught.teach({ids["a.png"]: [(0, 1, 9, 9, "cat")]})


def test_xml_that_declares_entities_is_not_read(project, tmp_path):
    path = tmp_path / "bomb.xml"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>'
    )
    with pytest.raises(SourceError, match="declares a document type or entities"):
        project.files.import_labels(path)


def test_what_is_turned_in_cvat_is_passed_over_and_counted(project, tmp_path):
    path = tmp_path / "cvat.xml"
    path.write_text(
        '<annotations><image id="0" name="a.png" width="64" height="48">'
        '<box label="cat" xtl="1" ytl="1" xbr="9" ybr="9" rotation="30.0"/>'
        '<box label="cat" xtl="1" ytl="1" xbr="9" ybr="9.5"/><polygon label="cat" points="1,1"/>'
        "</image></annotations>"
    )
    lines = project.files.import_labels(path).said()
    assert "1 shapes are no boxes (rotated box): passed over." in lines
    assert said(project)["a.png"] == [(1, 1, 9, 9.5, "cat")]


def test_predictions_of_label_studio_are_suggestions(project, tmp_path):
    value = {"x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["cat"]}
    result = {
        "type": "rectanglelabels", "value": value, "score": 0.5, "original_width": 64,
        "original_height": 48,
    }  # fmt: skip
    task = {
        "data": {"image": "/data/upload/1/0a1b2c3d-a.png"},
        "predictions": [{"result": [result]}],
    }
    assert imported(project, tmp_path, [task]).n_stored == 0
    assert imported(project, tmp_path, [task], predictions=True).n_stored == 1
    (item_id,) = (i for i in project.items if project.items[i].name == "a.png")
    assert project.asked(item_id).guess.boxes[0].box == (0, 0, 32, 24)


def test_boxes_of_a_picture_that_has_another_size_by_now_go_into_no_file_with_it(
    taught, source, tmp_path
):
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(source / "a.png")
    for form in ("coco", "yolo", "voc", "cvat"):
        assert taught.files.export(path_for(tmp_path, form), form) == 2
        (note,) = taught.files.left_out
        assert note.endswith("had another size when their boxes were drawn: 1: a.png.")
    assert not (tmp_path / "out-yolo" / "labels" / "a.txt").exists()
    assert [one.name for one in taught.detecting.begin().known.pictures] == ["deep/b.jpg", "c.png"]
    taught.files.export(tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    (row,) = (row for row in rows if row["item"] == "a.png")
    assert (row["width"], row["height"]) == (64, 48)  # of the picture that the boxes are in
    (item_id,) = (i for i in taught.items if taught.items[i].name == "a.png")
    assert said(taught)["a.png"] == TRUTH["a.png"]  # nothing is lost
    taught.teach({item_id: [(0, 0, 32, 24, "cat")]})
    assert taught.files.export(tmp_path / "again.json", "coco") == 3


@pytest.mark.parametrize("score", [0.0, 0.25, 1.0])
def test_the_sixth_number_of_a_line_of_yolo_is_how_sure_a_detector_is(project, tmp_path, score):
    folder = tmp_path / "runs"
    (folder / "labels").mkdir(parents=True)
    (folder / "data.yaml").write_text("names:\n  0: zebra\n  1: cat\n")
    lines = f"1 0.5 0.5 0.25 0.5 {score}\n0 0.25 0.25 0.5 0.5 0.5\n"
    (folder / "labels" / "a.txt").write_text(lines)
    (folder / "labels" / "c.txt").write_text("")  # it sees no object
    told = project.files.import_predictions(folder)
    assert (told.n_stored, told.problems) == (2, ())
    ids = {project.items[i].name: i for i in project.items}
    guess = project.asked(ids["a.png"]).guess
    assert {(b.box, b.label, b.by, b.score) for b in guess.boxes} == {
        ((24, 12, 40, 36), "cat", "accepted", score),
        ((0, 0, 32, 24), "zebra", "accepted", 0.5),
    }
    assert (guess.by, project.asked(ids["c.png"]).guess.boxes) == ("runs", ())
    assert project.status().n_labeled == 0


def test_yolo_of_a_picture_that_lies_turned_is_of_shares_of_the_upright_one(project, tmp_path):
    folder = yolo(tmp_path, {"classes.txt": "cat\n", "deep/b.txt": "0 0.5 0.5 1 0.5 0.9\n"})
    assert project.files.import_predictions(folder).n_stored == 1
    (item_id,) = (i for i in project.items if project.items[i].name == "deep/b.jpg")
    (box,) = project.asked(item_id).guess.boxes
    assert box.box == (0, 15, 40, 45)


def test_yolo_of_an_unknown_picture_is_named(project, tmp_path):
    folder = yolo(tmp_path, {"classes.txt": "cat\n", "nowhere.txt": "0 0.5 0.5 0.1 0.1\n"})
    told = project.files.import_predictions(folder)
    assert (told.n_stored, told.problems[0].name) == (0, "nowhere.txt")
    assert "its picture is not there or cannot be read" in told.problems[0].reason


def voc(name="a.png", label="<name>cat</name>", edges=(1, 1, 9, 9)):
    places = "".join(
        f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True)
    )
    box = f"<object>{label}<bndbox>{places}</bndbox></object>"
    size = "<size><width>64</width><height>48</height></size>"
    return f"<annotation><filename>{name}</filename>{size}{box}</annotation>"


def cvat(name="a.png", label='label="cat"', edges=(1, 1, 9, 9)):
    places = " ".join(
        f'{k}="{v}"' for k, v in zip(("xtl", "ytl", "xbr", "ybr"), edges, strict=True)
    )
    image = f'<image id="0" name="{name}" width="64" height="48"><box {label} {places}/></image>'
    return f"<annotations>{image}</annotations>"


@pytest.mark.parametrize("made", [voc, cvat])
@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"edges": (1, 1, "nan", 9)}, "four numbers"),
        ({"edges": (1, 1, "", 9)}, "four numbers"),
        ({"edges": (1, 1, 66, 9)}, "within its picture of 64 x 48"),
        ({"edges": (9, 1, 1, 9)}, "left < right"),
        ({"label": ""}, "'label'"),
        ({"name": "nowhere.png"}, "no such picture"),
    ],
)
def test_each_bad_picture_of_xml_is_named(project, tmp_path, made, odd, why):
    path = tmp_path / "boxes.xml"
    path.write_text(made(**odd))
    told = project.files.import_labels(path)
    assert told.n_stored == 0
    assert why in told.problems[0].reason


def studio(name="a.png", size=(64, 48), score=0.5, **odd):
    value = {"x": 0, "y": 0, "width": 50, "height": 50, "rectanglelabels": ["cat"]} | odd
    result = {"type": "rectanglelabels", "value": value, "score": score}
    result |= {"original_width": size[0], "original_height": size[1]}
    return [{"data": {"image": f"/data/{name}"}, "predictions": [{"result": [result]}]}]


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"width": float("nan")}, "without numbers"),
        ({"x": 10**400}, "without numbers"),
        ({"score": 10**400}, "a number in [0, 1]"),
        ({"width": 103}, "within its picture of 64 x 48"),
        ({"height": 0}, "left < right"),
        ({"rectanglelabels": []}, "label"),
        ({"score": 1.5}, "a number in [0, 1]"),
        ({"name": "nowhere.png"}, "no such picture"),
        ({"size": (128, 96)}, "picture of 128 x 96 pixels, and the item's has 64"),
    ],
)
def test_each_bad_prediction_of_label_studio_is_named(project, tmp_path, odd, why):
    told = imported(project, tmp_path, studio(**odd), predictions=True)
    assert told.n_stored == 0
    assert why in told.problems[0].reason


def test_results_are_of_the_upright_picture_and_classes_without_a_name_are_none(project, tmp_path):
    (number,) = (n for n, i in enumerate(project.items, 1) if project.items[i].name == "deep/b.jpg")
    one = {"image_id": number, "category_id": 1, "bbox": [0, 0, 40, 60], "score": 0.5}
    assert imported(project, tmp_path, [one], predictions=True).n_stored == 1
    lying = one | {"bbox": [0, 0, 60, 40]}
    (lost,) = imported(project, tmp_path, [lying], predictions=True).problems
    assert "within its picture of 40 x 60" in lost.reason
    nameless = instances([1, 1, 9, 9]) | {"categories": [{"id": 3}]}
    (lost,) = imported(project, tmp_path, nameless).problems
    assert "there is no category 3" in lost.reason


def pictures_in(folder, names):
    """Make pictures of 64 x 48 pixels, and a project of their boxes."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        if name.startswith("turned"):
            exif[0x0112] = 6
        shape = (64, 48, 3) if name.startswith("turned") else (48, 64, 3)
        Image.fromarray(np.zeros(shape, np.uint8)).save(folder / name, exif=exif)
    return Project.create(folder, classes=["cat"], kind="boxes", encoder="pixels")


AWKWARD = [
    "#2.png", f"#{'9' * 200}.png", "x.png",  # names that look like ids
    "a.jpg", "a.png", "a.png.png", "turned.jpg", "turned.png",  # of one stem
    "b.png", "deep/b.png", "deep/b.v2.png", "deeper/b.jpg", "classes.png",
]  # fmt: skip


@pytest.mark.parametrize("form", [*BOX_FORMS, STUDIO])
def test_each_picture_gets_its_own_boxes_back_whatever_it_is_called(tmp_path, form):
    with pictures_in(tmp_path / "photos", AWKWARD) as project:
        truth = {name: [(i, 1, i + 9, 9, "cat")] for i, name in enumerate(AWKWARD)}
        ids = {project.items[i].name: i for i in project.items}
        project.teach({ids[name]: boxes for name, boxes in truth.items()})
        out = path_for(tmp_path, form)
        assert project.files.export(out, form) == len(AWKWARD)
        project.undo(len(AWKWARD))
        told = project.files.import_labels(out)
        assert (told.n_stored, told.problems) == (len(AWKWARD), ())
        assert said(project) == truth


def test_a_folder_of_yolo_has_a_picture_beside_each_text(tmp_path):
    names = ["a.jpg", "a.png", "turned.jpg", "turned.png", "deep/a.png"]
    with pictures_in(tmp_path / "photos", names) as project:
        project.teach({item_id: [(1, 1, 9, 9, "cat")] for item_id in project.items})
        project.files.export(tmp_path / "yolo", "yolo")
    images, labels = (tmp_path / "yolo" / name for name in ("images", "labels"))
    texts = {path.relative_to(labels).with_suffix("") for path in labels.rglob("*.txt")}
    assert texts == {p.relative_to(images).with_suffix("") for p in images.rglob("*.*")}
    assert len(texts) == len(names)


def test_a_name_that_begins_with_a_number_sign_is_no_id(tmp_path):
    with pictures_in(tmp_path / "photos", ["x.png", "y.png"]) as project:
        told = imported(project, tmp_path, instances([1, 1, 9, 9], name=f"#{'9' * 5000}"))
        assert [one.reason for one in told.problems] == ["no such picture"]
        assert imported(project, tmp_path, instances([1, 1, 9, 9], name="#2")).n_stored == 0
        folder = yolo(tmp_path, {"classes.txt": "cat\n", "#2.txt": "0 0.5 0.5 0.1 0.1\n"})
        assert project.files.import_labels(folder).n_stored == 0


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("names: []\nx: !!timestamp never", "has no 'names'"),
        ("names: 7", "has no 'names'"),
        ("names: [cat\n", "is no YAML"),
    ],
)
def test_names_of_yolo_that_are_none_are_refused(project, tmp_path, told, why):
    folder = yolo(tmp_path, {"data.yaml": told})
    with pytest.raises(SourceError, match=why):
        project.files.import_labels(folder)


def test_a_class_whose_number_is_none_is_not_there(project, tmp_path):
    folder = yolo(tmp_path, {"data.yaml": "names: {²: cat}", "a.txt": "0 0.5 0.5 0.1 0.1\n"})
    (problem,) = project.files.import_labels(folder).problems
    assert problem.reason == "There is no class 0 among the 0 names."


def test_names_of_yolo_are_taken_as_they_stand(project, tmp_path):
    names = "date: 2020-99-99\nnames:\n  0: no\n  1: 007\n"
    boxes = "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n"
    folder = yolo(tmp_path, {"data.yaml": names, "a.txt": boxes})
    assert project.files.import_labels(folder).n_stored == 1
    assert {label for *_, label in said(project)["a.png"]} == {"no", "007"}


def test_what_rounding_puts_out_of_the_picture_is_cut(project, tmp_path):
    boxes = "0 0.5 0.5 1.000001 0.5 1.0000001\n"
    folder = yolo(tmp_path, {"classes.txt": "cat\n", "a.txt": boxes})
    told = project.files.import_predictions(folder)
    assert (told.n_stored, told.problems) == (1, ())
    assert told.notes == ("1 boxes reach out of their picture by a pixel at most: cut.",)
    (item_id,) = (i for i in project.items if project.items[i].name == "a.png")
    (box,) = project.asked(item_id).guess.boxes
    assert (box.box, box.score) == ((0, 12, 64, 36), 1.0)


@pytest.mark.parametrize("form", [*BOX_FORMS, STUDIO])
def test_names_that_look_odd_are_kept_in_every_format(tmp_path, form):
    names = ["shot 3.15\u202fPM.png", "می\u200cخواهم.png", "a\u00a0b.png"]
    label = "گربه\u200cها"
    with pictures_in(tmp_path / "photos", names) as project:
        project.teach({item_id: [(1, 1, 9, 9, label)] for item_id in project.items})
        out = path_for(tmp_path, form)
        project.files.export(out, form)
        project.undo(3)
        told = project.files.import_labels(out)
        assert (told.n_stored, told.problems) == (3, ())
        assert said(project) == {name: [(1, 1, 9, 9, label)] for name in names}


def test_characters_that_no_xml_has_leave_the_file_readable(tmp_path):
    with pictures_in(tmp_path / "photos", ["a\x01b.png"]) as project:
        project.teach({item_id: [(1, 1, 9, 9, "cat")] for item_id in project.items})
        project.files.export(tmp_path / "out.xml", "cvat")
    assert b'name="ab.png"' in (tmp_path / "out.xml").read_bytes()


@pytest.mark.parametrize(
    ("encoding", "label"),
    [("ISO-8859-1", "niño"), ("windows-1251", "ёж"), ("UTF-16", "niño"), ("gb18030", "猫")],
)
def test_xml_is_read_in_the_encoding_that_it_declares(project, tmp_path, encoding, label):
    path = tmp_path / "boxes.xml"
    whole = f'<?xml version="1.0" encoding="{encoding}"?>\n{voc(label=f"<name>{label}</name>")}'
    path.write_bytes(whole.encode(encoding))
    assert project.files.import_labels(path).n_stored == 1
    assert said(project)["a.png"] == [(1, 1, 9, 9, label)]


@pytest.mark.parametrize("encoding", ["utf-8", "klingon", "hex", "undefined"])
def test_xml_that_is_not_in_the_encoding_that_it_declares_is_named(project, tmp_path, encoding):
    path = tmp_path / "boxes.xml"
    whole = f'<?xml version="1.0" encoding="{encoding}"?>{voc(label="<name>niño</name>")}'
    path.write_bytes(whole.encode("latin-1"))
    with pytest.raises(SourceError, match=r"boxes\.xml is (not? |to be read as)"):
        project.files.import_labels(path)


def test_entities_are_refused_in_any_encoding(project, tmp_path):
    path = tmp_path / "bomb.xml"
    text = '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>'
    for encoding in ("utf-16", "utf-7"):
        whole = f'<?xml version="1.0" encoding="{encoding}"?>'.encode("ascii")
        head = whole.decode().encode("utf-16") if encoding == "utf-16" else whole
        path.write_bytes(head + text.encode("utf-16-le" if encoding == "utf-16" else encoding))
        with pytest.raises(SourceError, match="declares a document type or entities"):
            project.files.import_labels(path)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (r"<path>C:\Users\me\photos\d.png</path><filename>d.png</filename>", "d.png"),
        ("<path>/home/x/old/d.png</path><filename>d.png</filename>", "d.png"),
        ("<path>/home/x/c.png</path><filename>d.png</filename>", "d.png"),
        ("<path>/home/x/deep/b.png</path><filename>b.png</filename>", "deep/b.png"),
        ("<path>/home/x/other/b.png</path><filename>b.png</filename>", None),
        ("<folder>deep</folder><filename>b.png</filename>", "deep/b.png"),
        ("<folder>VOC2007</folder><filename>b.png</filename>", "b.png"),
        ("<folder>VOC2007</folder><filename>d.jpg</filename>", "d.png"),
        (r"<filename>deep\c.png</filename>", "deep/c.png"),
        ("<path>/elsewhere/e.png</path><filename>e.png</filename>", "far/e.png"),
    ],
)
def test_the_picture_of_voc_is_the_one_that_its_filename_says(tmp_path, told, name):
    names = ["b.png", "c.png", "d.png", "deep/b.png", "deep/c.png", "far/e.png", "further/e.jpg"]
    with pictures_in(tmp_path / "photos", names) as project:
        path = tmp_path / "boxes.xml"
        path.write_text(voc().replace("<filename>a.png</filename>", told))
        assert project.files.import_labels(path).n_stored == (name is not None)
        assert [key for key, boxes in said(project).items() if boxes] == [name] * (name is not None)


def test_coco_of_another_system_finds_its_pictures(project, tmp_path):
    told = instances([1, 1, 9, 9], name=r"C:\data\imgs\c.png", size=(30, 30))
    assert imported(project, tmp_path, told).n_stored == 1
    assert said(project)["c.png"] == [(1, 1, 10, 10, "cat")]


def enlarged(folder, name="a.png"):
    Image.fromarray(np.zeros((96, 128, 3), np.uint8)).save(folder / name)


TABLES = ("csv", "jsonl", "parquet")
OTHER_SIZE = "drawn in a picture of 64 x 48 pixels, and the item's has 128 x 96"


@pytest.mark.parametrize("form", TABLES)
def test_a_table_gives_no_boxes_to_a_picture_of_another_size(tmp_path, form):
    photos, out = tmp_path / "photos", tmp_path / f"out.{form}"
    with pictures_in(photos, ["a.png", "b.png"]) as project:
        project.teach({item_id: [(1, 1, 9, 9, "cat")] for item_id in project.items})
        project.files.export(out, form)
    enlarged(photos)
    with Project.create(photos, tmp_path / "new", classes=["cat"], kind="boxes") as project:
        (problem,) = project.files.import_labels(out).problems
        assert OTHER_SIZE in problem.reason
        assert said(project) == {"a.png": None, "b.png": [(1, 1, 9, 9, "cat")]}


@pytest.mark.parametrize("form", TABLES)
def test_nor_does_it_give_boxes_of_several_people(tmp_path, form):
    photos, out = tmp_path / "photos", tmp_path / f"out.{form}"
    with pictures_in(photos, ["a.png", "b.png", "c.png"]) as project:
        project.team.set_overlap(1.0)
        _, _, last = project.items
        for item_id in project.items:
            for i, who in enumerate(("Ada", "Ben")):
                boxes = as_said([(1 + 20 * i, 1, 9 + 20 * i, 9, "cat")])
                draw(project, item_id, boxes, who)
            if item_id == last:
                draw(project, item_id, None, "Cleo")
                continue
            boxes = as_said([(30, 1, 40, 9, "cat")])
            draw(project, item_id, boxes, "Eve", Kind.SETTLED, seen=f"Ada {item_id}")
        project.files.export(out, form)
    enlarged(photos, "a.png")
    with Project.create(photos, tmp_path / "new", classes=["cat"], kind="boxes") as project:
        (problem,) = project.files.import_labels(out).problems
        assert OTHER_SIZE in problem.reason
        first, *others = project.items
        assert project.items[first].name == "a.png"
        assert said(project)["a.png"] is None
        assert said(project)["b.png"] == [(30, 1, 40, 9, "cat")]
        assert project.files.import_labels(out).n_known == 2
        assert {one.asked.item.item_id for one in project.team.disagreements()} == {others[1]}


def draw(project, item_id, boxes, who, kind=None, **more):
    kind = kind or (Kind.SKIP if boxes is None else Kind.LABEL)
    event = NewEvent(
        key=f"{who} {item_id}", kind=kind, item_id=item_id, class_name=boxes, annotator=who, **more
    )
    assert project.record([event])[0].status == "stored"


def test_label_studio_has_boxes_in_the_picture_that_they_were_drawn_in(taught, source, tmp_path):
    enlarged(source)
    taught.files.export(tmp_path / "out.json", STUDIO)
    tasks = json.loads((tmp_path / "out.json").read_text())
    (task,) = (t for t in tasks if t["data"]["image"].endswith("a.png"))
    (_, last) = task["annotations"][0]["result"]
    assert (last["original_width"], last["original_height"]) == (64, 48)
    assert last["value"]["x"] + last["value"]["width"] == 100
    taught.undo(3)
    told = taught.files.import_labels(tmp_path / "out.json")
    assert "picture of 64 x 48 pixels, and the item's has 128 x 96" in told.problems[0].reason


def test_hugging_face_has_no_picture_beside_boxes_of_another(taught, source, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    enlarged(source)
    assert taught.files.export(tmp_path / "hf", "hf") == 2
    (note,) = taught.files.left_out
    assert note.endswith("had another size when their boxes were drawn: 1: a.png.")
    (file,) = (tmp_path / "hf").rglob("*.parquet")
    assert parquet.read_table(file).column("item").to_pylist() == ["c.png", "deep/b.jpg"]


def test_pictures_of_coco_without_an_id_share_no_boxes(project, tmp_path):
    told = instances([1, 1, 9, 9]) | {
        "images": [
            {"file_name": "c.png"},
            {"id": [1], "file_name": "deep/b.jpg"},
            {"id": 7.0, "file_name": "a.png"},
        ],
        "categories": [{"id": 3.0, "name": "cat"}],
    }
    told["annotations"].append({"image_id": [1], "category_id": 3, "bbox": [1, 1, 5, 5]})
    done = imported(project, tmp_path, told)
    assert {one.reason for one in done.problems} == {
        "it has no id, by which its boxes would be found"
    }
    assert said(project) == {"a.png": [(1, 1, 10, 10, "cat")], "c.png": None, "deep/b.jpg": None}


def test_xml_that_says_utf16_and_is_not_is_read_as_it_is(project, tmp_path):
    path = tmp_path / "boxes.xml"
    whole = f'<?xml version="1.0" encoding="utf-16"?>{voc(label="<name>niño</name>")}'
    path.write_text(whole, encoding="utf-8")
    assert project.files.import_labels(path).n_stored == 1
    assert said(project)["a.png"] == [(1, 1, 9, 9, "niño")]


@pytest.mark.parametrize("form", ["yolo", "voc"])
def test_no_name_leads_out_of_the_folder_that_is_written(tmp_path, form):
    names = ["../../up", str(tmp_path / "absolute"), "inside"]
    with pictures_in(tmp_path / "photos", ["0.png", "1.png", "2.png"]):
        pass
    rows = [f"{name},photos/{i}.png" for i, name in enumerate(names)]
    (tmp_path / "pictures.csv").write_text("\n".join(["id,path", *rows]))
    before = {*tmp_path.rglob("*")}
    with Project.create(
        tmp_path / "pictures.csv", classes=["cat"], kind="boxes", encoder="pixels"
    ) as project:
        assert [project.items[i].name for i in project.items] == names
        project.teach({item_id: [(1, 1, 9, 9, "cat")] for item_id in project.items})
        assert project.files.export(tmp_path / "deep" / "out", form) == 3
        written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
        written = {path for path in written if project.folder not in path.parents}
    assert all(tmp_path / "deep" / "out" in path.parents for path in written)
    assert len(written) == {"yolo": 7, "voc": 3}[form]
