"""The map of a project: drawn in pieces, told in numbers, blind while a check is open."""

import numpy as np
import pytest

from sparing.errors import InvalidInputError, NotFoundError
from sparing.numeric.map_layout import neighbor_map
from sparing.numeric.tsne import N_STEPS
from sparing.project import NewEvent, Project
from sparing.project.map.mapping import Mapmaker
from sparing.project.map.maps import ABSENT, quantized, read_map
from sparing.project.source.contents import read_contents
from sparing.store import Kind


@pytest.fixture
def source(tmp_path):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-2, 1, (40, 3)), rng.normal(2, 1, (40, 3))])
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    return tmp_path / "x.npy"


@pytest.fixture
def project(source):
    with Project.create(source, classes=["low", "high"]) as project:
        yield project


def ids(project):
    return list(project.items)


def finish(project):
    trainee = project.learning.trainee(lambda *told: None)
    while True:
        what, done, total = trainee.map(0.05)
        if (what, done) == ("placing", total):
            return


def mapmaker(project, clock=lambda: 0.0):
    contents = read_contents(project._folder, project._guarded._state.rows, "auto")
    return Mapmaker(project._folder, contents, 0, clock)


def test_principal_components_are_there_with_the_vectors_and_neighbours_later(project):
    assert project.map.kinds() == []
    assert not project.map.is_due()
    project.retrain()
    assert project.map.kinds() == ["principal"]
    assert project.map.is_due()
    finish(project)
    assert project.map.kinds() == ["principal", "neighbors"]
    assert not project.map.is_due()
    X = np.load(project.folder.parent / "x.npy")
    places = read_map(project._folder, "neighbors", project.map.mark)
    np.testing.assert_array_equal(places, neighbor_map(X))


def test_a_map_goes_on_where_another_process_stopped(project):
    project.retrain()
    seconds = iter(range(0, 10**6, 10))  # each look at the clock is ten seconds later
    first = mapmaker(project, lambda: float(next(seconds)))
    for _ in range(20):
        first.work(0.0)
    (kept,) = (project.folder / "maps").glob("*.npz")
    done = mapmaker(project).work(0.0)[1]  # one step further than what was kept
    assert 5 < done < N_STEPS
    finish(project)
    assert not kept.exists()
    X = np.load(project.folder.parent / "x.npy")
    places = read_map(project._folder, "neighbors", project.map.mark)
    np.testing.assert_array_equal(places, neighbor_map(X))


def test_damaged_work_is_begun_again(project):
    project.retrain()
    project._folder.map_work(project.map.mark).write_bytes(b"nothing")
    assert mapmaker(project).work(0.0)[0] == "finding neighbours"


def test_when_items_come_the_map_is_made_anew_and_the_old_one_goes(source):
    with Project.create(source) as project:
        project.retrain()
        finish(project)
        before = project.map.mark
    X = np.load(source)
    np.save(source, np.concatenate([X, X[:1] + 7]))
    with Project.open(f"{source}.sparing") as project:
        assert project.map.kinds() == []
        project.retrain()
        finish(project)
        assert project.map.mark != before
        assert len(list((project.folder / "maps").iterdir())) == 2


def test_columns_of_other_units_do_not_drown_the_rest(source):
    X = np.load(source)
    X = np.column_stack([X, np.random.default_rng(1).normal(0, 1e4, len(X))]).astype(np.float32)
    np.save(source, X)
    with Project.create(source) as project:
        project.retrain()
        places = read_map(project._folder, "principal", project.map.mark)
    assert abs(np.corrcoef(places[:, 0], X[:, 0])[0, 1]) > 0.8


def test_places_fill_a_square_and_items_without_vectors_have_none():
    there = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    places = quantized(np.concatenate([there, [[np.nan, np.nan]]]).astype(np.float32))
    wide = np.ptp(there, axis=0).argmax()
    assert (places[:50, wide].min(), places[:50, wide].max()) == (0, 65_534)
    assert places[50].tolist() == [65_535, 65_535]
    ratio = np.ptp(places[:50].astype(float), axis=0) / np.ptp(there, axis=0)
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-3)


@pytest.mark.parametrize("positions", [np.full((3, 2), np.nan), np.zeros((3, 2))])
def test_places_of_nothing_and_of_one_point(positions):
    assert quantized(positions.astype(np.float32)).shape == (3, 2)


def test_there_is_no_map_of_another_pool_or_kind(project):
    project.retrain()
    for kind, mark in (("neighbors", project.map.mark), ("principal", "0" * 32), ("..", "x")):
        with pytest.raises(NotFoundError):
            project.map.places(kind, mark)


def test_colors_say_what_was_answered_how_and_by_whom(project):
    first, second, third, fourth = ids(project)[:4]
    project.retrain()
    project.teach({first: "low"}, annotator="Ada")
    project.teach({second: "high"})
    project.record([NewEvent(key="s", kind=Kind.SKIP, item_id=third)])
    project.record([NewEvent(key="c", kind=Kind.LABEL, item_id=fourth, class_name="low",
                             confirmed=True)])  # fmt: skip
    label = project.map.coloring("label")
    assert label.names == ("low", "high", "skipped")
    assert label.codes.tolist() == [1, 2, 3, 1] + [0] * 76
    source = project.map.coloring("source")
    assert [source.names[code - 1] for code in source.codes[:4]] == [
        "picked by a person", "picked by a person", "picked by a person", "confirmed guess",
    ]  # fmt: skip
    annotator = project.map.coloring("annotator")
    assert annotator.names == ("no name", "Ada")
    assert annotator.codes[:4].tolist() == [2, 1, 1, 1]
    assert [a.why for a in project.map.items([3])] == ["The model's guess, confirmed."]


def test_a_merged_class_has_the_color_of_the_one_it_went_into(project):
    project.teach({ids(project)[0]: "low"})
    project.record([NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="low", text="high")])
    label = project.map.coloring("label")
    assert label.names[label.codes[0] - 1] == "high"


def test_colors_by_the_model(project):
    assert not project.map.coloring("guess").codes.any()
    project.teach(dict.fromkeys(ids(project)[:5], "low"))
    project.teach(dict.fromkeys(ids(project)[-5:], "high"))
    before = project.map.stamp()
    project.retrain()
    assert project.map.stamp() != before
    guess = project.map.coloring("guess")
    assert (np.array(guess.names)[guess.codes[:40] - 1] == "low").mean() > 0.9
    sure = project.map.coloring("confidence")
    asked = project.map.items(range(10, 60), guesses=True)
    for row, one in zip(range(10, 60), asked, strict=True):
        low, high = [(0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01)][
            sure.codes[row] - 1
        ]
        assert low <= one.guess[1] < high
    assert {a.guess for a in project.map.items([10, 11])} == {None}
    assert all(a.model_version is None for a in asked)  # an answer is the person's choice


def test_more_classes_than_a_byte_can_name(project):
    project.add_classes([f"class {i}" for i in range(300)])
    one, other = ids(project)[:2]
    project.teach({one: "class 299", other: "class 3"})
    label = project.map.coloring("label")
    assert label.names[label.codes[0] - 1] == "other classes"
    assert label.names[label.codes[1] - 1] == "class 3"
    assert label.codes.max() < ABSENT


def test_a_check_is_blind_on_the_map(project):
    half = ids(project)
    project.teach(dict.fromkeys(half[:10], "low") | dict.fromkeys(half[-10:], "high"))
    project.retrain()
    project.audits.draw(0.3, 0.3)
    drawn = [asked.item.item_id for asked in project.audits.query(100)]
    project.teach(dict.fromkeys(drawn[:2], "low"))
    rows = [half.index(item) for item in drawn]
    for by in ("label", "source", "annotator", "guess", "confidence"):
        assert not project.map.coloring(by).codes[rows].any()
    assert not project.map.coloring("guess").codes.any()  # a gap would tell who was drawn
    for one in project.map.items(rows, guesses=True):
        assert (one.guess, one.answer, one.why) == (None, None, "")
    other = next(row for row in range(20, 60) if row not in rows)
    assert project.map.items([other], guesses=True)[0].guess is None


@pytest.mark.parametrize("rows", [[80], [-1], [3, 3]])
def test_rows_that_are_not_there(project, rows):
    with pytest.raises(InvalidInputError):
        project.map.items(rows)


def test_items_that_are_gone_are_not_on_the_map(source):
    with Project.create(source) as project:
        project.retrain()
    np.save(source, np.load(source)[:70])
    with Project.open(f"{source}.sparing") as project:
        assert (project.map.coloring("label").codes == ABSENT).sum() == 10


def test_an_item_that_waits_for_a_second_opinion_has_no_color_for_whom_is_to_give_it(project):
    project.team.set_overlap(1.0)
    first = ids(project)[0]
    project.teach({first: "low"}, annotator="Ada")
    colors = {who: int(project.map.coloring("label", who).codes[0]) for who in ("Ada", "Ben")}
    assert colors == {"Ada": 1, "Ben": 0}
    assert project.map.items([0], "Ben")[0].answer is None
    assert project.map.items([0], "Ada")[0].answer.class_name == "low"
