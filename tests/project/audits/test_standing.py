"""What happens after a certificate leaves its statement true, or makes it void aloud."""

import csv

import pytest

from sparing.errors import InvalidInputError
from sparing.project import NewEvent, Project
from sparing.store import Kind

N = 400


@pytest.fixture
def project(numbers):
    """A project with a class that was merged into another, and a certificate."""
    with numbers.project() as project:
        project.add_classes(["tiny"])
        numbers.answer(project, project.query(39))
        first = project.query(1)[0].item.item_id
        numbers.truth[first] = "tiny"
        project.teach({first: "tiny"})
        merge = NewEvent(key="merge", kind=Kind.MERGE_CLASS, class_name="tiny", text="low")
        project.record([merge])
        numbers.truth[first] = "low"
        project.retrain()
        project.audits.draw(0.05)
        yield project


def finish(numbers, project, n_skipped=0):
    """Answer the check; what is skipped in it is handed back for certain."""
    skipped = [a.item.item_id for a in project.audits.query(n_skipped)] if n_skipped else []
    project.record([NewEvent(key=f"skip {i}", kind=Kind.SKIP, item_id=i) for i in skipped])
    while asked := project.audits.query(N):  # more once an error was met
        numbers.answer(project, asked)
    return project.audits.certify()


def undo(project, key):
    return project.record([NewEvent(key=f"undo {key}", kind=Kind.UNDO, undoes=key)])[0]


def exported(project, folder):
    project.files.export(folder / "out.csv")
    return list(csv.DictReader((folder / "out.csv").read_text().splitlines()))


def automatic(project, folder):
    return [row["item_id"] for row in exported(project, folder) if row["provenance"] == "automatic"]


def test_what_was_done_to_classes_is_not_undone_while_an_audit_is_open(project):
    rename = NewEvent(key="rename", kind=Kind.RENAME_CLASS, class_name="high", text="large")
    assert project.record([rename])[0].status == "stored"
    for key in ("merge", "rename"):
        done = undo(project, key)
        assert (done.status, "while an audit is open" in done.message) == ("refused", True)
    assert [name for name, _ in project.classes] == ["low", "large"]


def test_classes_that_are_parted_afterwards_make_it_void_aloud(numbers, project, tmp_path):
    certificate = finish(numbers, project)
    assert len(automatic(project, tmp_path)) == certificate.n_auto > 0
    assert undo(project, "merge").status == "stored"
    status = project.status()
    assert (status.certificate, status.phase) == (None, "label")
    assert "Classes that were one when the model was frozen are two again" in status.notes[0]
    assert automatic(project, tmp_path) == []
    again = NewEvent(key="again", kind=Kind.MERGE_CLASS, class_name="tiny", text="low")
    project.record([again])
    assert project.status().certificate == certificate
    assert len(automatic(project, tmp_path)) == certificate.n_auto


def test_merging_more_classes_leaves_it_true(numbers, project):
    certificate = finish(numbers, project)
    merge = NewEvent(key="more", kind=Kind.MERGE_CLASS, class_name="low", text="high")
    project.record([merge])
    assert project.status().certificate == certificate


def test_a_name_that_another_class_takes_over_is_said(numbers, project):
    """All labels keep their classes, and one who reads their names would find them exchanged."""
    certificate = finish(numbers, project)
    for old, new in (("low", "x"), ("high", "low")):
        assert not any("what another class was called" in note for note in project.audits.notes())
        rename = NewEvent(key=f"{old} {new}", kind=Kind.RENAME_CLASS, class_name=old, text=new)
        assert project.record([rename])[0].status == "stored"
    assert "'low' is what another class was called" in project.audits.notes()[0]
    assert all(check.ok for check in project.audits.verify(certificate))


def test_an_audited_item_with_another_answer_makes_it_void_aloud(numbers, project, tmp_path):
    drawn = {a.item.item_id for a in project.audits.query(N)}
    certificate = finish(numbers, project)
    p = project._guarded._state.drawn.frozen.predictions
    names = p.classes.values
    rows = {item_id: row for row, item_id in enumerate(project.items)}
    right = next(i for i in sorted(drawn) if names[p.codes[rows[i]]] == numbers.truth[i])
    project.teach({right: "high" if numbers.truth[right] == "low" else "low"})
    status = project.status()
    assert status.certificate is None
    assert "has another answer since, by which the model is wrong there" in status.notes[0]
    assert automatic(project, tmp_path) == []
    project.undo()
    assert project.status().certificate == certificate


def to_high(numbers, project):
    """Give whatever has the class 'low' the other one, and delete it."""
    answers = {i: project.asked(i).answer for i in project.items}
    answers = {i: project.asked(i).answer for i in project.items}
    low = [i for i, answer in answers.items() if answer and answer.class_name == "low"]
    project.teach(dict.fromkeys(low, "high"))
    delete = NewEvent(key="delete", kind=Kind.DELETE_CLASS, class_name="low")
    assert project.record([delete])[0].status == "stored"


def test_what_made_it_void_does_so_after_a_restart_whatever_was_deleted(numbers, project, tmp_path):
    certificate = finish(numbers, project)
    to_high(numbers, project)
    before = project.status()
    assert before.certificate is None
    project.close()
    with Project.open(project.folder) as again:
        status = again.status()
        assert (status.certificate, status.phase) == (None, "label")
        assert "has another answer since" in status.notes[0]
        assert status.accuracy == before.accuracy
        assert automatic(again, tmp_path) == []
        assert all(check.ok for check in again.audits.verify(certificate))


def test_a_class_that_is_deleted_after_it_was_given_up_leaves_it_verified(numbers, project):
    certificate = finish(numbers, project)
    project.audits.resume()
    to_high(numbers, project)
    assert all(check.ok for check in project.audits.verify(certificate))


def test_a_certificate_that_was_given_up_is_said_to_be_so_and_why(numbers, project):
    certificate = finish(numbers, project)
    assert project.audits.since(certificate) == []
    project.audits.resume()
    (since,) = project.audits.since(certificate)
    assert "the certificate was given up, and labeling went on" in since
    project.audits.draw(0.05)
    assert project.audits.since(certificate) == [since]
    second = finish(numbers, project)
    assert project.audits.since(second) == []
    project.audits.draw(0.05)
    assert "was given up, and a new audit was drawn" in project.audits.since(second)[0]
    assert project.audits.since(certificate) == [since]
    assert all(check.ok for check in project.audits.verify(certificate))


def test_an_answer_that_is_taken_back_is_handed_back(numbers, project):
    taught = next(e for e in project.store.events() if e.kind is Kind.LABEL)
    finish(numbers, project, n_skipped=2)
    numbers.answer(project, project.audits.query_remainder(N))
    assert project.phase == "done"
    assert undo(project, taught.key).status == "stored"
    status = project.status()
    assert (status.phase, status.n_remainder_left) == ("hand-back", 1)
    assert "1 item that the certificate covers has changed, or has no label" in status.notes[0]
    (asked,) = project.audits.query_remainder(N)
    assert asked.item.item_id == taught.item_id
    numbers.answer(project, [asked])
    assert project.phase == "done"


def test_a_hand_back_that_is_skipped_is_left_out_of_totals_stated_anew(numbers, project):
    certificate = finish(numbers, project, n_skipped=2)
    left = [a.item.item_id for a in project.audits.query_remainder(N)]
    assert left
    project.record([NewEvent(key=i, kind=Kind.SKIP, item_id=i) for i in left])
    (note,) = (n for n in project.status().notes if "were skipped" in n)
    n = certificate.n_total - certificate.n_handback
    assert f"of the {n} labels that are left at most 20 are wrong, which is" in note
    assert project.status().since_certified == (note,)


def test_what_stands_in_a_file_is_no_audit_answer(numbers, project, tmp_path):
    """Not the export of the same project, nor any other table: nobody was asked."""
    asked = [a.item.item_id for a in project.audits.query(N)]
    table = tmp_path / "labels.csv"
    table.write_text("item_id,label\n" + "".join(f"{i},{numbers.truth[i]}\n" for i in asked))
    report = project.files.import_labels(table)
    assert report.n_stored == 0
    assert all("this answer was not asked for the check" in r.became for r in report.rows)
    assert len(project.audits.query(N)) == len(asked)


def test_what_predict_and_certify_write_is_no_persons_word(numbers, project, tmp_path):
    free = [i for i in project.items if project.asked(i).answer is None][:2]
    table = tmp_path / "predicted.csv"
    table.write_text("item,label,confidence\n" + "".join(f"{i},low,0.9\n" for i in free))
    with pytest.raises(InvalidInputError, match="is what 'sparing predict' writes"):
        project.files.import_labels(table)
    drawn = {a.item.item_id for a in project.audits.query(N)}
    mine, its = [i for i in project.items if i not in drawn and project.asked(i).answer is None][:2]
    table.write_text(
        "id,label,source,model_version,confidence,certificate\n"
        f"{mine},{numbers.truth[mine]},person,,,\n{its},low,model,1,0.9,abc\n"
    )
    report = project.files.import_labels(table)
    assert report.n_stored == 1
    assert [problem.reason for problem in report.problems] == ["a label by a model"]


def test_a_changed_photograph_is_handed_back_and_one_that_is_gone_left_out(tmp_path, photographs):
    with Project.create(photographs.folder) as project:
        project.retrain()
        photographs.answer(project, project.query(20))
        project.retrain()
        project.audits.draw(0.3)
        while asked := project.audits.query(80):  # more once an error was met
            photographs.answer(project, asked)
        certificate = project.audits.certify()
        photographs.answer(project, project.audits.query_remainder(80))
        rows = {row["item_id"]: row for row in exported(project, tmp_path)}
        changed, gone, *_ = automatic(project, tmp_path)
        names = [rows[i]["item"] for i in (changed, gone)]
    photographs.change(names[0])
    (photographs.folder / names[1]).unlink()
    with Project.open(tmp_path / "photos.sparing") as project:
        status = project.status()
        assert status.certificate == certificate
        assert status.phase == "hand-back"
        assert any("1 item that the certificate covers has changed" in n for n in status.notes)
        assert any("1 of the 80 items were skipped, or are gone" in n for n in status.notes)
        assert not {changed, gone} & set(automatic(project, tmp_path))
        (asked,) = project.audits.query_remainder(80)
        assert asked.item.item_id == changed
        photographs.answer(project, [asked])
        assert project.phase == "done"
