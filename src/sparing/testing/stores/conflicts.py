"""Who has not seen an answer does not overwrite it; opinions stand beside each other."""

from dataclasses import replace

from sparing.store import EventStatus, Kind, NewEvent, Outcome
from sparing.testing.stores.support import OpenStore, StoreCheck, expect, labeled


def check_second_answer_unseen_is_a_conflict(open_store: OpenStore) -> None:
    """Who has not seen an answer does not overwrite it, and learns what it is."""
    store = open_store()
    (first,) = store.append([labeled("a", "cat")])
    (second,) = store.append([replace(labeled("a", "dog"), key="other")])
    (skip,) = store.append([NewEvent(key="skip", kind=Kind.SKIP, item_id="a")])
    n = len(store.events())
    store.close()
    for outcome in (second, skip):
        expect(outcome.status is EventStatus.CONFLICT, f"it is {outcome.status}")
        expect(outcome.current == first.event, f"it names {outcome.current}")
    expect(n == 1, "it was stored")


def check_same_answer_again_is_a_duplicate(open_store: OpenStore) -> None:
    """Two people who say the same do not disagree."""
    store = open_store()
    store.append([labeled("a", "cat")])
    (second,) = store.append([replace(labeled("a", "cat"), key="other")])
    store.close()
    expect(second.status is EventStatus.DUPLICATE, f"it is {second.status}")


def check_answer_to_what_was_seen_is_stored(open_store: OpenStore) -> None:
    """Who has seen the answer may change it."""
    store = open_store()
    first = labeled("a", "cat")
    store.append([first])
    (second,) = store.append([replace(labeled("a", "dog"), key="other", seen=first.key)])
    (third,) = store.append([replace(labeled("a", "fox"), key="late", seen=first.key)])
    store.close()
    expect(second.status is EventStatus.STORED, f"it is {second.status}")
    expect(third.status is EventStatus.CONFLICT, f"with an old view it is {third.status}")


def check_answer_of_another_person_may_stand_beside(open_store: OpenStore) -> None:
    """Where two answers are wanted, the second becomes an opinion, and its key counts once."""
    store = open_store()
    ada = NewEvent(key="1", kind=Kind.LABEL, item_id="a", class_id="cat", annotator="Ada")
    ben = replace(ada, key="2", class_id="dog", annotator="Ben", beside=True)
    first, second, again = store.append([ada, ben, ben])
    tab = store.append([replace(ada, key="3", class_id="dog", beside=True)])[0]
    unnamed = NewEvent(key="4", kind=Kind.LABEL, item_id="b", class_id="cat")
    named = replace(ben, key="5", item_id="b")
    known = store.append([unnamed, named])[1]
    kinds = [event.kind for event in store.events()]
    store.close()
    expect(kinds == [Kind.LABEL, Kind.OPINION, Kind.LABEL], f"there are {kinds}")
    expect(again == Outcome(EventStatus.DUPLICATE, second.event), f"sent again it was {again}")
    expect(tab == Outcome(EventStatus.CONFLICT, current=first.event), f"the same person got {tab}")
    expect(known.status is EventStatus.CONFLICT, f"beside an answer without a name it was {known}")


def check_equal_values_are_the_same_answer(open_store: OpenStore) -> None:
    """Of answers that are no single class the hash tells whether they say the same."""
    store = open_store()
    ada = NewEvent(key="1", kind=Kind.LABEL, item_id="a", value='[{"by":"drawn"}]', digest="d1")
    same, other = store.append(
        [
            ada,
            replace(ada, key="2", value='[{"by":"accepted"}]'),
            replace(ada, key="3", digest="d2"),
        ]
    )[1:]
    store.close()
    expect(same.status is EventStatus.DUPLICATE, f"the same answer was {same}")
    expect(other.status is EventStatus.CONFLICT, f"another answer was {other}")


def check_a_person_has_one_opinion(open_store: OpenStore) -> None:
    """An opinion is changed by who has seen it; unseen it is a conflict, the same a duplicate."""
    store = open_store()
    ada = NewEvent(key="1", kind=Kind.LABEL, item_id="a", class_id="cat", annotator="Ada")
    ben = replace(ada, key="2", annotator="Ben", beside=True)
    store.append([ada, ben])
    other, same, changed = store.append(
        [
            replace(ben, key="3", class_id="dog"),
            replace(ben, key="4"),
            replace(ben, key="5", class_id="dog", seen="2"),
        ]
    )
    found = [(event.kind, event.class_id) for event in store.events()]
    store.close()
    expect(other.status is EventStatus.CONFLICT, f"an opinion unseen was {other}")
    expect(same.status is EventStatus.DUPLICATE, f"the same opinion was {same}")
    expect(changed.status is EventStatus.STORED, f"a change of what was seen was {changed}")
    wanted = [(Kind.LABEL, "cat"), (Kind.OPINION, "cat"), (Kind.OPINION, "dog")]
    expect(found == wanted, f"there are {found}")


def check_guidelines_name_those_they_replace(open_store: OpenStore) -> None:
    """Two people who write guidelines at once do not overwrite each other."""
    store = open_store()
    one = NewEvent(key="1", kind=Kind.GUIDELINES, text="One.")
    first, unseen, seen = store.append(
        [one, replace(one, key="2", text="Two."), replace(one, key="3", text="Two.", seen="1")]
    )
    texts = [event.text for event in store.events()]
    store.close()
    expect(unseen == Outcome(EventStatus.CONFLICT, current=first.event), f"the second was {unseen}")
    expect(seen.status is EventStatus.STORED, f"one that saw the first was {seen}")
    expect(texts == ["One.", "Two."], f"there are {texts}")


CHECKS: tuple[StoreCheck, ...] = (
    check_second_answer_unseen_is_a_conflict,
    check_same_answer_again_is_a_duplicate,
    check_answer_to_what_was_seen_is_stored,
    check_answer_of_another_person_may_stand_beside,
    check_equal_values_are_the_same_answer,
    check_a_person_has_one_opinion,
    check_guidelines_name_those_they_replace,
)
