"""Label Studio at work on a project of spans: what it is shown, and what is learned from it."""

import pytest

from sparing.datasets.label_studio import interface_for
from sparing.project import Project
from sparing.project.learning.sway import is_unswayed

SEED = 0
CONFIG = interface_for("text", ["person", "place"], spans=True)
FORMS = ("Ada met Bob at home {}", "it rained {}", "\U0001f642 Ada sat {}")


def truth(text):
    return [(text.find(n), text.find(n) + 3, "person") for n in ("Ada", "Bob") if n in text]


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("".join(FORMS[i % 3].format(i) + "\n" for i in range(90)), encoding="utf-8")
    with Project.create(path, classes=["person", "place"], kind="spans") as project:
        yield project


def hook(project, item_id, result, *, number=1, second=1, **more):
    item = project.items[item_id]
    said = {"id": number, "task": 1, "completed_by": 7, "result": result,
            "updated_at": f"2026-01-01T00:00:{second:02d}Z", **more}  # fmt: skip
    task = {"id": 1, "data": {"text": item.text}}
    told = {"action": "ANNOTATION_UPDATED", "project": {"id": 1}, "annotation": said, "task": task}
    return project.files.studio.take(told)


def result(start, end, text, label="person", **more):
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def marked(project, item_id):
    answer = project.asked(item_id).answer
    return None if answer is None else [(s.start, s.end, s.label, s.by) for s in answer.spans]


def test_spans_are_suggested_with_how_likely_each_is_right(project):
    ids = list(project.items)
    project.teach({i: truth(project.items[i].text) for i in ids[:30]})
    project.retrain()
    tasks = [{"data": {"text": project.items[i].text}} for i in ids[30:]]
    told = project.files.studio.predict(tasks, CONFIG)
    shown = {i: one["result"] for i, one in zip(ids[30:], told, strict=True)}
    plain = [i for i in shown if not is_unswayed(SEED, i)]
    seen = {i: [(r["value"]["start"], r["value"]["end"]) for r in shown[i]] for i in plain}
    for i in plain:
        text = project.items[i].text
        assert seen[i] == [(s, e) for s, e, _ in truth(text)]  # code points, after a smile too
    assert all(0 < r["score"] <= 1 for one in shown.values() for r in one)
    assert all(not shown[i] for i in shown if i not in plain)  # asked without, there as here
    assert all(0 <= one["score"] <= 1 for one in told)


def test_what_is_marked_there_is_learned_with_whence_it_came_changed_and_taken_back(project):
    first, second, third, _, _, sixth = list(project.items)[:6]
    both = [result(0, 3, "Ada", origin="prediction"), result(8, 11, "Bob", origin="manual")]
    assert hook(project, first, both) == {"learned": 1}
    wanted = [(0, 3, "person", "accepted"), (8, 11, "person", "drawn")]
    assert marked(project, first) == wanted
    assert hook(project, first, both) == {"known already": 1}
    assert hook(project, first, both[:1], second=2) == {"learned": 1}
    assert marked(project, first) == wanted[:1]
    assert hook(project, second, [], number=2) == {"learned": 1}
    assert marked(project, second) == []  # nothing to mark is an answer
    # It counts code points; what counts as a browser does is told by the text beside the offsets.
    for number, item_id in ((2, third), (3, sixth)):
        there = result(number, number + 3, "Ada")
        assert hook(project, item_id, [there], number=number + 1) == {"learned": 1}
        assert marked(project, item_id) == [(2, 5, "person", "drawn")]


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([result(0, 3, "Bob")], "the file says 'Bob'"),
        ([result(0, 99, None)], "within its text"),
        ([{"type": "choices", "value": {"choices": ["a"]}}], "no spans, but choices"),
        ([result(0, 3, "Ada") | {"value": {"start": 0, "end": 3, "labels": []}}], "no label"),
    ],
)
def test_what_does_not_fit_is_named_and_no_answer(project, results, why):
    first = next(iter(project.items))
    (told,) = hook(project, first, results)
    assert told.startswith("not learned")
    assert why in told
    assert marked(project, first) is None


def test_an_interface_without_labels_is_refused(project):
    with pytest.raises(Exception, match="no <Labels>"):
        project.files.studio.predict([], interface_for("text", ["person"]))
    assert project.files.studio.interface(CONFIG).choices == ("person", "place")
