import pytest
from tests.project.source.test_identity import (
    SORTED_IDS,
    TRUE_IDS,
    given_anew,
    label_all,
    labels,
    rewritten,
    table,
    truth,
    write,
)

from sparing.errors import ConflictError, InvalidInputError, NotFoundError, UnknownNameError
from sparing.project import Project
from sparing.project.audits.stage import Stage


@pytest.fixture
def place(tmp_path):
    return tmp_path / "t.csv.sparing"


def made(tmp_path, rows):
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
        return source, list(project.items)


def stands(place):
    """Open the project anew: what was decided stays so."""
    with Project.open(place) as project:
        assert project.rematching.unmatched() == []
        return labels(project), project.status()


def test_ids_that_were_given_anew_are_settled_by_content(tmp_path, place):
    rows = table(TRUE_IDS)
    source, keys = made(tmp_path, rows)
    write(source, given_anew(rows))
    with Project.open(place) as project:
        lost = project.rematching.unmatched()
        assert (len(lost), lost[0].is_now) == (12, TRUE_IDS[0])
        assert project.rematching.match_by("content") == 12
        assert labels(project) == {row["text"]: truth(row["text"]) for row in rows}
        assert list(project.items) == keys
    found, status = stands(place)
    assert found == {row["text"]: truth(row["text"]) for row in rows}
    assert status.n_labeled == 12


def test_contents_that_were_changed_are_settled_by_ids(tmp_path, place):
    rows = table(TRUE_IDS)
    source, keys = made(tmp_path, rows)
    write(source, rewritten(rows))
    with Project.open(place) as project:
        first = project.rematching.unmatched()[0]
        assert (first.name, first.label, first.is_now) == ("q7", "odd", "q7")
        assert first.text.startswith("review number 0 has words indeed")
        assert project.rematching.match_by("id") == 12
        assert list(project.items) == keys
        assert len(project.look_again()) == 12
    found, status = stands(place)
    assert found == {row["text"]: truth(row["text"]) for row in rewritten(rows)}
    assert status.n_items == status.n_labeled == 12


def test_what_no_way_finds_becomes_a_new_item_and_keeps_nothing(tmp_path, place):
    rows = table(TRUE_IDS)
    source, _ = made(tmp_path, rows)
    write(source, rewritten(rows))
    with Project.open(place) as project:
        assert project.rematching.match_by("content") == 0
        assert project.status().n_left == project.status().n_items == 12
        assert "12 items with answers or notes are not in the source" in project.status().notes[-1]
        assert len(project.rematching.unmatched()) == 12


@pytest.mark.parametrize("at", [0, 4, 11])
@pytest.mark.parametrize("ids", [None, SORTED_IDS], ids=["no ids", "counter"])
def test_a_typo_in_the_text_is_suggested_by_its_place_and_taken_from_a_table(
    tmp_path, place, ids, at
):
    rows = table(ids)
    source, keys = made(tmp_path, rows)
    rows[at] = rows[at] | {"text": f"review number {at} had words"}
    write(source, rows)
    with Project.open(place) as project:
        (lost,) = project.rematching.unmatched()
        assert (lost.item_id, lost.is_now) == (keys[at], ids[at] if ids else f"line {at + 2}")
        project.rematching.match({lost.item_id: lost.is_now})
        assert labels(project)[rows[at]["text"]] == truth(rows[at]["text"])
        assert project.status().n_items == 12
        project.retrain()
    found, status = stands(place)
    assert found == {row["text"]: truth(row["text"]) for row in rows}
    assert status.n_items == status.n_labeled == 12


def test_by_place_goes_no_further_than_the_neighbors_say(tmp_path, place):
    rows = table()
    source, _ = made(tmp_path, rows)
    changed = [row | {"text": f"{row['text']}, indeed"} for row in rows]
    write(source, [*changed[:3], *rows[3:6], *changed[6:7], *rows[8:]])
    with Project.open(place) as project:
        assert project.rematching.match_by("place") == 3  # 6 and 7 may be either
        assert len(project.rematching.unmatched()) == 2


@pytest.mark.parametrize("n_more", [0, 1])
@pytest.mark.parametrize("is_known", [False, True], ids=["new at once", "new since a run"])
def test_by_place_nothing_is_suggested_where_no_neighbor_stayed(tmp_path, place, is_known, n_more):
    """As of renamed pictures whose contents nobody had read: only some of them had answers."""
    rows = table()
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        project.teach(dict.fromkeys([*project.items][1:11], "odd"))
    write(
        source, [row | {"text": f"other text {i}"} for i, row in enumerate([*rows, *rows[:n_more]])]
    )
    with Project.open(place) as project:
        if is_known:
            project.retrain()
        lost = project.rematching.unmatched()
        assert [one.is_now for one in lost] == [None] * 10
        assert project.rematching.match_by("place") == 0


@pytest.mark.parametrize(
    ("gone", "n_new", "found"),
    [
        ([4, 5, 6], 3, "line 7"),  # of items without answers as well, as many are new
        ([4, 5, 6], 2, None),
        ([4, 5, 6], 4, None),
        ([5, 6, 7, 8, 9, 10, 11], 7, "line 7"),
        ([5, 6, 7, 8, 9, 10, 11], 8, None),
        ([0, 1, 2, 3, 4, 5], 6, "line 7"),
        ([0, 1, 2, 3, 4, 5], 7, None),
    ],
)
def test_by_place_as_many_are_new_as_are_gone(tmp_path, place, gone, n_new, found):
    rows = table()
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        project.teach({[*project.items][5]: "odd"})
    new = [rows[0] | {"text": f"other text {i}"} for i in range(n_new)]
    write(source, [*rows[: gone[0]], *new, *rows[gone[-1] + 1 :]])
    with Project.open(place) as project:
        (lost,) = project.rematching.unmatched()
        assert lost.is_now == found


def test_what_makes_no_sense_is_refused_and_nothing_is_changed(tmp_path, place):
    rows = table()
    source, keys = made(tmp_path, rows)
    rows[3] = rows[3] | {"text": "review number 3 had words"}
    rows[5] = rows[5] | {"text": "review number 5 had words"}
    write(source, rows)
    with Project.open(place) as project:
        match = project.rematching.match
        with pytest.raises(NotFoundError, match="no item 'x'"):
            match({"x": "line 5"})
        with pytest.raises(NotFoundError, match="nothing called 'line 99'"):
            match({keys[3]: "line 99"})
        with pytest.raises(InvalidInputError, match="'line 2' is in the source"):
            match({keys[0]: "line 5"})
        with pytest.raises(InvalidInputError, match="'line 3' was answered by itself"):
            match({keys[3]: "line 3"})
        with pytest.raises(InvalidInputError, match="Two items cannot be the same"):
            match({keys[3]: "line 5", keys[5]: "line 5"})
        with pytest.raises(UnknownNameError, match="Did you mean 'place'"):
            project.rematching.match_by("plac")
        assert len(project.rematching.unmatched()) == 2
        project._guarded._state.stage = Stage(drawn_rows=frozenset({0}))
        with pytest.raises(ConflictError, match="An audit is open"):
            match({keys[3]: "line 5"})
