"""The routes of the grid, on a real project of sixty texts."""

import pytest

EVENT = {"kind": "label", "class_name": "good", "source": "grid", "confirmed": True}


@pytest.fixture
def grids(real):
    project = real.app.state.project
    ids = list(project.items)
    project.teach({item_id: ("bad", "good")[i % 2] for i, item_id in enumerate(ids[:10])})
    project.retrain()
    return real


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["item"]["item_id"] for one in answer.json()["items"]]


def asked(browser, n=60, exclude=(), holder=None, **of):
    wanted = {"of": of, "n": n, "exclude": list(exclude), "holder": holder}
    return browser.post("/api/grid", json=wanted)


def test_the_overview_names_classes_and_clusters(grids):
    told = grids.get("/api/grid").json()
    assert told["likely"]["good"] + told["likely"]["bad"] == 50
    assert sum(line["n_open"] for line in told["clusters"]) == 50
    assert {line["example"]["guess"] for line in told["clusters"]} == {None}


def test_a_class_comes_with_the_guess_that_made_it_and_others_without(grids):
    page = asked(grids, kind="class", class_name="good").json()
    assert {one["guess"][0] for one in page["items"]} == {page["class_name"]} == {"good"}
    assert {one["source"] for one in page["items"]} == {"grid"}
    for of in ({"kind": "search", "text": "sun"}, {"kind": "rare", "class_name": "good"}):
        assert {one["guess"] for one in asked(grids, **of).json()["items"]} == {None}


def test_pages_follow_each_other_by_what_is_left_out(grids):
    whole = ids(asked(grids, kind="search", text="NUMBER"))
    assert len(whole) == 50
    assert ids(asked(grids, 7, whole[:9], kind="search", text="number")) == whole[9:16]
    rows = [list(grids.app.state.project.items).index(whole[i]) for i in (3, 1)]
    assert ids(asked(grids, kind="list", rows=[rows[0], 10**6, *rows])) == [whole[3], whole[1]]


def test_neighbours_come_by_the_id_of_an_item(grids):
    first, second = list(grids.app.state.project.items)[:2]
    assert len(ids(asked(grids, 5, kind="like", item_id=first))) == 5
    assert asked(grids, kind="like", item_id=second).json()["class_name"] == "good"


def test_what_is_on_a_page_is_asked_of_nobody_else_and_the_other_way_round(grids):
    query = {"n": 4, "holder": "ben"}
    label_page = ids(grids.get("/api/next", params=query))
    of = {"kind": "search", "text": "number"}
    ada = ids(asked(grids, 20, holder="ada", **of))
    assert not set(ada) & set(label_page)
    ben = ids(asked(grids, 60, holder="cleo", **of))
    assert len(ben) == 50 - 4 - 20
    assert not set(ben) & {*ada, *label_page}
    nothing = asked(grids, 60, holder="dan", **of).json()
    assert (nothing["items"], nothing["n_elsewhere"]) == ([], 50)
    assert grids.get("/api/next", params=query | {"exclude": label_page}).json()["items"] == []

    assert ids(asked(grids, 20, holder="ada", **of)) == ada  # her own she sees again
    grids.post("/api/leases", json={"holder": "ada", "free": ada[:5]})
    assert ids(asked(grids, 60, holder="dan", **of)) == ada[:5]
    event = EVENT | {"key": "k", "item_id": ada[7]}
    grids.post("/api/events", json=[event])
    held = grids.app.state.project.store.leases()
    assert {held[i].partition(".")[2] for i in ada[:5]} == {"dan"}
    assert ada[7] not in held


@pytest.mark.parametrize(
    ("of", "status"),
    [
        ({"kind": "class", "class_name": "ugly"}, 422),
        ({"kind": "cluster", "number": 99}, 404),
        ({"kind": "cluster", "number": -1}, 422),
        ({"kind": "like", "item_id": "nobody"}, 404),
        ({"kind": "list", "rows": [1] * 50_001}, 422),
        ({"kind": "list", "rows": [-1]}, 422),
        ({"kind": "list", "item_ids": ["x"]}, 422),
        ({"kind": "map"}, 422),
        ({}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(grids, of, status):
    answer = asked(grids, **of)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"kind", "message", "current"}


def test_a_page_is_at_most_what_one_request_can_answer(grids):
    assert asked(grids, 201, kind="search", text="").status_code == 422
    shown = ids(asked(grids, 200, kind="search", text=""))
    events = [EVENT | {"key": f"k-{i}", "item_id": item_id} for i, item_id in enumerate(shown)]
    told = grids.post("/api/events", json=events).json()
    assert {one["status"] for one in told} == {"stored"}


def test_a_door_cannot_say_of_a_label_that_it_was_drawn_at_random(grids):
    event = EVENT | {"key": "k", "item_id": next(iter(grids.app.state.project.items))}
    for source in ("uniform", "strategy", "person"):
        assert grids.post("/api/events", json=[event | {"source": source}]).status_code == 422


def test_the_last_page_can_be_taken_back_as_long_as_nothing_was_said_since(grids):
    shown = ids(asked(grids, 3, kind="search", text="number"))
    page = [EVENT | {"key": f"abc-{i}", "item_id": item_id} for i, item_id in enumerate(shown)]
    page[1] |= {"class_name": "bad", "confirmed": False}
    grids.post("/api/events", json=page)
    told = grids.get("/api/grid/latest").json()
    assert [one["key"] for one in told["said"]] == ["abc-0", "abc-1", "abc-2"]
    assert [one["class_name"] for one in told["said"]] == ["good", "bad", "good"]
    assert [one["item"]["item_id"] for one in told["items"]] == shown
    assert {one["answer"] for one in told["items"]} == {None}

    label = {"key": "f", "kind": "label", "class_name": "good", "item_id": shown[0]}
    grids.post("/api/events", json=[label | {"seen": "abc-0"}])
    assert grids.get("/api/grid/latest").json() == {"said": [], "items": []}
    grids.post("/api/events", json=[{"key": "u", "kind": "undo"}])
    assert len(grids.get("/api/grid/latest").json()["said"]) == 3
    undo = [{"key": f"u-{i}", "kind": "undo", "undoes": f"abc-{i}"} for i in range(3)]
    grids.post("/api/events", json=undo)
    assert grids.get("/api/grid/latest").json() == {"said": [], "items": []}


def test_a_cluster_is_checked_before_its_items_are_told(grids):
    number = grids.get("/api/grid").json()["clusters"][0]["number"]
    told = grids.get(f"/api/clusters/{number}/check").json()
    assert len(told["open"]) == told["n_drawn"] > 0
    assert (told["purity"], told["item_ids"]) == (None, [])
    for i, one in enumerate(told["open"]):
        assert (one["guess"], one["model_version"]) == (None, None)
        event = {"key": f"b{i}", "kind": "label", "item_id": one["item"]["item_id"]}
        grids.post("/api/events", json=[event | {"class_name": "good"}])
    told = grids.get(f"/api/clusters/{number}/check").json()
    assert told["purity"]["n_like"] == told["purity"]["n_tested"] == told["n_drawn"] - 1
    assert "100 % of the cluster, with 95 % certainty" in told["purity"]["sentence"]
    assert grids.get("/api/clusters/99/check").status_code == 404


def test_what_others_have_on_their_screens_is_no_part_of_a_whole_cluster(grids):
    number = grids.get("/api/grid").json()["clusters"][0]["number"]
    address = f"/api/clusters/{number}/check"
    for i, one in enumerate(grids.get(address).json()["open"]):
        event = {"key": f"b{i}", "kind": "label", "item_id": one["item"]["item_id"]}
        grids.post("/api/events", json=[event | {"class_name": "good"}])
    whole = grids.get(address, params={"holder": "ada"}).json()
    assert whole["n_elsewhere"] == 0
    ben = ids(asked(grids, 3, holder="ben", kind="cluster", number=number))
    told = grids.get(address, params={"holder": "ada"}).json()
    assert told["item_ids"] == [i for i in whole["item_ids"] if i not in ben]
    assert told["n_elsewhere"] == 3
    assert told["purity"] == whole["purity"]
    assert grids.get(address).json()["n_elsewhere"] == 3
    assert grids.get(address, params={"holder": "ben"}).json() == whole
