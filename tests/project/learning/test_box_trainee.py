"""What learns boxes: what is suggested and asked, whether it helps, and when it keeps still."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sparing.annotations.detections import Detections
from sparing.cli.standing import sentences
from sparing.encoders.pretrained.photos import WEIGHTS
from sparing.errors import MissingExtraError
from sparing.learner.boxes import BoxLearner
from sparing.models.detection import feature_maps, suggester
from sparing.models.detection.usefulness import NO_HELP, TOO_FEW, TOO_MANY, Usefulness
from sparing.project import Project
from sparing.project.learning.box_evidence import evidence
from sparing.project.learning.box_trainee import BoxTrainee
from sparing.project.learning.guesses import guess_of
from sparing.project.learning.process import Trainer
from sparing.project.learning.scores import Scores
from sparing.store import Kind, NewEvent, VersionFacts
from sparing.testing.pictures import pictures_with_shapes

N = 36
PATIENCE = 240.0


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Return a folder of pictures with a square or a cross each, and where these are."""
    folder = tmp_path_factory.mktemp("boxes") / "photos"
    folder.mkdir()
    pages, boxes = pictures_with_shapes(N)
    for i, page in enumerate(pages):
        Image.fromarray(page).save(folder / f"{i:02}.png")
    return folder, {f"{i:02}.png": one for i, one in enumerate(boxes)}


@pytest.fixture
def project(photos, tmp_path):
    made = Project.create(
        photos[0], tmp_path / "p.sparing", classes=["square", "cross"], kind="boxes", encoder="hog"
    )
    with made as project:
        yield project


@pytest.fixture
def network():
    """Skip where the network is not installed."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    if WEIGHTS.find() is None:
        pytest.skip("the extra photos is not installed")


def answer(project, truth, n, of=None):
    asked = project.query(n)
    taught = {a.item.item_id: of or truth[a.item.name] for a in asked}
    project.teach(taught)
    return asked


def learn(project, trainee):
    """Return what is adopted as a process does it: a draft if there is one, and what follows."""
    trainee.encode()
    project.learning.take_contents()
    drafted = trainee.draft(project.learning.version + 1)
    if drafted is not None:
        project.learning.adopt(drafted)
    made = trainee.learn(project.learning.version + 1)
    project.learning.adopt(made)
    return drafted, made


def test_boxes_are_suggested_where_they_help_and_pictures_asked_by_doubt(
    project, photos, network, monkeypatch
):
    monkeypatch.setattr(suggester, "STEPS", 12.0)  # shapes are easy
    truth, trainee = photos[1], project.learning.trainee(lambda *told: None)
    answer(project, truth, 5)
    drafted, made = learn(project, trainee)
    assert (drafted, made.facts.suggests) == (None, TOO_FEW)
    asked = answer(project, truth, 9)
    assert {a.strategy for a in asked} == {"cluster_then_label"}
    drafted, made = learn(project, trainee)
    assert (drafted.is_draft, drafted.facts.suggests) == (True, "")  # nobody knows yet if they help
    assert (made.is_draft, made.facts.asked) == (False, drafted.facts.asked)
    assert made.facts.suggests.startswith("Suggested boxes are rough: ")
    asked = answer(project, truth, 5)
    assert {a.strategy for a in asked} == {"mixed", "random"}
    (drawn,) = (a for a in asked if a.source == "uniform")
    assert drawn.propensity == pytest.approx(1 / 22)  # of all that nobody has answered
    boxes = [b for a in asked if a.guess for b in a.guess.boxes]
    assert boxes
    assert all(0 <= b.box[0] < b.box[2] <= 96 and 0 < b.score <= 1 for b in boxes)
    assert {(b.by, b.version) for b in boxes} == {("accepted", made.version)}
    said = list(sentences(project.status()))
    assert "Drawn so far: 19 boxes in 19 pictures, 1.0 a picture." in said
    assert made.facts.suggests in said
    drafted, _ = learn(project, trainee)  # what is known of it before shows boxes in a draft
    assert drafted.facts.suggests == made.facts.suggests


def test_an_object_that_is_too_dim_to_be_shown_is_not_said_to_be_none():
    none, nobody = np.empty(0, np.int64), np.empty(0, "U1")
    sure = np.array([[0.04], [0.9], [0.04], [np.nan]], np.float32)
    boxes = np.array([[2, 0, 0, 160, 160, 0]])
    scores = Scores(
        sure, np.array(["k1"]), none, nobody, np.empty(0), nobody, nobody, none, np.empty(0),
        np.empty((4, 0)), nobody, boxes=boxes, certainty=np.array([0.8]),
    )  # fmt: skip
    replay = SimpleNamespace(
        is_deleted=lambda key: False, resolve=str, class_name=lambda key: "cat"
    )
    told = [guess_of(scores, row, replay, "boxes") for row in range(4)]
    assert [one and len(one.boxes) for one in told] == [None, 0, 1, None]


def test_what_would_have_to_be_removed_is_not_shown(project, photos, network, monkeypatch):
    monkeypatch.setattr(suggester, "STEPS", 1.0)
    told = property(lambda learner: Usefulness(False, NO_HELP))
    monkeypatch.setattr(BoxLearner, "usefulness", told)
    trainee = project.learning.trainee(lambda *told: None)
    answer(project, photos[1], 8)
    _, made = learn(project, trainee)
    assert made.facts.suggests == NO_HELP
    asked = project.query(5)
    assert {a.strategy for a in asked} == {"mixed", "random"}
    assert all(a.guess is None for a in asked)
    answer(project, photos[1], 1)
    drafted, made = learn(project, trainee)  # one answer more changes nothing in that
    assert (drafted, made.facts.suggests) == (None, NO_HELP)


def test_of_many_classes_and_without_the_network_pictures_are_asked_by_vectors(
    project, photos, monkeypatch
):
    def refuse(*told):
        raise MissingExtraError("a network", "photos", "Boxes")

    monkeypatch.setattr(feature_maps, "packaged_graph", refuse)
    trainee = project.learning.trainee(lambda *told: None)
    answer(project, photos[1], 8)
    drafted, made = learn(project, trainee)
    assert (drafted, made.is_draft) == (None, False)
    assert made.facts.suggests.startswith("No boxes are suggested: Boxes need")
    assert project.query(1)[0].strategy == "cluster_then_label"
    assert not project.learning.is_behind()
    answer(project, photos[1], 1, [(0, 0, 9, 9, f"class {i}") for i in range(19)])
    assert learn(project, trainee)[1].facts.suggests == TOO_MANY


def test_answers_that_are_taken_back_or_changed_are_learned_anew(project, photos, network):
    trainee = project.learning.trainee(lambda *told: None)
    first = answer(project, photos[1], 3)
    trainee.encode()
    trainee._read_events()
    boxer = trainee._taught()
    assert boxer.n_boxes == 3
    project.teach({first[0].item.item_id: []})
    project.undo()
    project.teach({first[0].item.item_id: [(0, 0, 9, 9, "cross"), (0, 0, 9, 8, "cross")]})
    other = first[1].item.item_id
    seen = project.asked(other).answer.key
    project.record([NewEvent(key="skip", kind=Kind.SKIP, item_id=other, seen=seen)])
    trainee._read_events()
    assert trainee._taught() is boxer
    assert (boxer.n_boxes, len(boxer.labeled)) == (3, 2)


def test_boxes_that_reach_out_of_the_picture_of_today_teach_nothing():
    boxer = BoxLearner([np.zeros((20, 30, 3), np.uint8)] * 2)
    BoxTrainee._tell_of(boxer, 0, '[[0,0,640,160,"k1"]]')
    BoxTrainee._tell_of(boxer, 1, '[[0,0,160,160,"k1"]]')
    assert (boxer.labeled.tolist(), boxer.eligible.tolist()) == ([1], [False, False])


def test_how_good_it_is_is_told_of_pictures_that_were_drawn_at_random():
    right = Detections.of([(0, 0, 4, 4)], [0], [0.9])
    wrong = Detections.of([(8, 8, 12, 12), (20, 20, 24, 24)], [0, 0], [0.8, 0.3])
    useful = Usefulness(True, "", 0.5, 0.4, None, [right, wrong, wrong])
    drawn = np.array([True, True, False])
    told = evidence(useful, [right] * 3, drawn, [right, wrong] * 4, 1)
    # One right of two shown and two there; what is below the least score is not shown.
    assert told.f1[0] == pytest.approx(0.5, abs=0.1)
    assert told.f1[-1] == 2
    assert evidence(useful, [right] * 3, ~np.ones(3, bool), [], 1).f1 is None
    assert told.is_of(3, 1)
    assert not told.is_of(4, 1)
    assert not told.is_of(2, 1)
    assert not told.is_of(3, 2)


def test_what_is_said_of_suggestions_is_kept_with_a_version():
    facts = VersionFacts(7, suggests=NO_HELP)
    assert VersionFacts.parse(facts.dump()) == facts


def test_a_process_of_its_own_suggests_boxes(project, photos, network):
    answer(project, photos[1], 8)
    trainer = Trainer(project.learning, project.map)
    trainer.start()
    try:
        end = time.monotonic() + PATIENCE
        while not any(a.guess and a.guess.boxes for a in project.query(9)):
            assert time.monotonic() < end, trainer.status()
            time.sleep(0.05)
    finally:
        trainer.stop()
    assert project.status().model_version >= 2
