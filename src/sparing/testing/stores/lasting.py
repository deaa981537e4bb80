"""Items, settings and versions: all survive closing, and another door sees them."""

from dataclasses import replace

from sparing.errors import ConflictError, StoreError
from sparing.store import Version, VersionFacts
from sparing.testing.stores.support import (
    OpenStore,
    StoreCheck,
    all_of,
    expect,
    item_row,
    labeled,
    seq_of,
)


def check_all_survives_closing(open_store: OpenStore) -> None:
    """What was stored is there when the store is opened again; numbers go on."""
    store = open_store()
    store.append([labeled("a")])
    store.put_items([item_row(0)])
    store.put_settings({"seed": "1"})
    store.add_version(Version(1, 1, VersionFacts(1)))
    before = all_of(store)
    store.close()
    store = open_store()
    after = all_of(store)
    (later,) = store.append([labeled("b")])
    store.close()
    expect(after == before, f"{after} is not {before}")
    expect(seq_of(later) > before[0][-1].seq, "a number was given again")


def check_another_door_sees_what_was_stored(open_store: OpenStore) -> None:
    """A second opening reads what the first has stored, while both are open."""
    one, two = open_store(), open_store()
    one.append([labeled("a")])
    seen = [event.item_id for event in two.events()]
    one.close()
    two.close()
    expect(seen == ["a"], f"it sees {seen}")


def check_items_are_replaced_by_row(open_store: OpenStore) -> None:
    """Items come back by row; one put again replaces the first."""
    store = open_store()
    store.put_items([item_row(1), item_row(0)])
    gone = replace(item_row(1), state="gone", reason="not there", content_hash="abc")
    store.put_items([gone, item_row(2)])
    items = store.items()
    store.close()
    expect(items == [item_row(0), gone, item_row(2)], f"they are {items}")


def check_contents_are_noted_once(open_store: OpenStore) -> None:
    """A content is noted where none is known and the file is still the same; nothing else is."""
    store = open_store()
    known = replace(item_row(1), content_hash="abc")
    store.put_items([item_row(0), known, item_row(2)])
    touched = replace(item_row(2), mtime_ns=item_row(2).mtime_ns + 1)
    new = [replace(item, content_hash="new", name="x") for item in (item_row(0), known, touched)]
    store.note_contents(new)
    items = store.items()
    store.close()
    expected = [replace(item_row(0), content_hash="new"), known, item_row(2)]
    expect(items == expected, f"they are {items}")


def check_settings_are_replaced(open_store: OpenStore) -> None:
    """A setting has the last value that was put."""
    store = open_store()
    store.put_settings({"seed": "1", "name": "x"})
    store.put_settings({"seed": "2"})
    settings = store.settings()
    store.close()
    expect(settings == {"seed": "2", "name": "x"}, f"they are {settings}")


def check_versions_come_back(open_store: OpenStore) -> None:
    """Versions come back in order with their facts."""
    versions = [
        Version(1, 3, VersionFacts(2)),
        Version(2, 7, VersionFacts(5, (0.5, 0.25, 1.0, 4), asked=((3, "uniform", 0.1, "random"),))),
    ]
    store = open_store()
    for version in versions:
        store.add_version(version)
    found = (store.versions(), store.versions(1))
    store.close()
    expect(found == (versions, versions[1:]), f"they are {found}")


def check_version_number_is_given_once(open_store: OpenStore) -> None:
    """A second version of the same number is a conflict, and changes nothing."""
    store = open_store()
    store.add_version(Version(1, 3, VersionFacts(3)))
    try:
        store.add_version(Version(1, 4, VersionFacts(4)))
    except ConflictError:
        pass
    else:
        raise AssertionError("a number was given twice")
    finally:
        versions = store.versions()
        store.close()
    expect(versions == [Version(1, 3, VersionFacts(3))], f"they are {versions}")


def check_close_may_come_twice(open_store: OpenStore) -> None:
    """Closing a closed store does nothing."""
    store = open_store()
    store.close()
    store.close()


def check_closed_store_says_so(open_store: OpenStore) -> None:
    """Writing to a closed store raises StoreError."""
    store = open_store()
    store.close()
    try:
        store.append([labeled("a")])
    except StoreError:
        return
    raise AssertionError("it took an event")


CHECKS: tuple[StoreCheck, ...] = (
    check_all_survives_closing,
    check_another_door_sees_what_was_stored,
    check_items_are_replaced_by_row,
    check_contents_are_noted_once,
    check_settings_are_replaced,
    check_versions_come_back,
    check_version_number_is_given_once,
    check_close_may_come_twice,
    check_closed_store_says_so,
)
