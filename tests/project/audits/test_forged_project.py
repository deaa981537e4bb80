"""Every column of every table of a project, and every array beside it, altered by itself."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import fields, replace

import numpy as np
import pytest

from sparing.cli.projects import certify_project
from sparing.errors import SourceError, SparingError
from sparing.files import read_arrays, write_arrays
from sparing.project import NewEvent, Project
from sparing.project.log.log_hash import hashed_until, log_hash, log_hash_like
from sparing.store import Event, Kind, schema

N = 400
# What a certificate is not about. Of these items the content and the key are what counts, and what
# stands here is read from the source anew; of a model version the numbers on the page.
NOT_OF_IT = {
    "items": {"name", "size", "mtime_ns", "reason", "anchor"},
    "versions": {"version", "seq", "at"},
}
# Of the event that says so, its place after all that is named, and the time; both stand in no
# certificate. Settings that would read the items otherwise are noticed by what the items hold.
NOT_OF_ITS_EVENT = {"seq", "at"}
SETTINGS_OF_IT = {"source", "layout", "kind", "least_iou"}


def say(project, key, kind, **more):
    return project.record([NewEvent(key=key, kind=kind, **more)])[0]


def asked(project):
    return project.query(1)[0].item.item_id


def lead_a_life(numbers, project):
    """Say something of every kind before a certificate, and label what it hands back."""
    project.add_classes(["tiny", "huge", "odd"])
    numbers.answer(project, project.query(39))
    first = asked(project)
    project.teach({first: "tiny"})
    numbers.truth[first] = "low"
    say(project, "merge", Kind.MERGE_CLASS, class_name="tiny", text="low")
    say(project, "rename", Kind.RENAME_CLASS, class_name="huge", text="vast")
    say(project, "delete", Kind.DELETE_CLASS, class_name="odd")
    say(project, "skip", Kind.SKIP, item_id=asked(project))
    say(project, "flag", Kind.FLAG, item_id=first)
    say(project, "comment", Kind.COMMENT, item_id=first, text="hm")
    say(project, "words", Kind.GUIDELINES, text="Low is below the half.")
    project.teach({first: "high"})
    project.undo()
    project.retrain()
    project.audits.draw(0.05)
    for number, unclear in enumerate(project.audits.query(2)):  # they are handed back for certain
        say(project, f"unclear {number}", Kind.SKIP, item_id=unclear.item.item_id)
    while left := project.audits.query(N):
        numbers.answer(project, left)
    certificate = project.audits.certify()
    numbers.answer(project, project.audits.query_remainder(N))
    return certificate


@pytest.fixture(scope="module")
def lived(numbers_of_module, tmp_path_factory):
    """Return a project that was closed, how it was then, and its certificate."""
    with numbers_of_module.project() as project:
        certificate = lead_a_life(numbers_of_module, project)
    kept = tmp_path_factory.mktemp("kept") / "as it was"
    shutil.copytree(numbers_of_module.folder, kept)
    return numbers_of_module.folder, kept, certificate


@pytest.fixture
def closed(lived):
    """Return the folder of a project, which a test may alter, and a certificate of it."""
    folder, kept, certificate = lived
    yield folder, certificate
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)


@pytest.fixture
def certified(closed):
    """Return the same project, opened."""
    folder, certificate = closed
    with Project.open(folder) as project:
        yield project, certificate


def other(value, column):
    """Return another value that such a column may have."""
    if isinstance(value, int | float) or (value is None and column in {"undoes", "model_version"}):
        return (value or 0) + 1
    if column == "kind":
        return "skip" if value == "label" else "label"
    if column == "purpose":
        return "train" if value == "audit" else "audit"
    return f"{value or ''}x"


def rows_of(database, table, by):
    """Return the columns of a table, and a row of it for each value of some of them."""
    con = database.execute(f"SELECT rowid AS place, * FROM {table}")  # noqa: S608
    names = [name for name, *_ in con.description]
    rows = [dict(zip(names, row, strict=True)) for row in con]
    return {tuple(row[name] for name in by): row for row in rows}


def failed(project, certificate):
    return [check.what for check in project.audits.verify(certificate) if not check.ok]


def test_no_column_of_what_was_said_before_a_certificate_is_altered_unnoticed(certified):
    project, certificate = certified
    assert failed(project, certificate) == []
    assert project.phase == "done"
    events, last = project.store.events(), hashed_until(certificate.log)
    assert {column.name for column in schema.events.columns} == {f.name for f in fields(Event)}
    one_of_each = {(event.kind, event.purpose): place for place, event in enumerate(events)}
    assert len({kind for kind, _ in one_of_each}) >= 11
    unnoticed = {
        of
        for of, place in one_of_each.items()
        for column in fields(Event)
        if log_hash(with_other(events, place, column.name), last) == certificate.log
    }
    # What people say of handed-back items is what the certificate takes for granted; the event that
    # names the certificate is looked at by itself.
    assert unnoticed == {("label", "handback"), ("certified", None)}


def test_a_field_that_is_zero_is_told_from_one_that_is_not_there(certified):
    project, certificate = certified
    events, last = project.store.events(), hashed_until(certificate.log)
    place = next(i for i, event in enumerate(events) if event.kind == "label")
    zero, none = (
        [*events[:place], replace(events[place], model_version=value), *events[place + 1 :]]
        for value in (0, None)
    )
    assert log_hash(zero, last) != log_hash(none, last)
    before = log_hash(zero, last, "")  # a mark of before knows no zeros, and is made as it was
    assert before == log_hash(none, last, "") == log_hash_like(zero, before)
    assert log_hash_like(events, certificate.log) == certificate.log


def with_other(events, place, column):
    changed = replace(events[place], **{column: other(getattr(events[place], column), column)})
    return [*events[:place], changed, *events[place + 1 :]]


def altered_unheard(folder, kept, certificate, changes):
    """Return the names of those changes, of a statement and its values, which nothing notices."""
    with Project.open(folder) as project:
        before = project.audits.notes()
    unheard = set()
    for name, statement, values in changes:
        with closing(sqlite3.connect(folder / "project.db")) as database:
            assert database.execute(statement, values).rowcount == 1
            database.commit()
        if not aloud(folder, certificate, before):
            unheard.add(name)
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
    return unheard


def test_of_the_event_that_names_a_certificate_only_place_and_time_are_altered_unheard(lived):
    folder, kept, certificate = lived
    with closing(sqlite3.connect(folder / "project.db")) as database:
        (row,) = rows_of(database, "events WHERE kind = 'certified'", ("seq",)).values()
    values = {f.name: other(row[f.name], f.name) for f in fields(Event)} | {"seq": 10**6}
    changes = [
        (name, f"UPDATE events SET {name} = ? WHERE kind = 'certified'", (value,))  # noqa: S608
        for name, value in values.items()
        if name not in {"kind", "undoes"}
    ]
    assert altered_unheard(folder, kept, certificate, changes) == NOT_OF_ITS_EVENT
    said = json.loads(certificate.to_json())["not_checked"]
    assert any("when it was made" in one for one in said)
    assert any("names of items, settings" in one for one in said)


def test_settings_that_a_certificate_is_about_and_leases(lived):
    folder, kept, certificate = lived
    with closing(sqlite3.connect(folder / "project.db")) as database:
        stored = dict(database.execute("SELECT name, value FROM settings").fetchall())
    told = json.loads(stored["settings"])
    put = "UPDATE settings SET value = ? WHERE name = ?"
    changes = [
        (name, put, (json.dumps(told | {name: other_setting(value)}), "settings"))
        for name, value in told.items()
    ]
    changes += [(n, put, (f"{v}1", n)) for n, v in stored.items() if n != "settings"]
    changes.append(("a lease", "INSERT INTO leases VALUES ('x', 'y', 1e12)", ()))
    names = {name for name, *_ in changes}
    assert len(names) > 10
    assert altered_unheard(folder, kept, certificate, changes) == names - SETTINGS_OF_IT


def other_setting(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, "x"]
    return value + 1 if isinstance(value, int | float) else f"{value or ''}x"


@pytest.mark.parametrize("change", [
    "DELETE FROM events WHERE kind = 'comment'",
    "UPDATE events SET text = 'x' WHERE kind = 'certified'",
    "UPDATE events SET class_id = 'x' WHERE purpose = 'train'",
    "UPDATE events SET annotator = 'Eve' WHERE purpose = 'train'",
    "UPDATE events SET seq = 100000 WHERE kind = 'comment'",
])  # fmt: skip
def test_what_is_done_to_the_log_of_a_closed_project_is_noticed(closed, change):
    folder, certificate = closed
    with closing(sqlite3.connect(folder / "project.db")) as database:
        assert database.execute(change).rowcount
        database.commit()
    with Project.open(folder) as project:
        assert failed(project, certificate)


def aloud(folder, certificate, said_before):
    """Tell whether an altered project says so: the check fails, or other notes stand beside it."""
    try:
        with Project.open(folder) as project:
            return bool(failed(project, certificate)) or project.audits.notes() != said_before
    except SparingError:
        return True


@pytest.mark.parametrize(("table", "unheard"), NOT_OF_IT.items())
def test_only_what_no_certificate_is_about_is_altered_unheard(closed, lived, table, unheard):
    folder, certificate = closed
    with Project.open(folder) as project:
        before = project.audits.notes()
    with closing(sqlite3.connect(folder / "project.db")) as database:
        row = list(rows_of(database, table, ("place",)).values())[-3 if table == "items" else -1]
    others = row.keys() - {"place", "row"} - unheard
    heard = []
    for columns in (unheard, *({column} for column in others)):
        with closing(sqlite3.connect(folder / "project.db")) as database:
            for column in columns:
                change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
                database.execute(change, (other(row[column], column), row["place"]))
            database.commit()
        heard.append(aloud(folder, certificate, before))
        shutil.rmtree(folder)
        shutil.copytree(lived[1], folder)
    assert heard == [False, *(True for _ in others)]


def altered(array):
    """Return an array with its last value altered, in the same form."""
    flat = array.copy().reshape(-1)
    if flat.dtype.kind in "US":
        flat = flat.astype(object)
        flat[-1] = flat[-1] + "x"
        return np.array(flat.tolist(), dtype=np.str_).reshape(array.shape)
    flat[-1] = not flat[-1] if flat.dtype == bool else flat[-1] + 1
    return flat.reshape(array.shape)


@pytest.mark.parametrize("name", ["audits/1.npz", "certificates/1.npz"])
def test_no_array_beside_the_database_is_altered_unnoticed(certified, name):
    project, certificate = certified
    path = project.folder / name
    arrays = read_arrays(path, "arrays")
    assert len(arrays) >= 2
    for what in arrays:
        write_arrays(path, {**arrays, what: altered(arrays[what])})
        try:
            assert failed(project, certificate), what
        except SparingError:
            continue
    write_arrays(path, arrays)
    assert failed(project, certificate) == []


@pytest.mark.parametrize("name", ["audits/1.json", "audits/1.npz", "certificates/1.npz"])
def test_no_file_that_is_compared_with_may_be_missing(certified, name):
    project, certificate = certified
    (project.folder / name).unlink()
    if name.startswith("certificates"):
        said = "the labels on the disk are those that were certified"
        assert failed(project, certificate) == [said]
    else:
        with pytest.raises(SourceError, match="is not there or damaged"):
            project.audits.verify(certificate)


def test_an_audit_of_a_class_that_the_log_does_not_have_is_said(closed, tmp_path):
    folder, _ = closed
    with closing(sqlite3.connect(folder / "project.db")) as database:
        database.execute(
            "UPDATE events SET key = 'x' WHERE class_name = 'high' AND kind = 'add_class'"
        )
        database.commit()
    with Project.open(folder) as project:
        assert "a class that was never added here" in project.audits.notes()[0]
        project.files.export(tmp_path / "out.csv")
        assert "automatic" not in (tmp_path / "out.csv").read_text()


def test_what_has_become_of_the_labels_since_stands_before_the_checks(closed, capsys):
    folder, _ = closed
    certify_project(str(folder), {}, folder / "certificates" / "1.json", as_json=False)
    said = capsys.readouterr().out
    assert " of the 399 items were skipped" in said.partition("Since then: ")[2]
    assert said.index("Since then") < said.index("ok  ")
