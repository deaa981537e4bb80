"""BoxLearner: what is taught and asked, with a detector of one's own and with the built-in one."""

import numpy as np
import pytest
from PIL import Image

from sparing import BoxLearner
from sparing.annotations.detections import Detections, judged
from sparing.encoders.pretrained.photos import WEIGHTS
from sparing.errors import InvalidInputError, SourceError, TrainingError, UnknownNameError
from sparing.learner import boxes
from sparing.models.detection.feature_maps import MapReader
from sparing.models.detection.usefulness import NO_HELP, TOO_FEW, TOO_MANY, usefulness
from sparing.stats.detection import mean_average_precision
from sparing.strategies.detections import DetectionSnapshot, MixedPictures, RareDoubt
from sparing.testing.pictures import pictures_with_shapes


class Repeater:
    """Says of each picture what it was told to say."""

    def __init__(self, said):
        self.said = said
        self.n_fits = 0

    def fit(self, pictures, truth, n_classes):
        self.n_fits += 1

    def predict(self, pictures):
        return [self.said[int(p[0, 0, 0])] for p in pictures]


def numbered(n):
    pages = [np.zeros((20, 30, 3), np.uint8) for _ in range(n)]
    for i, page in enumerate(pages):
        page[0, 0, 0] = i
    return pages


def found(*scores, class_id=0):
    boxes = [(5 * i, 0, 5 * i + 4, 9) for i in range(len(scores))]
    return Detections.of(boxes, [class_id] * len(scores), scores)


def test_a_detector_of_ones_own_is_fitted_once_for_each_state_of_the_boxes():
    learner = BoxLearner(numbered(4), ["cat"], Repeater([found(0.9)] * 4), "random")
    with pytest.raises(TrainingError, match="No box is taught"):
        learner.found()
    learner.teach([0], [[(0, 0, 4, 9, "cat")]])
    learner.suggest()
    (box,) = learner.suggest([2])[0]
    assert (box.box, box.label, box.score) == ((0, 0, 4, 9), "cat", 0.9)
    assert learner.fitted.n_fits == 1
    learner.teach([0], [[(0, 0, 4, 9, "cat")]])  # nothing new
    learner.teach([1], [[]])
    assert learner.fitted.n_fits == 2
    assert learner.labeled.tolist() == [0, 1]


def test_of_a_large_pool_a_part_is_looked_at_and_any_picture_may_be_drawn(monkeypatch):
    monkeypatch.setattr(boxes, "LOOKED_AT", 3)
    monkeypatch.setattr(MapReader, "pooled", lambda self, pictures: np.eye(len(pictures), 40))
    seen = []

    class Watching(Repeater):
        def predict(self, pictures):
            seen.extend(int(p[0, 0, 0]) for p in pictures)
            return super().predict(pictures)

    n = 30
    learner = BoxLearner(numbered(n), ["cat"], Watching([found(0.5)] * n))
    learner.teach([0], [[(0, 0, 4, 9, "cat")]])
    drawn = []
    for _ in range(8):
        query = learner.query(5)
        drawn += query.indices[query.source == "uniform"].tolist()
        assert query.propensity[query.source == "uniform"].tolist() == [1 / (n - 1)]
    assert len(seen) == 5  # as many as are asked, each once
    assert set(drawn) - set(seen)


def test_answers_that_do_not_fit_are_refused_with_their_row():
    learner = BoxLearner(numbered(3), ["cat"])
    with pytest.raises(InvalidInputError, match=r"Row 1: .*within its picture of 30 x 20"):
        learner.teach([1], [[(0, 0, 40, 9, "cat")]])
    with pytest.raises(UnknownNameError, match="dog"):
        learner.teach([1], [[(0, 0, 4, 9, "dog")]])
    with pytest.raises(UnknownNameError, match="doubt"):
        BoxLearner(numbered(3), strategy="doubts")
    with pytest.raises(InvalidInputError, match="fit and predict"):
        BoxLearner(numbered(3), detector=object())
    assert learner.model_version == 0


def test_skipped_pictures_are_not_asked_and_forgotten_ones_are():
    learner = BoxLearner(numbered(3), strategy="random")
    learner.skip([0])
    assert sorted(learner.query(2).indices.tolist()) == [1, 2]
    learner.forget([0])
    assert sorted(learner.query(3).indices.tolist()) == [0, 1, 2]


def test_an_audit_is_of_pictures_that_were_not_taught():
    said = [found(0.9), found(0.8), found(), found(0.7)]
    learner = BoxLearner(numbered(4), ["cat"], Repeater(said), "random")
    box = [(0, 0, 4, 9, "cat")]
    learner.teach([0], [box])
    share = learner.audit([1, 2, 3], [box, box, box])
    assert share.value == pytest.approx(67 / 101)  # two of three, in order
    assert share.is_rough
    with pytest.raises(InvalidInputError, match="not taught"):
        learner.audit([0, 1], [box, box])


def test_doubt_about_rare_classes_counts_more_and_sure_boxes_count_little():
    s = DetectionSnapshot(
        np.ones(4, bool),
        np.zeros(0, int),
        np.array([16, 1]),
        [found(0.5), found(0.5, class_id=1), found(0.99), None],
        np.eye(4),
    )
    common, rare, sure, unseen = RareDoubt().utility(s)
    assert rare == pytest.approx(16 * common)
    assert common > sure > unseen
    picked = RareDoubt().select(s, 1, np.random.default_rng(0))
    assert picked.rows.shape == (1,)


def test_a_batch_does_not_ask_for_the_same_rare_class_again_and_again():
    said = [found(0.5, 0.5, 0.5), found(0.5, 0.5, 0.5), found(0.5, 0.5, class_id=1)]
    s = DetectionSnapshot(np.ones(3, bool), np.zeros(0, int), np.array([1, 1]), said, np.eye(3))
    for seed in range(5):
        (first, second), _ = RareDoubt._worthiest(s, 2, np.random.default_rng(seed))
        assert first in (0, 1)  # three boxes to be had for the effort of one picture
        assert second == 2


def test_pictures_that_nobody_has_looked_at_are_not_asked_for_being_unlike_others():
    said = [found(0.5)] * 4 + [None] * 4
    pooled = np.vstack([np.tile([1.0, 0.0], (4, 1)), np.zeros((4, 2))])
    s = DetectionSnapshot(np.ones(8, bool), np.zeros(0, int), np.array([1]), said, pooled)
    picked = RareDoubt().select(s, 4, np.random.default_rng(0))
    assert sorted(picked.rows.tolist()) == [0, 1, 2, 3]


def test_a_share_of_each_batch_is_drawn_and_marked():
    s = DetectionSnapshot(
        np.ones(30, bool), np.zeros(0, int), np.array([1]), [found(0.5)] * 30, np.eye(30)
    )
    picked = MixedPictures().select(s, 10, np.random.default_rng(0))
    assert (picked.source == "uniform").sum() == 2
    assert np.isfinite(picked.propensity).sum() == 2
    assert len(set(picked.rows.tolist())) == 10


def test_suggestions_are_off_where_they_do_not_help():
    pages, truth = numbered(9), [found(1.0)] * 9
    right, wrong = Repeater([found(0.9)] * 9), Repeater([found(0.9, class_id=1)] * 9)
    assert usefulness(right, pages, truth, 2).saved == 1
    assert usefulness(wrong, pages, truth, 2).sentence == NO_HELP
    assert not usefulness(wrong, pages, truth, 2).helps
    assert usefulness(right, pages[:5], truth[:5], 2).sentence == TOO_FEW
    assert usefulness(right, pages, truth, 21).sentence == TOO_MANY


def test_only_boxes_that_pay_are_shown():
    said = found(0.9, 0.3)  # the second one is never there
    told = usefulness(Repeater([said] * 9), numbered(9), [found(1.0)] * 9, 1)
    assert told.helps
    assert told.least_score == 0.9


def test_a_saved_learner_goes_on_with_the_same_queries(tmp_path, monkeypatch):
    monkeypatch.setattr(MapReader, "pooled", lambda self, pictures: np.eye(len(pictures), 40))
    pages, says = numbered(30), Repeater([found(i / 40 + 0.2) for i in range(30)])
    learner = BoxLearner(pages, detector=says, seed=3)
    rows = learner.query(6).indices
    learner.teach(rows[:4], [[(0, 0, 4, 8.5, ("cat", 1))]] * 3 + [[]])
    learner.skip(rows[4:5])
    path = tmp_path / "boxes.npz"
    learner.save(path)
    again = BoxLearner.load(path, numbered(30), says)
    assert (again.n_boxes, again.classes, again.round) == (3, [("cat", 1)], 1)
    assert again.labeled.tolist() == learner.labeled.tolist()
    for _ in range(2):
        first, second = learner.query(6), again.query(6)
        assert first.indices.tolist() == second.indices.tolist()
        for each in (learner, again):
            each.teach(first.indices, [[]] * 6)


def test_a_learner_is_loaded_for_its_pictures_alone_wherever_these_are(tmp_path):
    places = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        places.append(tmp_path / folder / "a.png")
        Image.fromarray(numbered(1)[0]).save(places[-1])
    path = tmp_path / "boxes.npz"
    BoxLearner(places[:1], strategy="random").save(path)
    assert BoxLearner.load(path, places[1:]).query().strategy == "random"
    with pytest.raises(InvalidInputError, match="the pictures that the learner was saved with"):
        BoxLearner.load(path, numbered(1))
    places[1].unlink()
    with pytest.raises(SourceError, match=r"a\.png cannot be read: No such file"):
        BoxLearner.load(path, places[1:])
    path.write_bytes(b"no file of ours")
    with pytest.raises(SourceError, match="damaged"):
        BoxLearner.load(path, places[:1])


def test_the_built_in_detector_finds_plain_things(monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    if WEIGHTS.find() is None:
        pytest.skip("the weights are not installed")
    monkeypatch.setattr("sparing.models.detection.suggester.STEPS", 32.0)
    pages, truth = pictures_with_shapes(24)
    learner = BoxLearner(pages, seed=1)
    learner.teach(range(14), truth[:14])
    told = learner.found(range(14, 24))
    places = [Detections.of([t[0][:4]], [learner.classes.index(t[0][4])], [1]) for t in truth[14:]]
    assert mean_average_precision(judged(told, places, 2)) > 0.6
    query = learner.query(5)
    assert (query.source == "uniform").sum() == 1
    assert "unsure" in query.reason
