"""What is particular to PostgreSQL: several processes, a server that goes away, URLs."""

import json
import subprocess
import sys
import threading

import pytest

from sparing.errors import MissingExtraError, SchemaVersionError, StoreError
from sparing.store import Kind, NewEvent, open_store
from sparing.store.engine import is_postgresql, open_engine, shown_url
from sparing.store.migrate import check, create, schema_version, upgrade
from sparing.testing.postgresql import throwaway_server

pytest.importorskip("psycopg")
N_ITEMS = 40


def label(item, key, class_id="cat"):
    return NewEvent(key=key, kind=Kind.LABEL, item_id=item, class_id=class_id)


# Leases one item after the other; then answers some that the other process answers too.
RACER = """
import json, sys
from sparing.store import Kind, NewEvent, Wish, open_store
url, name, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(url)
print("ready", flush=True)
sys.stdin.readline()
leased, statuses = [], []
while mine := store.lease(
    Wish(name, [f"item-{i}" for i in range(n) if f"item-{i}" not in leased], 1, 60)
):
    leased += mine
for i in range(n):
    new = NewEvent(key=f"{name}-{i}", kind=Kind.LABEL, item_id=f"contested-{i}", class_id=name)
    statuses.append(store.append([new])[0].status)
print(json.dumps([leased, statuses]), flush=True)
store.close()
"""


def test_two_processes_race_and_nothing_is_given_twice(postgresql):
    url = postgresql.new_url()
    open_store(url).close()
    command = [sys.executable, "-c", RACER, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen([*command, "Ada", str(N_ITEMS)], **pipes) as ada,
        subprocess.Popen([*command, "Bob", str(N_ITEMS)], **pipes) as bob,
    ):
        assert [p.stdout.readline() for p in (ada, bob)] == ["ready\n"] * 2
        for process in (ada, bob):
            process.stdin.write("go\n")
            process.stdin.flush()
        first, second = (json.loads(process.stdout.readline()) for process in (ada, bob))
    assert sorted(first[0] + second[0]) == sorted(f"item-{i}" for i in range(N_ITEMS))
    for pair in zip(first[1], second[1], strict=True):
        assert sorted(pair) == ["conflict", "stored"]


def test_processes_that_make_one_project_at_once_do_not_collide(postgresql):
    url = postgresql.new_url()
    failures = []

    def open_it():
        try:
            open_store(url).close()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_projects_in_one_database_know_nothing_of_each_other(postgresql):
    one, two = (open_store(postgresql.new_url()) for _ in range(2))
    one.append([label("a", "k")])
    one.put_settings({"name": "one"})
    duty = one.claim("training")
    assert two.events() == []
    assert two.settings() == {}
    other = two.claim("training")
    assert other is not None
    duty.release()
    other.release()
    one.close()
    two.close()


def test_the_migrations_make_what_a_new_database_has(postgresql):
    found = []
    for make in (create, lambda engine: upgrade(engine, None, "x")):
        url = postgresql.new_url()
        open_store(url).close()
        engine = open_engine(url)
        with engine.begin() as connection:
            for table in ("alembic_version", "events", "items", "leases", "settings", "versions"):
                connection.exec_driver_sql(f"DROP TABLE {table}")
        make(engine)
        check(engine, "x")
        with engine.connect() as connection:
            found.append(
                connection.exec_driver_sql(
                    "SELECT table_name, column_name, data_type, is_nullable,"
                    " character_maximum_length FROM information_schema.columns"
                    " WHERE table_schema = current_schema() ORDER BY 1, 2"
                ).all()
                + connection.exec_driver_sql(
                    "SELECT conrelid::regclass::text, conname FROM pg_constraint"
                    " WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2"
                ).all()
            )
        engine.dispose()
    assert ("leases", "pk_leases") in found[0]
    assert found[0] == found[1]


def test_a_schema_from_the_future_is_refused_in_one_line_and_nothing_is_touched(postgresql):
    url = postgresql.new_url()
    open_store(url).close()
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("DROP TABLE leases")
    for writable in (True, False):
        with pytest.raises(SchemaVersionError, match="photos was written by a newer") as error:
            open_store(url, "photos", writable=writable)
        assert "\n" not in str(error.value)
    with engine.connect() as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        assert connection.exec_driver_sql(tables).scalar() == 5
    assert schema_version(engine) == "9999"
    engine.dispose()


def test_reading_only_creates_nothing(postgresql):
    url = postgresql.new_url()
    with pytest.raises(StoreError, match="another schema"):
        open_store(url, writable=False)
    engine = open_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_schema()").scalar() is None
    engine.dispose()


def test_an_answer_waits_for_the_disk_and_a_lease_does_not(postgresql):
    store = open_store(postgresql.new_url())

    def ask(connection):
        return connection.exec_driver_sql("SHOW synchronous_commit").scalar()

    assert store._writer.run(ask) == "on"
    assert store._writer.run(ask, relaxed=True) == "off"
    assert store._writer.run(ask) == "on"
    store.close()


def test_a_server_that_went_away_is_used_again_as_soon_as_it_is_back(postgresql_programs):
    with throwaway_server(postgresql_programs) as server:
        url = server.new_url()
        store, other = open_store(url), open_store(url)
        store.append([label("a", "1")])
        duty = store.claim("training")
        server.stop("immediate")
        for attempt in (store.events, lambda: store.append([label("b", "2")]), store.leases):
            with pytest.raises(StoreError, match="The project cannot be") as error:
                attempt()
            assert "\n" not in str(error.value)
        assert not duty.holds()
        server.start()
        assert [o.status for o in store.append([label("a", "1"), label("b", "2")])] == [
            "duplicate", "stored",
        ]  # fmt: skip
        assert [event.item_id for event in store.events()] == ["a", "b"]
        taken = other.claim("training")
        assert taken is not None
        assert not duty.holds()
        taken.release()
        store.close()
        other.close()


def test_a_server_that_is_not_there_is_said_in_one_line_without_the_password():
    with pytest.raises(StoreError, match="photos cannot be opened: connection failed") as error:
        open_store("postgresql://me:hunter2@127.0.0.1:9/labels", "photos")
    assert "\n" not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@host:port/db",
        "postgresql://me:hunter2@host/db?project=DROP TABLE",
        "postgresql://me:hunter2@host/db?project=a&project=b",
    ],
)
def test_no_message_on_a_url_shows_the_password(url):
    with pytest.raises(StoreError) as error:
        open_store(url)
    assert "hunter2" not in str(error.value)


def test_urls_and_paths_are_told_apart():
    assert is_postgresql("postgres://h/db")
    assert not is_postgresql("postgresql:")
    assert not is_postgresql("photos/postgresql://")
    assert shown_url("postgres://me:hunter2@h:1/db?password=hunter2") == "postgresql://me@h:1/db"


def test_without_psycopg_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sparing\[postgres\]'"):
        open_store("postgresql://host/db")
