"""Whatever is done to a source, an answer stays with what it was given for, or is kept and told."""

import csv

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sparing.errors import SourceError
from sparing.project import Project

N = 12
TRUE_IDS = ["q7", "a1", "k9", "b2", "z3", "m4", "c8", "x5", "d0", "y6", "e4", "p2"]
NUMBERS = ["71", "12", "93", "27", "30", "41", "88", "59", "6", "64", "45", "29"]
SORTED_IDS = [str(i) for i in range(1, N + 1)]


def table(ids=None):
    """Rows of a table, the texts of which say what they are."""
    rows = [
        {"text": f"review number {i} has words", "stars": str(i % 5), "price": f"{i}.5"}
        for i in range(N)
    ]
    return [{"id": one, **row} for one, row in zip(ids, rows, strict=True)] if ids else rows


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def label_all(project, path, rows):
    """Give each item the label that its text names, as a table of the texts would."""
    project.add_classes(["even", "odd"])
    project.teach({key: truth(text_of(item)) for key, item in project.items.items()})


def text_of(item):
    return item.text or item.fields["text"]


def truth(text):
    return "even" if int(text.split()[2]) % 2 else "odd"


def labels(project):
    """The label of each text that is there."""
    there = project._guarded._state.listing.ids
    answers = {text_of(project.items[key]): project.asked(key).answer for key in there}
    return {text: answer and answer.class_name for text, answer in answers.items()}


def column_added(rows):
    return [{**row, "score": "0.5"} for row in rows]


def column_in_front(rows):
    return [{"score": str(i * 0.5), **row} for i, row in enumerate(rows)]


def columns_swapped(rows):
    return [dict(reversed(row.items())) for row in rows]


def saved_as_floats(rows):
    return [row | {"stars": row["stars"] + ".0"} for row in rows]


def ids_saved_as_floats(rows):
    whole = [row | {"id": f"{row['id']}.0"} for row in rows if row.get("id", "").isdecimal()]
    return whole or rows


def index_of_pandas(rows):
    return [{"": str(i), **row} for i, row in enumerate(rows)]


def shuffled(rows):
    return [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]


def shuffled_with_index(rows):
    return index_of_pandas(shuffled(rows))


def rows_put_between(rows):
    more = [row | {"text": f"review number {40 + i} is new"} for i, row in enumerate(rows[:3])]
    if "id" in rows[0]:
        more = [row | {"id": f"new{i}"} for i, row in enumerate(more)]
    return [*more[:2], *rows[:5], more[2], *rows[5:]]


def column_removed(rows):
    return [{k: v for k, v in row.items() if k != "stars"} for row in rows]


CHANGES = [
    column_added,
    column_in_front,
    columns_swapped,
    saved_as_floats,
    ids_saved_as_floats,
    index_of_pandas,
    shuffled,
    shuffled_with_index,
    rows_put_between,
    column_removed,
]


@pytest.mark.parametrize("ids", [None, TRUE_IDS, NUMBERS, SORTED_IDS], ids=str)
@pytest.mark.parametrize("change", CHANGES)
def test_answers_stay_with_their_rows(tmp_path, change, ids):
    rows = table(ids)
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
        keys = dict(project.items)
    write(source, change(rows))
    for _ in range(2):  # what was settled stays so
        with Project.open(tmp_path / "t.csv.sparing") as project:
            found = labels(project)
            assert project.status().n_labeled == N
            assert all(key in project.items for key in keys)
        assert {text: label for text, label in found.items() if label} == {
            row["text"]: truth(row["text"]) for row in rows
        }


@pytest.mark.parametrize("ids", [None, TRUE_IDS], ids=["no ids", "ids"])
def test_a_typo_mended_beside_the_text_or_under_an_id_keeps_the_answer_and_says_so(tmp_path, ids):
    rows = table(ids)
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
    rows[3] = rows[3] | ({"text": "review number 3 had words"} if ids else {"stars": "9"})
    write(source, rows)
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.status().n_labeled == N
        assert labels(project)[rows[3]["text"]] == "even"
        told = " ".join(project.status().notes)
        assert f"1 changed since the last run: {ids[3] if ids else 'line 5'}. Its label" in told
        assert [reason for _, reason in project.look_again()] == [
            "the item has changed since it was labeled"
        ]


def test_an_id_that_only_counts_attaches_nothing_to_another_text(tmp_path):
    rows = table(SORTED_IDS)
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
    write(source, [rows[0] | {"text": "review number 70 is another"}, *rows[1:]])
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert labels(project)["review number 70 is another"] is None
        assert project.status().n_labeled == N - 1


def given_anew(rows):
    """The same ids, dealt to other rows."""
    return [row | {"id": other["id"]} for row, other in zip(rows, rows[1:] + rows[:1], strict=True)]


def rewritten(rows):
    return [row | {"text": row["text"] + " indeed"} for row in rows]


@pytest.mark.parametrize("change", [given_anew, rewritten])
def test_where_ids_and_contents_disagree_nothing_is_attached_until_somebody_chooses(
    tmp_path, change
):
    rows = table(TRUE_IDS)
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
        keys = {text_of(item): key for key, item in project.items.items()}
    write(source, change(rows))
    for _ in range(2):
        with Project.open(tmp_path / "t.csv.sparing") as project:
            assert labels(project) == {}
            assert f"{N} neither asked nor learned from" in " ".join(project.status().notes)
            assert "'sparing match' shows them" in " ".join(project.status().notes)
            assert project.status().advice[1].startswith("Choose first what the items")
            with pytest.raises(SourceError, match="None of the items is in the source"):
                project.retrain()
    write(source, rows)  # what was done is undone: all is as it was
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.status().n_labeled == N
        assert {text_of(item): key for key, item in project.items.items()} == keys


def test_what_changes_while_a_project_is_open_is_no_item_until_it_is_opened_again(tmp_path):
    rows = table(TRUE_IDS)
    source = write(tmp_path / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
    write(source, rows[6:])
    with Project.open(tmp_path / "t.csv.sparing") as project:
        rows[-1] = rows[-1] | {"text": "review number 11 had words"}
        write(source, [{**row, "more": "x"} for row in shuffled(rows[6:])])
        project.retrain()  # lists the source itself
        assert project.status().encoded == (5, 12)
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.status().n_labeled == 6


def test_where_nothing_vouches_for_an_id_a_person_is_asked(tmp_path):
    (row,) = table(["abc", *TRUE_IDS[1:]])[:1]
    source = write(tmp_path / "t.csv", [row])
    with Project.create(source, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
    write(source, rewritten([row]))
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert labels(project) == {}
        assert len(project.rematching.unmatched()) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([*CHANGES[:-1], given_anew]), min_size=1, max_size=4),
    st.sampled_from([None, TRUE_IDS, SORTED_IDS]),
)
def test_no_answer_ever_moves_to_another_text(tmp_path_factory, changes, ids):
    folder = tmp_path_factory.mktemp("identity")
    rows = table(ids)
    source = write(folder / "t.csv", rows)
    with Project.create(source) as project:
        label_all(project, source, rows)
    for change in changes:
        if change is given_anew and "id" not in rows[0]:
            continue
        rows = change(rows)
        write(source, rows)
        with Project.open(folder / "t.csv.sparing") as project:
            for text, label in labels(project).items():
                assert label in (None, truth(text))
            assert len(project.store.events()) == N + 2  # none lost


def picture(path, shade):
    path.parent.mkdir(exist_ok=True)
    Image.new("L", (8, 8), shade).save(path)


def answers_by_shade(project):
    found = {}
    for key in project._guarded._state.listing.ids:
        item, answer = project.items[key], project.asked(key).answer
        found[np.asarray(Image.open(item.path))[0, 0].item()] = answer and answer.class_name
    return found


def test_a_picture_that_was_moved_or_renamed_keeps_its_answer(tmp_path):
    photos = tmp_path / "photos"
    for i in range(4):
        picture(photos / f"{i}.png", 10 * i)
    with Project.create(photos, classes=["a", "b"]) as project:
        project.teach({key: "ab"[i % 2] for i, key in enumerate(project.items)})
        project.retrain()
        before = answers_by_shade(project)
    (photos / "sub").mkdir()
    (photos / "0.png").rename(photos / "sub" / "zero.png")
    (photos / "1.png").rename(photos / "x.png")
    (photos / "2.png").rename(photos / "1.png")
    for _ in range(2):
        with Project.open(tmp_path / "photos.sparing") as project:
            assert answers_by_shade(project) == before
            project.retrain()
    picture(photos / "0.png", 200)  # another one under the old path
    with Project.open(tmp_path / "photos.sparing") as project:
        assert answers_by_shade(project) == before | {200: None}


def test_a_picture_keeps_an_answer_that_came_before_anything_was_read(tmp_path):
    photos = tmp_path / "photos"
    for i in range(24):
        picture(photos / f"{i:02}.png", 10 * i)
    with Project.create(photos, classes=["a", "b"]) as project:
        keys = [*project.items][:10]
        project.teach({key: "ab"[i % 2] for i, key in enumerate(keys)})
        before = answers_by_shade(project)
    for i in range(24):
        (photos / f"{i:02}.png").rename(photos / f"r{23 - i:02}.png")
    with Project.open(tmp_path / "photos.sparing") as project:
        assert project.status().n_labeled == 10
        assert project.rematching.unmatched() == []
        assert answers_by_shade(project) == before


def test_what_a_file_holds_by_now_is_not_noted_as_what_it_was(tmp_path):
    photos = tmp_path / "photos"
    for i in range(3):
        picture(photos / f"{i}.png", 10 * i)
    with Project.create(photos, classes=["a"]) as project:
        picture(photos / "0.png", 200)
        (photos / "1.png").unlink()
        project.teach(dict.fromkeys(project.items, "a"))
        assert [item.content_hash is None for item in project.store.items()] == [True, True, False]


def test_pictures_that_all_hold_something_else_wait(tmp_path):
    photos = tmp_path / "photos"
    for i in range(4):
        picture(photos / f"{i}.png", 10 * i)
    with Project.create(photos, classes=["a", "b"]) as project:
        project.teach({key: "ab"[i % 2] for i, key in enumerate(project.items)})
        project.retrain()
    for i in range(4):
        picture(photos / f"{i}.png", 100 + 10 * i)
    with Project.open(tmp_path / "photos.sparing") as project:
        assert answers_by_shade(project) == {}
        assert "4 neither asked nor learned from" in project.status().notes[0]


def test_vectors_saved_in_another_precision_are_the_same_items(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(6, 3))
    np.save(tmp_path / "X.npy", vectors)
    with Project.create(tmp_path / "X.npy", classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
    np.save(tmp_path / "X.npy", vectors.astype(np.float32)[::-1])
    with Project.open(tmp_path / "X.npy.sparing") as project:
        assert project.status().n_labeled == 6
