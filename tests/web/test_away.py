"""The page of a project on PostgreSQL while the server goes away and comes back."""

from sparing.project import Project
from sparing.testing.postgresql import throwaway_server


def label(key, item_id):
    return {"key": key, "kind": "label", "item_id": item_id, "class_name": "good"}


def test_a_database_that_is_away_is_a_calm_503_and_nothing_is_lost_or_doubled(
    tmp_path, postgresql_programs, enter
):
    table = tmp_path / "notes.csv"
    table.write_text("text\n" + "\n".join(f"note {i}" for i in range(20)), encoding="utf-8")
    with (
        throwaway_server(postgresql_programs) as server,
        Project.create(table, server.new_url(), ["good", "bad"]) as project,
        enter(project) as browser,
    ):
        ask = {"n": 6, "holder": "tab-1"}
        items = [a["item"]["item_id"] for a in browser.get("/api/next", params=ask).json()["items"]]
        events = [label(f"k{i}", item) for i, item in enumerate(items)]
        assert browser.post("/api/events", json=events[:2]).status_code == 200
        server.stop("immediate")
        for answer in (
            browser.post("/api/events", json=events[2:4]),
            browser.get("/api/next", params=ask),
            browser.post("/api/leases", json={"holder": "tab-1", "keep": items}),
        ):
            assert answer.status_code == 503
            error = answer.json()["error"]
            assert error["kind"] == "store"
            assert error["message"].startswith("The project cannot be ")
            assert "\n" not in error["message"]
        server.start()
        told = browser.post("/api/events", json=events).json()
        assert [one["status"] for one in told] == ["duplicate"] * 2 + ["stored"] * 4
        assert browser.get("/api/state").json()["status"]["n_labeled"] == 6
        held = browser.post("/api/leases", json={"holder": "tab-2", "keep": items[:1]}).json()
        assert held == {"held": items[:1]}
        labels = [event.key for event in project.store.events() if event.kind == "label"]
        assert labels == [event["key"] for event in events]


def test_a_folder_that_is_moved_away_is_a_503_that_says_so_and_nothing_is_lost(tmp_path, enter):
    table = tmp_path / "notes.csv"
    table.write_text("text\n" + "\n".join(f"note {i}" for i in range(20)), encoding="utf-8")
    with Project.create(table, classes=["good", "bad"]) as project, enter(project) as browser:
        asked = browser.get("/api/next", params={"n": 2, "holder": "tab-1"}).json()["items"]
        events = [label(f"k{i}", one["item"]["item_id"]) for i, one in enumerate(asked)]
        assert browser.post("/api/events", json=events[:1]).status_code == 200
        project.folder.rename(tmp_path / "away")
        answer = browser.post("/api/events", json=events)
        assert answer.status_code == 503
        assert "was moved, replaced or deleted" in answer.json()["error"]["message"]
        (tmp_path / "away").rename(project.folder)
        told = browser.post("/api/events", json=events).json()
        assert [one["status"] for one in told] == ["duplicate", "stored"]
