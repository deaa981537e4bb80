import csv
from contextlib import ExitStack
from dataclasses import replace

import pytest

from sparing.audit.certificate import Certificate
from sparing.errors import (
    ConflictError,
    InvalidInputError,
    PoolExhaustedError,
    StoreError,
    VoidAuditError,
)
from sparing.files import read_arrays, write_arrays
from sparing.project import NewEvent, Project
from sparing.project.audits.draws import fresh_key
from sparing.store import Kind

N = 400


@pytest.fixture
def project(numbers):
    with numbers.project() as project:
        numbers.train(project)
        yield project


def test_each_draw_has_a_key_that_nobody_can_foretell():
    keys = {fresh_key() for _ in range(100)}  # as it is in use: the tests draw by known keys
    assert len(keys) == 100
    assert {len(bytes.fromhex(key)) for key in keys} == {32}


def test_the_whole_way(numbers, project):
    plan = project.audits.plan(0.05)
    assert project.phase == "label"
    drawn = project.audits.draw(0.05)
    assert replace(plan, in_all=drawn.in_all, ahead=drawn.ahead) == drawn
    assert project.phase == "audit"
    assert project.status().advice[1].startswith("The model is being checked")
    asked = project.audits.query(N)
    assert len(asked) == plan.n_audited
    numbers.answer(project, asked)
    assert project.audits.query(1) == []
    certificate = project.audits.certify()
    assert certificate.n_total == N
    assert certificate.n_auto > 0
    assert certificate.n_by_people + certificate.n_auto + certificate.n_handback == N
    left = project.audits.query_remainder(N)
    assert len(left) == certificate.n_handback == project.status().n_remainder_left
    numbers.answer(project, left)
    assert project.phase == "done"
    status = project.status()
    assert status.certificate == certificate
    assert status.advice == (True, "Done: nothing is left to answer.")
    assert not status.accuracy.rough
    events = [e for e in project.store.events() if e.kind is Kind.LABEL]
    assert {e.strategy for e in events if e.purpose == "audit"} == {"random"}
    assert {e.strategy for e in events if e.purpose == "handback"} <= {"least_confidence"}
    purposes = [e.purpose for e in events]
    assert purposes.count("audit") == plan.n_audited
    assert purposes.count("handback") == certificate.n_handback
    assert all(check.ok for check in project.audits.verify(certificate))


def test_audit_items_are_blind(numbers, project):
    project.audits.draw(0.05)
    asked = project.audits.query(5)
    assert all(a.guess is None and a.why == "drawn at random to check the model" for a in asked)
    drawn = {a.item.item_id for a in project.audits.query(N)}
    assert project.asked(asked[0].item.item_id).guess is None
    # In no other list: not among the next, not in the history, no likely mistakes.
    assert not drawn & {a.item.item_id for a in project.query(N)}
    numbers.answer(project, asked)
    shown = {row.item.item_id for row in project.history(limit=N)[1]}
    assert not drawn & shown
    assert project.look_again(N) == []


def test_answers_of_an_open_audit_train_no_model(numbers, project):
    project.audits.draw(0.05)
    before = project.status().n_labeled
    numbers.answer(project, project.audits.query(10))
    version = project.retrain()
    (made,) = project.store.versions(version - 1)
    assert made.facts.n_labels == before
    numbers.answer(project, project.audits.query(N))
    project.audits.certify()
    version = project.retrain()
    assert project.store.versions(version - 1)[0].facts.n_labels == project.status().n_labeled


def test_a_plan_takes_into_account_what_the_model_was_wrong_about(numbers, project):
    plan = project.audits.plan(0.05)
    (version,) = project.store.versions()
    counted = sum(n for _, n, _ in version.facts.seen)
    assert counted == version.facts.accuracy[-1] > 0
    made = project.learning.trainee(lambda *_: None).learn(2)
    project.learning.take_contents()
    surely_wrong = replace(made.facts, seen=((0.001, 40, 8),))
    project.learning.adopt(replace(made, facts=surely_wrong))
    assert project.audits.plan(0.05).most > plan.most


def test_an_audit_survives_the_process(numbers, project):
    project.audits.draw(0.05)
    numbers.answer(project, project.audits.query(10))
    rest = [a.item.item_id for a in project.audits.query(N)]
    project.close()
    with Project.open(numbers.folder) as project:
        assert project.phase == "audit"
        assert [a.item.item_id for a in project.audits.query(N)] == rest
        numbers.answer(project, project.audits.query(N))
        certificate = project.audits.certify()
    with Project.open(numbers.folder) as project:
        assert project.status().certificate == certificate
    file = numbers.folder / "certificates" / "1.json"
    assert Certificate.from_json(file.read_text()) == certificate


def test_no_certificate_before_all_is_answered_and_skips_count_as_wrong(numbers, project):
    guessed = {item_id: project.asked(item_id).guess for item_id in numbers.truth}
    project.audits.draw(0.05)
    asked = project.audits.query(N)
    numbers.answer(project, asked[1:])
    with pytest.raises(ConflictError, match="1 items of the audit have no answer"):
        project.audits.certify()
    project.record([NewEvent(key="s", kind=Kind.SKIP, item_id=asked[0].item.item_id)])
    certificate = project.audits.certify()
    assert certificate.n_unanswered == 1
    others = (a.item.item_id for a in asked[1:])
    wrong = sum(guessed[i].name != numbers.truth[i] for i in others)
    assert certificate.n_wrong == 1 + wrong


def test_each_attempt_risks_less(numbers, project):
    project.audits.draw(0.05)
    with pytest.raises(ConflictError, match="An audit is open"):
        project.audits.draw(0.05)
    numbers.answer(project, project.audits.query(N))
    first = project.audits.certify()
    project.audits.resume()
    assert project.phase == "label"
    assert project.status().certificate is None
    project.audits.draw(0.1)
    numbers.answer(project, project.audits.query(N))
    second = project.audits.certify()
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.previous == (first.audit,)
    assert second.evidence[0].delta < first.evidence[0].delta


def test_an_item_that_changed_makes_a_certificate_void(tmp_path, photographs):
    with Project.create(photographs.folder) as project:
        project.retrain()
        photographs.answer(project, project.query(20))
        project.retrain()
        project.audits.draw(0.3)
        photographs.answer(project, project.audits.query(80))
        left = project.query(1)[0].item
    photographs.change(left.path.name)
    with Project.open(tmp_path / "photos.sparing") as project:
        with pytest.raises(VoidAuditError, match=r"changed or went away.*attempt 2"):
            project.audits.certify()
        project.audits.resume()  # the attempt is spent
        project.retrain()
        project.audits.draw(0.3)
        assert project.store.events()[-1].kind is Kind.AUDIT_DRAWN


def test_classes_are_not_merged_while_an_audit_is_open_but_may_be_renamed(numbers, project):
    project.audits.draw(0.05)
    merge = NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="low", text="high")
    assert project.record([merge])[0].status == "refused"
    rename = NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="low", text="small")
    assert project.record([rename])[0].status == "stored"
    while asked := project.audits.query(N):  # more once an error was met
        numbers.answer(project, asked)  # by the old name
    certificate = project.audits.certify()
    assert certificate.n_wrong < certificate.n_audited / 4  # not half of them


def test_merged_classes_count_as_one_for_the_model(numbers, project):
    project.add_classes(["tiny"])
    some = [a.item.item_id for a in project.query(1)]
    project.teach({some[0]: "tiny"})
    project.retrain()
    merge = NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="tiny", text="low")
    project.record([merge])
    project.audits.draw(0.05)
    assert [name for name, _ in project.classes] == ["low", "high"]


def test_without_a_model_there_is_nothing_to_check(numbers):
    with numbers.project() as project:
        with pytest.raises(InvalidInputError, match="no model to check"):
            project.audits.draw(0.05)
        project.retrain()
        with pytest.raises(InvalidInputError, match="no model to check"):
            project.audits.plan(0.05)


def test_bad_claims_and_claims_that_do_not_pay(project):
    for epsilon, delta in ((0, 0.05), (1.5, 0.05), (0.05, 0), (0.05, 2)):
        with pytest.raises(InvalidInputError, match="strictly between 0 and 1"):
            project.audits.draw(epsilon, delta)
    with pytest.raises(PoolExhaustedError, match="would cost more than it saves"):
        project.audits.draw(0.0001)
    with pytest.raises(ConflictError, match="No audit is open"):
        project.audits.certify()
    assert project.phase == "label"


def test_a_draw_that_was_tampered_with_is_refused(numbers, project):
    project.audits.draw(0.05)
    project.close()
    file = numbers.folder / "audits" / "1.json"
    file.write_text(file.read_text().replace('"key": "', '"key": "0'))
    with Project.open(numbers.folder) as project:
        assert "hash does not fit" in project.status().notes[0]
        assert project.phase == "label"
        numbers.answer(project, project.query(1))  # labeling goes on
        project.retrain()
        with pytest.raises(ConflictError, match="No audit is open"):
            project.audits.certify()
    file.unlink()
    with Project.open(numbers.folder) as project:
        assert "Audit 1 is not there" in project.status().notes[0]
        project.audits.resume()
        project.audits.draw(0.05)  # the log knows what was spent
        first = next(e.text for e in project.store.events() if e.kind is Kind.AUDIT_DRAWN)
        assert project._guarded._state.drawn.audit.previous == (first,)


BROKEN = (b"", b"\xad\xff", b"[" * 100_000, b"null", b'{"a": 1}')


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("name", ["audits/1.json", "certificates/1.json"])
def test_a_damaged_audit_is_lost_alone_and_said(numbers, project, name, content):
    numbers.train(project)
    project.audits.draw(0.05)
    numbers.answer(project, project.audits.query(N))
    project.audits.certify()
    project.close()
    (numbers.folder / name).write_bytes(content)
    with Project.open(numbers.folder) as again:
        assert "Go back to labeling" in again.status().notes[0]
        again.audits.resume()
        numbers.train(again, 1)
        again.retrain()
        assert again.status().n_labeled > 0
        again.audits.draw(0.05)
        assert again._guarded._state.drawn.audit.attempt == 2


def test_automatic_labels_are_exported_under_their_certificate(numbers, project, tmp_path):
    project.audits.draw(0.05)
    numbers.answer(project, project.audits.query(N))
    certificate = project.audits.certify()
    project.files.export(tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    automatic = [row for row in rows if row["provenance"] == "automatic"]
    assert len(automatic) == certificate.n_auto
    assert {row["certificate"] for row in automatic} == {certificate.digest}
    assert {row["model_version"] for row in automatic} == {str(certificate.model_version)}
    assert all(float(row["confidence"]) > 0.5 for row in automatic)
    assert sum(row["provenance"] == "person" for row in rows) == certificate.n_by_people
    project.audits.resume()
    project.files.export(tmp_path / "after.csv")
    assert "automatic" not in (tmp_path / "after.csv").read_text()


def certified(numbers, project, epsilon=0.05):
    """Draw an audit, answer it, and return its certificate."""
    project.audits.draw(epsilon)
    numbers.answer(project, project.audits.query(N))
    return project.audits.certify()


def failed(checks):
    return [check.what for check in checks if not check.ok]


@pytest.fixture
def twins(numbers, tmp_path):
    """Two projects of the same items and answers."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(
                Project.create(numbers.source, tmp_path / place, classes=["low", "high"])
            )
            for place in ("a", "b")
        ]
        numbers.truth = {i: "low" if r < 200 else "high" for r, i in enumerate(made[0].items)}
        for project in made:
            numbers.train(project)
        yield made


def test_each_draw_has_a_key_of_its_own_that_nobody_could_choose(twins):
    """The same items, answers and seed are drawn from anew each time."""
    drawn = []
    for project in twins:
        project.audits.draw(0.05)
        drawn.append([asked.item.name for asked in project.audits.query(N)])
    assert drawn[0] != drawn[1]


def test_a_draw_counts_before_it_is_seen_and_one_that_was_not_stored_is_never_seen(
    numbers, project, monkeypatch
):
    """The key is made in the transaction; where the disk refuses, there is no draw to look at."""
    keys, append = [], project.store.append

    def refuse(events, check=None, after=0):
        def tried(new, since):
            keys.append(check(new, since).text)
            raise StoreError("The disk is full.")

        return append(events, tried, after)

    monkeypatch.setattr(project.store, "append", refuse)
    with pytest.raises(StoreError):
        project.audits.draw(0.05)
    monkeypatch.setattr(project.store, "append", append)
    assert project.phase == "label"
    assert project.audits.query(1) == []
    project.audits.draw(0.05)
    (event,) = (e for e in project.store.events() if e.kind is Kind.AUDIT_DRAWN)
    assert event.text not in keys


def test_a_certificate_is_verified_after_classes_were_merged_renamed_and_reused(numbers, project):
    """The count is by the keys of the classes, and by the classes of then."""
    project.add_classes(["tiny"])
    for asked in project.query(3):
        project.teach({asked.item.item_id: "tiny"})
    project.retrain()
    certificate = certified(numbers, project, 0.1)
    assert failed(project.audits.verify(certificate)) == []
    merge = NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="tiny", text="low")
    rename = NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="high", text="large")
    again = NewEvent(key="a", kind=Kind.ADD_CLASS, class_name="high")
    assert {done.status for done in project.record([merge, rename, again])} == {"stored"}
    assert failed(project.audits.verify(certificate)) == []


def test_a_class_that_takes_over_a_name_is_not_taken_for_the_one_that_had_it(numbers, project):
    """With names compared, all answers of the new class would be right."""
    project.audits.draw(0.05)
    rename = NewEvent(key="r", kind=Kind.RENAME_CLASS, class_name="high", text="large")
    again = NewEvent(key="a", kind=Kind.ADD_CLASS, class_name="high")
    project.record([rename, again])
    asked = project.audits.query(N)
    n_high = sum(numbers.truth[a.item.item_id] == "high" for a in asked)
    numbers.answer(project, asked)  # "high" is the new class
    project.audits.query(N)
    while (more := project.audits.query(N)) != []:
        numbers.answer(project, more)
    assert project.audits.certify().n_wrong >= n_high > 10


def test_what_a_project_holds_says_nothing_for_a_certificate_of_elsewhere(numbers, twins):
    """Neither its items nor its labels are those that were certified, however whole they are."""
    about = {
        "the items are those that were certified",
        "the labels on the disk are those that were certified",
    }
    own, other = twins
    certificate = certified(numbers, own)
    assert failed(own.audits.verify(certificate)) == []
    certified(numbers, other)
    assert about <= set(failed(other.audits.verify(certificate)))


@pytest.mark.parametrize("what", ["items", "labels", "log", "answers"])
def test_what_a_certificate_is_about_is_checked(numbers, project, what):
    certificate = certified(numbers, project)
    assert failed(project.audits.verify(certificate)) == []
    state = project._guarded._state
    if what == "items":
        state.rows[5] = replace(state.rows[5], item_id="another")
        said = "the items are those that were certified"
    elif what == "labels":
        file = state.folder.labels(1)
        arrays = read_arrays(file, "labels")
        write_arrays(file, {**arrays, "by_model": arrays["by_model"][1:]})
        said = "the labels on the disk are those that were certified"
    elif what == "log":
        certificate = replace(certificate, previous=("0" * 64,), attempt=1)
        said = "the log of the project has it"
    else:
        item_id = state.rows[int(state.drawn.audit.drawn[0])].item_id
        events = state.replay._of_item[item_id]
        events[-1] = replace(events[-1], annotator="somebody else")
        said = "the answers are those that were certified, and who gave them, when and how"
    assert said in failed(project.audits.verify(certificate))


def test_how_the_labels_came_is_in_the_certificate(numbers, project):
    asked = project.query(3)
    guessed, skipped, glance = (a.item.item_id for a in asked)
    said = {"class_name": numbers.truth[guessed], "item_id": guessed}
    at_once = {"class_name": numbers.truth[glance], "item_id": glance, "source": "grid"}
    project.record([
        NewEvent(key="g", kind=Kind.LABEL, confirmed=True, **said),
        NewEvent(key="k", kind=Kind.SKIP, item_id=skipped),
        NewEvent(key="t", kind=Kind.LABEL, **at_once),
    ])  # fmt: skip
    certificate = certified(numbers, project)
    assert certificate.taught == {"alone": 40, "guess confirmed": 1, "at a glance": 1}
    assert certificate.left_out == {"skipped": 1}
    assert certificate.n_total == N - 1
    notes = " ".join(certificate.notes)
    assert "1 labels of people were given at a glance" in notes
    assert "nothing is promised of: 1 skipped" in notes
