"""The routes: one error shape, bodies checked at the door, guesses only where they are wanted."""

import contextlib
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Stage
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.web.conftest import entered

import sparing.errors as errors
from sparing.audit.audit import Phase
from sparing.project import NewEvent, Project
from sparing.project.files.export import BOX_FORMS, FOLDERS, HUB, SPAN_FORMS, STUDIO
from sparing.project.files.files import Files
from sparing.project.files.forms import FORMS
from sparing.project.log.meaning import as_said
from sparing.project.views import Recorded
from sparing.store import Kind
from sparing.web.api import GATHERED, SENT
from sparing.web.failures import STATUS, kind_of, status_of
from sparing.web.shortened import MOST_CHARACTERS

PATIENCE = 120  # seconds for an answer; an export starts a process, which a busy machine delays
EVENT = {"key": "k1", "kind": "label", "item_id": "t0", "class_name": "cat", "seen": None}


def all_errors(base=errors.SparingError):
    for kind in base.__subclasses__():
        if kind.__module__ == "sparing.errors":
            yield kind
            yield from all_errors(kind)


def made(kind):
    arguments = {
        errors.UnknownNameError: ("class", "dgo", ["dog"]),
        errors.MissingExtraError: ("pyarrow", "tables", "Parquet files"),
        errors.ConflictError: ("It has moved on.", {"class_name": "dog"}),
    }
    return kind(*arguments.get(kind, ("It went wrong.",)))


def shape(answer):
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"kind", "message", "current"}
    assert body["error"]["kind"]
    assert body["error"]["message"].endswith((".", "]'"))
    return body["error"]


@pytest.mark.parametrize("kind", dict.fromkeys(all_errors()), ids=lambda kind: kind.__name__)
def test_every_error_of_the_package_has_one_shape_and_its_status(client, project, kind):
    def status(annotator=""):
        raise made(kind)

    project.status = status
    answer = client.get("/api/state")
    assert answer.status_code == status_of(made(kind)) < 600
    assert shape(answer)["kind"] == kind_of(made(kind))


def test_no_line_of_the_table_hides_another():
    for i, (kind, _) in enumerate(STATUS):
        assert not any(issubclass(kind, above) for above, _ in STATUS[:i])


def test_a_conflict_brings_what_holds_now(client, project):
    def conflict():
        raise errors.ConflictError("It has moved on.", {"class_name": "dog"})

    project.audits.resume = conflict
    answer = client.post("/api/resume", json={})
    assert answer.status_code == 409
    assert shape(answer)["current"] == {"class_name": "dog"}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        [EVENT] * 201,
        [EVENT | {"key": ""}],
        [EVENT | {"key": "a b"}],
        [EVENT | {"key": "x" * 65}],
        [EVENT | {"kind": "certified"}],
        [EVENT | {"kind": "audit_drawn"}],
        [EVENT | {"purpose": "audit"}],
        [EVENT | {"annotator": "somebody else"}],
        [EVENT | {"class_name": "a\0b"}],
        [EVENT | {"text": "x" * 4001}],
        [EVENT | {"model_version": -1}],
    ],
)
def test_what_the_page_would_never_send_is_refused_whole(client, project, body):
    answer = client.post("/api/events", json=body)
    assert answer.status_code == 422
    shape(answer)
    assert project.events == []


def test_halves_of_surrogate_pairs_are_refused(client, project):
    body = '[{"key": "k", "kind": "comment", "item_id": "t0", "text": "\\ud800"}]'
    headers = {"content-type": "application/json"}
    answer = client.post("/api/events", content=body, headers=headers)
    assert answer.status_code == 422
    assert project.events == []


def test_only_json_is_read(client):
    for media_type in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {"content-type": media_type}
        assert client.post("/api/events", content="[]", headers=headers).status_code == 422


def test_unknown_paths_and_methods_have_the_shape_too(client):
    for answer in (client.get("/nothing"), client.delete("/api/state"), client.post("/")):
        assert answer.status_code in (404, 405)
        shape(answer)


def test_events_come_to_the_project_as_they_were_sent(client, project):
    sent = EVENT | {"model_version": 7, "seen": "k0", "confirmed": True}
    assert client.post("/api/events", json=[sent]).json()[0]["status"] == "stored"
    event = project.events[0]
    assert {name: getattr(event, name) for name in sent} == sent


def test_no_span_comes_in_behind_what_a_page_shows_but_one_that_is_there_stays(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("a" * (MOST_CHARACTERS + 20) + "\n")
    with Project.create(path, classes=["x"], kind="spans") as made, entered(made) as client:
        (item,) = made.items
        near, far = ({"start": s, "end": s + 5, "label": "x"} for s in (0, MOST_CHARACTERS + 1))

        def sent(key, *spans, **more):
            event = {"key": key, "kind": "label", "item_id": item, "spans": [*spans], **more}
            comment = {"key": f"c{key}", "kind": "comment", "item_id": item, "text": key}
            return client.post("/api/events", json=[event, comment]).json()

        refused, noted = sent("k1", near, far)
        assert (refused["status"], noted["status"]) == ("refused", "stored")
        assert "A page shows the first 100,000 characters" in refused["message"]
        assert made.asked(item).answer is None
        made.teach({item: [(far["start"], far["end"], "x")]})
        seen = made.asked(item).answer.key
        assert sent("k2", near, far, seen=seen)[0]["status"] == "stored"
        assert len(made.asked(item).answer.spans) == 2


def test_how_far_people_agree_on_each_of_several_labels_is_told(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("text\n" + "".join(f"day {i}\n" for i in range(12)))
    with Project.create(path, classes=["rain", "wind"], kind="labels", encoder="text") as made:
        made.team.set_overlap(1.0)
        for who, step in (("Ada", 2), ("Bob", 3)):
            told = [
                NewEvent(
                    key=f"{who}{i}", kind=Kind.LABEL, item_id=item, annotator=who,
                    class_name=as_said(["rain"] * (i % 2) + ["wind"] * (i % step == 0)),
                )
                for i, item in enumerate(made.items)
            ]  # fmt: skip
            assert {one.status for one in made.record(told)} == {"stored"}
        with entered(made) as client:
            told = {
                one["name"]: one["value"] for one in client.get("/api/people").json()["by_label"]
            }
    assert told["rain"] == 1
    assert told["wind"] < 0.5


def test_the_trainer_is_woken_after_answers(client, project):
    class Trainer:
        woken = 0

        def wake(self):
            self.woken += len(project.events)

    client.app.state.trainer = Trainer()
    client.post("/api/events", json=[EVENT])
    assert client.app.state.trainer.woken == 1


def test_what_became_of_an_event_is_told(client, project):
    project.record = lambda events: [Recorded("k1", None, "refused", None, "There is no item.")]
    told = client.post("/api/events", json=[EVENT]).json()
    assert told[0]["status"] == "refused"
    assert told[0]["message"] == "There is no item."


def asked(browser, holder, n=20, have=()):
    found = browser.get("/api/next", params={"n": n, "holder": holder, "exclude": have}).json()
    return [one["item"]["item_id"] for one in found["items"]], found["n_elsewhere"]


def test_two_pages_are_never_asked_the_same(real):
    first, second = asked(real, "tab-1"), asked(real, "tab-2")
    third = asked(real, "tab-3")
    assert len({*first[0], *second[0], *third[0]}) == 60
    assert asked(real, "tab-4") == ([], 60)
    kept, freed = first[0][:5], first[0][5:]
    body = {"holder": "tab-1", "keep": kept, "free": freed}
    assert real.post("/api/leases", json=body).json() == {"held": kept}
    assert set(asked(real, "tab-4")[0]) == set(freed)
    body = {"holder": "tab-4", "keep": [*kept, *freed]}
    assert set(real.post("/api/leases", json=body).json()["held"]) == set(freed)


def test_an_answer_frees_its_item_and_the_page_goes_on(real):
    mine, _ = asked(real, "tab-1", 3)
    event = EVENT | {"item_id": mine[0], "class_name": "good"}
    assert real.post("/api/events", json=[event]).json()[0]["status"] == "stored"
    more, _ = asked(real, "tab-1", 3, mine[1:])
    assert not set(more) & set(mine)
    everything = [asked(real, f"tab-{i}")[0] for i in range(2, 6)]
    assert sum(map(len, everything)) == 60 - 1 - 2 - 3


def test_a_guess_comes_only_if_it_is_wanted(client):
    assert [one["guess"] for one in client.get("/api/next").json()["items"]] == [None] * 3
    wanted = client.get("/api/next", params={"guesses": True}).json()["items"]
    assert wanted[0]["guess"] == ["cat", 0.9, None, None, "", None, []]
    assert client.get("/api/items/t0").json()["guess"] is None


def test_a_check_is_blind_whatever_the_page_asks_for(client, project):
    project.phase = Phase.AUDIT
    told = client.get("/api/next", params={"guesses": True}).json()
    assert told["phase"] == "audit"
    assert [one["guess"] for one in told["items"]] == [None] * 3
    assert client.get("/api/look-again").json() == []


def test_each_phase_asks_its_own_items(client, project):
    asked = []

    def noting(name):
        return lambda n, exclude, annotator: asked.append((name, n, exclude)) or []

    project.query = noting("label")
    project.audits.query = noting("audit")
    project.audits.query_remainder = noting("remainder")
    for phase in Phase:
        project.phase = phase
        url = "/api/next?n=3&exclude=a%2Fb&exclude=c"
        nothing = {"phase": phase.value, "items": [], "n_elsewhere": 0}
        assert client.get(url).json() == nothing
    names = ["label", "audit", "remainder", "remainder"]
    assert asked == [(name, 3, ["a/b", "c"]) for name in names]


def test_names_and_texts_come_as_they_are(client, project):
    from sparing.project.source.items import Item

    hostile = '<script>alert(1)</script> =HYPERLINK("http://x") \u202e'
    project._by_id = {"h": Item("h", hostile, "card", fields={hostile: hostile})}
    answer = client.get("/api/next")
    assert answer.headers["content-type"] == "application/json"
    item = answer.json()["items"][0]["item"]
    assert item["name"] == hostile
    assert item["fields"] == {hostile: hostile}


def test_an_export_is_sent_as_a_file_and_leaves_nothing_behind(client, project, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(project.folder))
    client.post("/api/name", json={"name": "Ada"})
    answer = client.get("/api/export", params={"format": "jsonl"})
    assert answer.text == "item for Ada\n"  # who is not told everything
    assert answer.headers["content-disposition"] == 'attachment; filename="labels.jsonl"'
    assert [path.name for path in project.folder.iterdir()] == ["sessions.json"]


def test_every_form_of_an_export_is_on_the_page_as_a_file_or_a_folder(real):
    assert {*SENT, *GATHERED} == {*FORMS, STUDIO, HUB, FOLDERS, *SPAN_FORMS, *BOX_FORMS}
    tasks = real.get("/api/export", params={"format": "label-studio"})
    assert tasks.headers["content-disposition"] == 'attachment; filename="labels.json"'
    assert {"text"} <= tasks.json()[0]["data"].keys()
    for form, inside in (("folders", "labels.csv"), ("hf", "README.md")):
        answer = real.post("/api/folders", params={"form": form}, json={})
        assert answer.status_code == 200, answer.text
        assert Path(answer.json()["folder"], inside).is_file()
    assert real.post("/api/folders", params={"form": "csv"}, json={}).status_code == 422


def test_without_a_certificate_there_is_no_file(client):
    answer = client.get("/api/certificate")
    assert answer.status_code == 404
    shape(answer)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_routes_keep_to_their_own_description(real, mode, monkeypatch):
    """A short run of schemathesis: no 5xx, no body that the document does not promise.

    Exports are made here: starting Python for each of them was more than half of the time.
    """
    monkeypatch.setattr(Files, "export_apart", Files.export)
    app, door = real.app, real.app.state.door
    headers = {"origin": "http://127.0.0.1:8123", "host": "127.0.0.1:8123"}
    headers["cookie"] = f"{door.cookie_name}={real.cookies[door.cookie_name]}"
    schema = schemathesis.openapi.from_dict(app.openapi())
    tried = 0
    for found in schema.get_all_operations():
        with contextlib.suppress(Unsatisfiable):  # a route without parameters is never misused
            drive(found.ok(), mode, app, headers)
            tried += 1
    assert tried >= 7


def drive(operation, mode, app, headers):
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Stage.generate],  # a failure is told at once, not made small for minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        answer = case.call("http://127.0.0.1:8123", app=app, headers=headers, timeout=PATIENCE)
        # A good request may still come in the wrong phase, such as a check without a model.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    check()
