import sqlite3
import threading
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sparing.errors import SchemaVersionError, StoreError
from sparing.store import Kind, NewEvent, open_store, stored_setting
from sparing.store.engine import open_engine, sqlite_url
from sparing.store.migrate import SCRIPTS, create, migrate, schema_version, upgrade
from sparing.store.schema import HEAD, metadata


def as_sql(path):
    """The schema as SQLite keeps it, whatever the order of its parts."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        parts = {name: " ".join(sql.split()).rstrip(") ").split(", ") for name, sql in rows}
        return {name: sorted(part.strip(") ") for part in found) for name, found in parts.items()}


def test_the_migrations_make_the_tables_that_the_code_expects(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "x.db"))
    upgrade(engine, None, "x")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_a_new_database_is_what_the_migrations_make(tmp_path):
    for step, name in ((create, "new"), (lambda e: upgrade(e, None, "x"), "migrated")):
        engine = open_engine(sqlite_url(tmp_path / name))
        step(engine)
        assert schema_version(engine) == HEAD
        engine.dispose()
    assert as_sql(tmp_path / "new") == as_sql(tmp_path / "migrated")


def test_head_is_the_newest_migration():
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


def test_a_current_database_is_not_touched(tmp_path):
    path = tmp_path / "x.db"
    open_store(sqlite_url(path)).close()
    before = path.read_bytes()
    open_store(sqlite_url(path)).close()
    assert path.read_bytes() == before


def test_a_schema_from_the_future_is_refused_in_one_line_and_nothing_is_touched(tmp_path):
    path = tmp_path / "x.db"
    open_store(sqlite_url(path)).close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = path.read_bytes()
    with pytest.raises(
        SchemaVersionError, match=r"^photos was written by a newer version"
    ) as error:
        open_store(sqlite_url(path), "photos")
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before


def test_reading_only_creates_nothing(tmp_path):
    with pytest.raises(StoreError, match="another schema"):
        open_store(sqlite_url(tmp_path / "x.db"), writable=False)


def test_reading_only_does_not_write(tmp_path):
    url = sqlite_url(tmp_path / "x.db")
    open_store(url).close()
    store = open_store(url, writable=False)
    assert store.events() == []
    with pytest.raises(StoreError, match="reading only"):
        store.append([NewEvent(key="a", kind=Kind.FLAG, item_id="a")])
    store.close()


def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="photos cannot be opened: file is not a database"):
        open_store(sqlite_url(path), "photos")


@pytest.mark.parametrize("url", ["mysql://x", "no url"])
def test_other_databases_are_refused(url):
    with pytest.raises(StoreError, match=r"not supported|not the URL"):
        open_store(url)


def test_an_older_schema_is_brought_to_the_newest(tmp_path):
    url = sqlite_url(tmp_path / "x.db")
    store = open_store(url)
    store.append([NewEvent(key="a", kind=Kind.FLAG, item_id="a")])
    store.close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as database, database:
        database.execute("DROP TABLE leases")
        database.execute("ALTER TABLE items DROP COLUMN anchor")
        database.execute("ALTER TABLE events DROP COLUMN value")
        database.execute("ALTER TABLE events DROP COLUMN digest")
        database.execute("ALTER TABLE events DROP COLUMN strategy")
        database.execute("ALTER TABLE events DROP COLUMN seconds")
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="open it once for writing"):
        open_store(url, writable=False)
    store = open_store(url)
    assert [event.key for event in store.events()] == ["a"]
    assert store.leases() == {}
    assert [(e.value, e.digest, e.seconds) for e in store.events()] == [(None, None, None)]
    said = NewEvent(key="b", kind=Kind.LABEL, item_id="a", value="[]", digest="0" * 64)
    assert store.append([said])[0].event.content == "[]"
    store.close()


def test_a_lease_does_not_wait_for_the_disk(tmp_path):
    store = open_store(sqlite_url(tmp_path / "x.db"))

    def ask(connection):
        return connection.exec_driver_sql("PRAGMA synchronous").scalar()

    assert [store._writer.run(ask, relaxed=r) for r in (False, True, False)] == [2, 1, 2]
    store.close()


def test_an_answer_that_was_confirmed_is_flushed_to_the_disk(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "x.db"))
    migrate(engine, "x")
    assert schema_version(engine) == HEAD
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() >= 5000
    engine.dispose()


def test_what_waits_is_committed_together(tmp_path, monkeypatch):
    store = open_store(sqlite_url(tmp_path / "x.db"))
    commits = []
    commit = Connection._commit_impl
    monkeypatch.setattr(Connection, "_commit_impl", lambda c: commits.append(1) or commit(c))
    begun, go_on = threading.Event(), threading.Event()

    def slowly(connection):
        begun.set()
        go_on.wait(5)

    def write(i):
        store.append([NewEvent(key=f"k{i}", kind=Kind.FLAG, item_id="a")])

    threads = [threading.Thread(target=store._writer.run, args=(slowly,))]
    threads[0].start()
    begun.wait(5)
    threads += [threading.Thread(target=write, args=(i,)) for i in range(20)]
    for thread in threads[1:]:
        thread.start()
    while store._writer._waiting.qsize() < 20:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(commits) == 2
    assert len(store.events()) == 20
    store.close()


def test_an_error_reaches_the_one_who_caused_it_and_nobody_else(tmp_path):
    store = open_store(sqlite_url(tmp_path / "x.db"))
    begun, go_on = threading.Event(), threading.Event()
    results = []

    def slowly(connection):
        begun.set()
        go_on.wait(5)

    def broken(connection):
        connection.exec_driver_sql("INSERT INTO settings VALUES ('half', 'done')")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    def run(work):
        try:
            results.append(store._writer.run(work))
        except StoreError as error:
            results.append(str(error))

    first = threading.Thread(target=run, args=(slowly,))
    first.start()
    begun.wait(5)
    others = [threading.Thread(target=run, args=(broken,))]
    others.append(threading.Thread(target=store.put_settings, args=({"good": "yes"},)))
    for thread in others:
        thread.start()
    while store._writer._waiting.qsize() < 2:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in (first, *others):
        thread.join()
    assert [r for r in results if r] == ["The project cannot be written: no such table: nowhere."]
    assert store.settings() == {"good": "yes"}
    store.close()


def test_a_commit_that_fails_is_everybodys_error(tmp_path, monkeypatch):
    store = open_store(sqlite_url(tmp_path / "x.db"))

    def full(connection):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Connection, "_commit_impl", full)
    with pytest.raises(OSError, match="No space left"):
        store.put_settings({"a": "b"})
    monkeypatch.undo()
    store.put_settings({"c": "d"})
    assert store.settings() == {"c": "d"}
    store.close()


def test_a_schema_whose_very_words_are_damaged_is_one_error(tmp_path):
    path = tmp_path / "project.db"
    open_store(sqlite_url(path)).close()
    path.write_bytes(
        path.read_bytes().replace(b"CREATE TABLE settings", b"CREATE TABL\xbb \xffettings")
    )
    with pytest.raises(StoreError, match="damaged"):
        open_store(sqlite_url(path), writable=False)


@pytest.mark.parametrize(
    "strange",
    [
        "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM events; END",
        (
            "DROP TABLE alembic_version; CREATE VIEW alembic_version AS WITH RECURSIVE r(n) AS"
            " (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS version_num FROM r WHERE n < 0"
        ),
    ],
)
def test_nothing_in_a_database_from_elsewhere_is_run(tmp_path, strange):
    path = tmp_path / "project.db"
    open_store(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(strange)
    for look in (open_store, lambda url: stored_setting(url, "settings")):
        with pytest.raises(StoreError, match="which no project has"):
            look(sqlite_url(path))
