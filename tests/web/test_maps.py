"""The routes of the map."""

import json

import numpy as np
import pytest


@pytest.fixture
def project(learned):
    return learned.app.state.project


def told(answer):
    length = int.from_bytes(answer.content[:4], "little")
    head = json.loads(answer.content[4 : 4 + length])
    return head["names"], np.frombuffer(answer.content[4 + length :], np.uint8)


def test_before_there_are_vectors_there_is_no_map(real):
    expected = {"mark": "", "kinds": [], "progress": None, "trouble": ""}
    assert real.get("/api/map").json() == expected


def test_places_are_two_numbers_an_item_and_kept_by_the_browser(learned, project):
    said = learned.get("/api/map").json()
    assert said["kinds"] == ["principal"]
    answer = learned.get(f"/api/map/places/principal/{said['mark']}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "immutable" in answer.headers["cache-control"]
    places = np.frombuffer(answer.content, "<u2").reshape(60, 2)
    np.testing.assert_array_equal(places, project.map.places("principal", said["mark"]))


def test_progress_and_trouble_are_told(learned, project):
    project.map.take(["placing", 3, 250])
    assert learned.get("/api/map").json()["progress"] == {
        "what": "placing",
        "done": 3,
        "total": 250,
    }
    project.map.take("It does not fit into memory.")
    said = learned.get("/api/map").json()
    assert (said["progress"], said["trouble"]) == (None, "It does not fit into memory.")


def test_colors_are_a_byte_an_item_and_sent_again_only_when_they_changed(learned, project):
    first = learned.get("/api/map/colors/label")
    names, codes = told(first)
    assert (names, codes.tolist()) == (["good", "bad", "skipped"], [0] * 60)
    known = {"if-none-match": first.headers["etag"]}
    again = learned.get("/api/map/colors/label", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    project.teach({next(iter(project.items)): "bad"})
    assert told(learned.get("/api/map/colors/label", headers=known))[1][0] == 2


def test_items_are_found_by_their_rows(learned, project):
    asked = learned.get("/api/map/items", params={"row": [4, 2, 4]}).json()
    assert [one["item"]["text"] for one in asked] == ["cold rain number 4", "cold rain number 2"]
    assert all(one["model_version"] is None for one in asked)


def test_what_a_list_is_asked_of_one_person_no_other_list_asks(learned, project):
    def rows(holder, *row):
        asked = learned.get("/api/map/items", params={"row": row, "holder": holder}).json()
        return [int(one["item"]["text"].split()[-1]) for one in asked]

    assert rows("ada", 4, 2, 6) == [4, 2, 6]
    assert rows("ben", 2, 3, 4) == [3]
    learned.post("/api/leases", json={"holder": "ada", "free": list(project.items)})
    assert rows("ben", 2, 3, 4) == [2, 3, 4]


def sought(real, text):
    answer = real.get("/api/map/search", params={"text": text})
    return np.frombuffer(answer.content, "<u4").tolist()


def test_a_text_is_found_whatever_its_case_and_whether_it_has_an_answer(learned, project):
    project.teach({list(project.items)[7]: "bad"})
    assert sought(learned, "NUMBER 7") == [7]
    assert sought(learned, "cold rain number 5") == [50, 52, 54, 56, 58]
    assert sought(learned, "cold rain number 5 ") == sought(learned, "cold rain number 5")
    assert sought(learned, "snow") == []


def test_what_checks_the_model_is_in_no_search(learned, project):
    project.teach({i: ("good", "bad")[n % 2] for n, i in enumerate(list(project.items)[:20])})
    project.retrain()
    project.audits.draw(0.2)
    drawn = {int(asked.item.text.split()[-1]) for asked in project.audits.query(60)}
    assert drawn
    assert set(sought(learned, "number")) == set(range(60)) - drawn


@pytest.mark.parametrize(
    "path",
    [
        "/api/map/items",
        "/api/map/search",
        "/api/map/search?text=" + "x" * 201,
        "/api/map/items?row=-1",
        "/api/map/items?row=x",
        "/api/map/items?" + "&".join(f"row={i}" for i in range(61)),
        "/api/map/colors/shoe-size",
        "/api/map/places/principal/..",
        "/api/map/places/elsewhere/00000000",
    ],
)
def test_what_the_page_would_never_ask_is_refused(real, path):
    assert real.get(path).status_code in (404, 422)


def test_rows_and_maps_that_are_not_there(learned, project):
    assert learned.get("/api/map/items?row=60").status_code == 422
    assert learned.get("/api/map/places/principal/00000000").status_code == 404
    assert learned.get(f"/api/map/places/neighbors/{project.map.mark}").status_code == 404


def test_nothing_is_told_to_a_stranger(stranger):
    for path in (
        "/api/map",
        "/api/map/colors/label",
        "/api/map/items?row=1",
        "/api/map/search?text=a",
    ):
        assert stranger.get(path).status_code == 401
