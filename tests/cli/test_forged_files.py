"""Every field of every file of a certificate altered by itself: what goes unnoticed."""

import csv
import hashlib
import json

import numpy as np
import pytest
import typer

from sparing.cli.certify import certify
from sparing.errors import SparingError

app = typer.Typer()
app.command()(certify)

N = 300


def run(*args):
    """Return whether it went well."""
    try:
        return not app([str(a) for a in args], standalone_mode=False)
    except SparingError:
        return False


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(rows[0]), *(list(row.values()) for row in rows)])


def read(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def answered(path, truth):
    write(path, [{**row, "label": truth[row["id"]]} for row in read(path)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pool of 300 items, an audit of it, its certificate, and all labels."""
    top = tmp_path_factory.mktemp("forged")
    predicted = ["cat" if i % 3 else "dog" for i in range(N)]
    truth = {f"item-{i}": predicted[i] if i < N - 12 else "fox" for i in range(N)}
    known = [truth[f"item-{i}"] if i % 10 == 0 else "" for i in range(N)]
    sure = np.linspace(1, 0.6, N).round(4)
    write(top / "pool.csv", [
        {"id": f"item-{i}", "predicted": predicted[i], "confidence": sure[i], "label": known[i]}
        for i in range(N)
    ])  # fmt: skip
    run(top / "pool.csv", "--epsilon", 0.1, "--out", top)
    answered(top / "audit-1.csv", truth)
    run(top / "pool.csv", "--out", top)
    answered(top / "handback.csv", truth)
    run(top / "pool.csv", "--out", top)
    assert verified(top)
    return top


def verified(top, *, pool=True):
    given = [top / "pool.csv"] if pool else []
    return run(*given, "--verify", top / "certificate.json")


def other(value):
    try:
        return [str(float(value) * 0.999), ""]
    except ValueError:
        return [f"{value}x", ""] if value else ["x"]


def lines_of(top, name):
    """Return a line of each kind: labeled before, audited, by the model, handed back."""
    source = {row["id"]: row["source"] for row in read(top / "labels.csv")}
    kinds = {}
    for line, row in enumerate(read(top / name)):
        kinds.setdefault(source[row["id"]], line)
    return kinds


def unnoticed_in_table(top, name):
    """Return 'column of kind' wherever an altered value passes."""
    path, found = top / name, set()
    before = path.read_bytes()
    rows = read(path)
    for kind, line in lines_of(top, name).items():
        for column, value in rows[line].items():
            for changed in other(value):
                write(path, [{**r, **({column: changed} if i == line else {})}
                             for i, r in enumerate(rows)])  # fmt: skip
                if verified(top):
                    found.add(f"{column} of {kind}")
    path.write_bytes(before)
    return found


# Handed-back items are for a person to label, and the certificate is about what that person says:
# "the items that are handed back get their labels by people" is what it takes for granted.
HANDED_BACK = {"labels.csv": {"label of handback"},
               "handback.csv": {"id of handback", "label of handback"}}  # fmt: skip


@pytest.mark.parametrize("name", ["pool.csv", "audit-1.csv", "labels.csv", "handback.csv"])
def test_with_all_files_only_the_labels_of_handed_back_items_go_unnoticed(folder, name):
    assert unnoticed_in_table(folder, name) == HANDED_BACK.get(name, set())


def leaves(value, path=()):
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inside in pairs:
            yield from leaves(inside, (*path, step))
    else:
        yield path, value


def altered(value):
    if isinstance(value, bool | int):
        return not value if isinstance(value, bool) else value + 1
    return "x" if value is None else value * 0.99 if isinstance(value, float) else f"{value}x"


def hashed_anew(d):
    """Return an audit with the hash that fits it."""
    content = {name: part for name, part in d.items() if name != "digest"}
    d["digest"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return d


def test_no_altered_draw_goes_unnoticed_not_even_with_a_hash_that_fits(folder):
    path = folder / "audit-1.json"
    before = path.read_bytes()
    places = list(leaves(json.loads(before)))
    assert len(places) > 30
    for where, value in places:
        d = json.loads(before)
        place = d
        for step in where[:-1]:
            place = place[step]
        place[where[-1]] = altered(value)
        path.write_text(json.dumps(d if where == ("digest",) else hashed_anew(d)))
        assert not verified(folder), where
    path.write_bytes(before)


@pytest.mark.parametrize("name", ["audit-1.json", "audit-1.csv", "pool.csv"])
def test_what_was_there_to_compare_with_may_not_be_missing(folder, name):
    aside = (folder / name).rename(folder / "aside")
    assert not verified(folder)
    aside.rename(folder / name)
    assert verified(folder)


def test_labels_that_are_not_there_are_said_not_to_be_compared(folder, capsys):
    aside = (folder / "labels.csv").rename(folder / "aside")
    capsys.readouterr()
    assert verified(folder)
    assert "labels.csv is not there: its labels are not compared." in capsys.readouterr().err
    aside.rename(folder / "labels.csv")


def test_where_a_certificate_is_all_there_is_it_says_so(folder, capsys):
    capsys.readouterr()
    assert verified(folder, pool=False)
    assert "Its numbers alone were looked at" in capsys.readouterr().err
