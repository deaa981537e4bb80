"""The grids of real projects, and above all what is on none of them."""

import csv
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from sparing.errors import ConflictError, NotFoundError, UnknownNameError
from sparing.project import NewEvent, Project
from sparing.project.grid.purity import N_TESTED
from sparing.store import Kind

N = 240
ALL = 1000


def made(folder, spread):
    """Make a project of 240 points in three groups; every third row is of the same one."""
    rng = np.random.default_rng(0)
    centers = np.array([[0, 0, 0], [6, 0, 0], [0, 6, 0]])
    X = (centers[np.arange(N) % 3] + spread * rng.normal(size=(N, 3))).astype(np.float32)
    np.save(folder / "x.npy", X)
    return Project.create(folder / "x.npy", classes=["a", "b", "c"])


@pytest.fixture
def groups(tmp_path):
    with made(tmp_path, 1.0) as project:
        yield project


def truth(project, item_id):
    return "abc"[list(project.items).index(item_id) % 3]


def taught(project, n=30):
    ids = list(project.items)[:n]
    project.teach({item_id: truth(project, item_id) for item_id in ids})
    project.retrain()
    return project


def ids(page):
    return [asked.item.item_id for asked in page.items]


def directions(project):
    X = np.load(project.folder / "vectors.npy").astype(float)
    X -= X.mean(axis=0)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def most_like(project, row, others, n):
    """Return what is most like one row, of what is not more like others; none of them itself."""
    X, items = directions(project), list(project.items)
    like = X @ X[row]
    like[like <= (X @ X[others].T).max(axis=1)] -= 2
    like[[row, *others]] = -np.inf
    return [items[i] for i in np.argsort(-like)[:n]]


def grids(project):
    """Yield all that any grid shows, as item ids."""
    overview = project.grid.overview()
    for name in overview.likely:
        yield ids(project.grid.likely(name, ALL))
        yield ids(project.grid.rare(name, ALL))
    for line in overview.clusters:
        yield [line.example.item.item_id]
        yield ids(project.grid.cluster(line.number, ALL))
        found = project.grid.check(line.number)
        yield found.item_ids + [one.item.item_id for one in found.open]
    yield ids(project.grid.holding("", ALL))
    yield ids(project.grid.listed(range(len(project.items)), ALL))


def event(item_id, name, **more):
    given = {"kind": Kind.LABEL, "source": "grid", "confirmed": True} | more
    return NewEvent(key=uuid4().hex, item_id=item_id, class_name=name, **given)


def open_audit(project):
    project.audits.draw(0.2)
    return {a.item.item_id for a in project.audits.query(ALL)}


def test_a_class_comes_the_surest_first_without_what_is_answered_or_left_out(groups):
    taught(groups)
    page = groups.grid.likely("b", ALL)
    sure = [asked.guess[1] for asked in page.items]
    assert {asked.guess[0] for asked in page.items} == {page.class_name} == {"b"}
    assert sure == sorted(sure, reverse=True)
    assert page.n_open == len(page.items) == groups.grid.overview().likely["b"] > 50
    assert not set(ids(page)) & set(list(groups.items)[:30])
    rest = groups.grid.likely("b", 5, exclude=ids(page)[:20])
    assert ids(rest) == ids(page)[20:25]
    assert rest.n_open == page.n_open - 20


def test_before_there_is_a_model_a_class_is_empty_and_clusters_are_there(groups):
    assert groups.grid.overview().clusters is None
    groups.retrain()
    overview = groups.grid.overview()
    assert overview.likely == {"a": 0, "b": 0, "c": 0}
    assert groups.grid.likely("a", ALL).items == []
    assert sum(line.n_open for line in overview.clusters) == N
    page = groups.grid.cluster(overview.clusters[0].number, ALL)
    assert page.items[0] == overview.clusters[0].example or page.n_open == len(page.items)
    assert page.class_name is None
    assert {asked.guess for asked in page.items} == {None}
    with pytest.raises(NotFoundError):
        groups.grid.cluster(10**6, 5)
    with pytest.raises(UnknownNameError):
        groups.grid.likely("d", 5)


def test_the_classes_of_today_count_not_those_the_model_learned(groups):
    taught(groups)
    before = groups.grid.overview().likely
    groups.record([NewEvent(key="m", kind=Kind.MERGE_CLASS, class_name="c", text="a")])
    after = groups.grid.overview().likely
    assert sum(after.values()) == sum(before.values())
    assert after["a"] >= before["a"] + before["c"]  # the two together may be likelier than b
    assert len(groups.grid.likely("c", ALL).items) == after["a"]


def test_more_like_this_is_near_to_it(groups):
    groups.retrain()
    item_id = list(groups.items)[4]
    page = groups.grid.like(item_id, 20)
    assert item_id not in ids(page)
    X = np.load(groups.folder / "vectors.npy")
    near = np.argsort(((X - X[4]) ** 2).sum(axis=1))[1:21]
    assert ids(page) == [list(groups.items)[row] for row in near]
    assert page.class_name is None
    groups.teach({item_id: "b"})
    assert groups.grid.like(item_id, 20).class_name == "b"


def test_who_is_to_give_a_second_opinion_is_not_told_the_first(groups):
    groups.retrain()
    groups.team.set_overlap(1.0)
    item_id = list(groups.items)[4]
    groups.teach({item_id: "b"}, annotator="ann")
    told = {who: groups.grid.like(item_id, 5, annotator=who).class_name for who in ("ann", "bob")}
    assert told == {"ann": "b", "bob": None}


def test_without_vectors_nothing_is_near(groups):
    with pytest.raises(ConflictError, match="still being read"):
        groups.grid.like(next(iter(groups.items)), 5)


def test_a_rare_class_is_looked_for_by_the_model_and_near_its_examples(groups):
    taught(groups)
    groups.add_classes(["rare"])
    assert groups.grid.rare("rare", 10).items == []
    odd = list(groups.items)[100]
    groups.teach({odd: "rare"})
    near = groups.grid.rare("rare", 10)
    assert "most like the 1 newest of it" in near.about
    assert ids(near) == most_like(groups, 100, range(30), 10)
    groups.retrain()
    both = groups.grid.rare("rare", 10)
    assert both.items
    further = next(i for i in groups.items if i not in ids(both) and i != odd)
    groups.teach({further: "rare"})
    row = list(groups.items).index(further)
    (like,) = most_like(groups, row, [*range(30), 100], 1)
    assert like in ids(groups.grid.rare("rare", 10))


def test_what_is_more_like_something_else_than_like_an_example_comes_last(groups):
    groups.add_classes(["rare"])
    groups.retrain()
    items = list(groups.items)
    groups.teach({items[0]: "rare"})
    first = ids(groups.grid.rare("rare", ALL))
    groups.teach({first[0]: "a"})  # it was not: what is around it comes later
    again = ids(groups.grid.rare("rare", ALL))
    X = directions(groups)
    no, yes = (X @ X[items.index(i)] for i in (first[0], items[0]))
    later = [yes[items.index(i)] <= no[items.index(i)] for i in again]
    assert later == sorted(later)
    assert 0 < sum(later) < len(again)
    assert again != first[1:]


def test_before_there_is_a_class_for_the_model_a_rare_one_is_looked_for_by_its_examples(groups):
    groups.retrain()  # a version of the groups alone
    groups.teach({next(iter(groups.items)): "a"})
    assert len(groups.grid.rare("a", 10).items) == 10


def test_a_rare_class_is_looked_for_without_first_opinions_on_what_one_is_to_answer(groups):
    groups.retrain()
    groups.team.set_overlap(1.0)
    items = list(groups.items)
    groups.add_classes(["rare"])
    groups.teach({items[0]: "rare"}, annotator="ann")
    alone = ids(groups.grid.rare("rare", ALL, annotator="ann"))
    groups.teach({alone[0]: "a"}, annotator="bob")
    assert ids(groups.grid.rare("rare", ALL, annotator="ann")) == alone[1:]
    assert "no example" in groups.grid.rare("rare", ALL, annotator="bob").about


def test_keywords_are_found_in_names_and_texts(tmp_path):
    table = tmp_path / "notes.csv"
    table.write_text("text\nA red fox\nthe dog\nFOXGLOVE\n", encoding="utf-8")
    with Project.create(table, classes=["x"]) as project:
        page = project.grid.holding("fox", ALL)
        assert [one.item.fields["text"] for one in page.items] == ["A red fox", "FOXGLOVE"]
        assert [one.item.name for one in project.grid.holding("LINE 3", ALL).items] == ["line 3"]
        project.teach({page.items[0].item.item_id: "x"})
        assert project.grid.holding("fox", ALL).n_open == 1


def test_a_cluster_is_checked_blind_before_it_is_offered_whole(groups):
    groups.retrain()
    number = groups.grid.overview().clusters[0].number
    check = groups.grid.check(number)
    assert check.n_drawn == len(check.open) == N_TESTED + 1
    assert (check.purity, check.item_ids) == (None, [])
    assert {(one.guess, one.model_version, one.source) for one in check.open} == {
        (None, None, "person")
    }
    asked = [one.item.item_id for one in check.open]
    for item_id in asked[:-1]:
        groups.teach({item_id: truth(groups, item_id)})
    again = groups.grid.check(number)
    assert [one.item.item_id for one in again.open] == asked[-1:]
    groups.teach({asked[-1]: truth(groups, asked[-1])})
    done = groups.grid.check(number)
    assert done.open == []
    assert done.purity.n_tested == N_TESTED
    assert done.purity.n_like == sum(truth(groups, i) == done.purity.class_name for i in asked) - 1
    assert set(done.item_ids) == set(ids(groups.grid.cluster(number, ALL)))


def test_what_a_cluster_is_stays_hidden_from_whom_its_items_wait_for(groups):
    groups.team.set_overlap(1.0)
    groups.retrain()
    number = groups.grid.overview().clusters[0].number
    asked = [one.item.item_id for one in groups.grid.check(number, "Ada").open]
    groups.teach({item_id: truth(groups, item_id) for item_id in asked}, annotator="Ada")
    assert groups.grid.check(number, "Ada").purity.n_tested == N_TESTED
    hidden = groups.grid.check(number, "Ben")
    assert (hidden.open, hidden.purity, hidden.item_ids) == ([], None, [])
    groups.teach({item_id: truth(groups, item_id) for item_id in asked}, annotator="Ben")
    assert groups.grid.check(number, "Ben").purity.n_tested == N_TESTED


def test_the_draw_of_a_cluster_is_uniform(groups):
    groups.retrain()
    number = groups.grid.overview().clusters[0].number
    members = ids(groups.grid.cluster(number, ALL))
    typical = set(members[: len(members) // 2])
    n_typical = 0
    state = groups._guarded._state
    for seed in range(300):
        state.settings = replace(state.settings, seed=seed)
        groups.grid._drawn.clear()
        n_typical += sum(o.item.item_id in typical for o in groups.grid.check(number).open)
    expected = 300 * (N_TESTED + 1) * len(typical) / len(members)
    assert abs(n_typical - expected) < 5 * np.sqrt(300 * (N_TESTED + 1)) / 2


def exported(project, path):
    project.files.export(path)
    with path.open(newline="") as stream:
        return {row["item_id"]: row for row in csv.DictReader(stream)}


def test_labels_of_a_whole_cluster_have_a_provenance_of_their_own(groups, tmp_path):
    groups.retrain()
    one, two, three, four = list(groups.items)[:4]
    basis = "cluster 3; 10 of 10 random items are a"
    groups.record(
        [
            event(one, "a"),
            event(two, "b", confirmed=False),
            event(three, "a", source="cluster", text=basis),
            event(four, "a", source=None, confirmed=False),
        ]
    )
    rows = exported(groups, tmp_path / "out.csv")
    told = [(rows[i]["provenance"], rows[i]["source"], rows[i]["basis"]) for i in (one, two, three)]
    assert told == [
        ("confirmed", "grid", ""),
        ("person", "grid", ""),
        ("cluster", "cluster", basis),
    ]
    assert rows[four]["provenance"] == "person"
    groups.undo(4)
    assert groups.status().n_labeled == 0
    groups.files.import_labels(tmp_path / "out.csv")
    again = exported(groups, tmp_path / "again.csv")
    for item_id in (one, three, four):
        for column in ("label", "provenance", "basis"):
            assert again[item_id][column] == rows[item_id][column]


def test_an_answer_from_a_grid_is_never_credited_to_a_random_draw(groups):
    asked = groups.query(1)[0]
    assert asked.source == "uniform"
    groups.record([event(asked.item.item_id, "a", model_version=asked.model_version)])
    stored = groups.store.events()[-1]
    assert (stored.source, stored.propensity) == ("grid", None)


def test_what_an_audit_has_drawn_is_on_no_grid(groups):
    taught(groups)
    assert sum(len(shown) for shown in grids(groups)) > N
    drawn = open_audit(groups)
    assert len(drawn) > 10
    n_shown = 0
    for shown in grids(groups):
        n_shown += len(shown)
        assert not drawn & set(shown)
    assert n_shown > N
    with pytest.raises(ConflictError, match="asked alone"):
        groups.grid.like(min(drawn), 5)


def test_a_page_that_was_open_before_the_draw_answers_nothing_of_the_audit(groups):
    """The trap: a grid in another tab, or answers that waited offline, come after the draw."""
    taught(groups)
    name, page = next(
        (name, page)
        for name in "abc"
        if (page := groups.grid.likely(name, ALL)) and len(page.items) > 50
    )
    drawn = open_audit(groups)
    stale = [event(item_id, name) for item_id in ids(page)]
    corrected = [event(i, "a", confirmed=False) for i in sorted(drawn)]
    spread = [event(i, "a", source="cluster") for i in sorted(drawn)]
    confirmed = [event(i, "a", source=None) for i in sorted(drawn)]
    hit = drawn & set(ids(page))
    assert hit
    outcomes = groups.record([*stale, *corrected, *spread, *confirmed])
    refused = {
        e.item_id for e, done in zip(stale, outcomes, strict=False) if done.status != "stored"
    }
    assert refused == hit
    assert {done.status for done in outcomes[len(stale) :]} == {"refused"}
    assert "asked alone" in outcomes[-1].message
    rest = groups.grid.holding("", 1).items[0].item.item_id
    (unseen,) = groups.record([event(rest, "a", source="cluster")])
    assert (unseen.status, groups.status().phase) == ("refused", "audit")
    assert groups.status().audit.n_answered == 0
    assert {a.item.item_id for a in groups.audits.query(ALL)} == drawn
    assert not [e for e in groups.store.events() if e.purpose == "audit"]


def test_what_a_certificate_leaves_to_the_person_is_on_no_grid(tmp_path):
    with made(tmp_path, 3.0) as groups:
        taught(groups)
        groups.audits.draw(0.1)
        while asked := groups.audits.query(50):
            groups.teach({a.item.item_id: truth(groups, a.item.item_id) for a in asked})
        groups.audits.certify()
        left = {a.item.item_id for a in groups.audits.query_remainder(ALL)}
        assert left
        assert not left & {item_id for shown in grids(groups) for item_id in shown}
        (done,) = groups.record([event(min(left), "a")])
        assert done.status == "refused"
        assert groups.status().n_remainder_left == len(left)


def test_no_certificate_covers_what_was_labeled_unseen(groups):
    taught(groups)
    spread = ids(groups.grid.likely("a", 20))
    groups.record([event(item_id, "a", source="cluster", text="cluster 1") for item_id in spread])
    groups.retrain()
    drawn = open_audit(groups)
    assert not drawn & set(spread)
    covered = groups._guarded._state.drawn.frozen.contents
    rows = [groups._guarded._state.row_of[item_id] for item_id in spread]
    assert (groups._guarded._state.drawn.frozen.predictions.y[rows] == -2).all()
    assert len(covered) == N
