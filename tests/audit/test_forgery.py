"""Every field of a certificate altered, by somebody who writes the hash anew, too."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from sparing import ClassTable
from sparing.audit.audit import Audit, Claim
from sparing.audit.autolabel import certified
from sparing.audit.certificate import Certificate, Origins, UnitLimit
from sparing.audit.sampling import draw_audit
from sparing.audit.verification import verify
from sparing.audit.wording import statement
from sparing.errors import InvalidInputError, SparingError
from sparing.pool.predictions import Predictions, items_digest

SAID = ("sparing_certificate", "assumptions", "not_checked", "how_to_check", "digest")
# Numbers fit each other with or without these: what they name has to be there to compare.
NAMES = {
    "key", "items", "answers", "labels", "log", "predictions", "audit", "previous/0",
    "model_version", "majority", "recall/cat", "recall/dog", "notes/0", "notes/1",
    "evidence/0/scope", "evidence/0/risk", "left_out/skipped", "n_wrong", "notes/2",
    # Of these each value that passes is a proof of its own: of the same claim, at as little risk.
    "evidence/0/delta", "evidence/0/threshold", "evidence/0/looks/0/0", "evidence/0/looks/0/1",
    "evidence/0/looks/1/0", "evidence/0/looks/1/1",
}  # fmt: skip
# Where nothing is left of these, the numbers alone do not tell that something was.
MAY_BE_EMPTY = {"recall", "taught", "left_out", "notes", "by_label", "sameness", "units"}
NONSENSE = (None, [], {}, "", -1, 0, 10**30, float("inf"))


WHOLE = Claim(0.2)


def case(claim=WHOLE, looks=(90, 130)):
    n = 400
    rng = np.random.default_rng(0)
    codes = np.arange(n) % 2
    truth = np.where(rng.random(n) < 0.01, 1 - codes, codes)
    y = np.where(np.arange(n) < 20, truth, -1)
    y[20] = -2
    ids = [f"item {i}" for i in range(n)]
    p = Predictions(codes, np.linspace(1, 0.5, n), y, ClassTable(("cat", "dog")), 3,
                    items_digest(ids))  # fmt: skip
    first = draw_audit(p, {0: 5, 1: 5} if claim.per_class else 5, claim=claim)
    audit = draw_audit(p, looks, claim=claim, cut=0.6, key="ab", previous=[first])
    answers = [(row, p.classes.values[truth[row]]) for row in audit.drawn.tolist()]
    origins = Origins([(r, f"Ada: {v}") for r, v in answers], {"alone": 19, "at a glance": 1},
                      log="7 ab")  # fmt: skip
    done = certified(p, audit, answers, origins)
    return p, audit, answers, origins, done.certificate


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from leaves(inside, (*path, name))
    elif isinstance(value, list):
        for place, inside in enumerate(value):
            yield from leaves(inside, (*path, place))
    else:
        yield path, value


def altered(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 0.99, value * 1.01]
    return ["x"] if value is None else [f"{value}x", ""]


def forged(d, path, value):
    """Return the certificate with one field altered, and the hash that fits it."""
    d = json.loads(json.dumps(d))
    place = d
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    content = {name: part for name, part in d.items() if name not in SAID}
    d["digest"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return Certificate.from_json(json.dumps(d))


def unnoticed(certificate, *rest):
    d = json.loads(certificate.to_json())
    found = set()
    for path, value in leaves(d):
        for other in altered(value):
            try:
                checks = verify(forged(d, path, other), *rest)
            except SparingError:
                continue
            if path != ("digest",) and all(check.ok for check in checks):
                found.add("/".join(map(str, path)))
    return found


def test_with_all_that_it_names_no_altered_field_goes_unnoticed():
    p, audit, answers, origins, certificate = case()
    assert all(check.ok for check in verify(certificate, p, audit, answers, origins))
    assert unnoticed(certificate, p, audit, answers, origins) == set()


def test_alone_only_what_names_or_describes_other_things_can_be_altered():
    *_, certificate = case()
    assert sorted(unnoticed(certificate) - NAMES) == []


def nodes(value, path=()):
    """Yield the path of every field, those that hold others too, and its value."""
    if path:
        yield path, value
    inside = value if isinstance(value, list) else []
    inside = value.items() if isinstance(value, dict) else enumerate(inside)
    for name, part in inside:
        yield from nodes(part, (*path, name))


def misread(certificate, *rest):
    """Return the fields that may hold nonsense, or one less, while all checks are passed."""
    d = json.loads(certificate.to_json())
    found = set()
    for path, value in nodes({name: part for name, part in d.items() if name not in SAID}):
        others = list(NONSENSE)
        if isinstance(value, list):
            others.append(value[:-1])
        elif type(value) in (int, float):
            others.append(value - 1)
        for other in others:
            if json.dumps(other) == json.dumps(value):
                continue
            try:
                checks = verify(forged(d, path, other), *rest)
            except InvalidInputError:
                continue
            if all(check.ok for check in checks):
                found.add("/".join(map(str, path)))
    return found


@pytest.mark.parametrize(
    ("claim", "looks"),
    [(Claim(0.2), (90, 130)), (Claim(0.2, kind="auto"), 130),
     (Claim(0.3, kind="auto", per_class=True), {0: 65, 1: 65})],
)  # fmt: skip
def test_no_field_may_hold_nonsense_whatever_the_hash(claim, looks):
    p, audit, answers, origins, certificate = case(claim, looks)
    assert certificate.n_auto
    assert misread(certificate, p, audit, answers, origins) == set()
    units = UnitLimit("tags", 40, 9, 1, 12)
    said = statement(claim, certificate.n_total, certificate.n_auto, units)
    more = replace(certificate, statement=said, by_label={"cat": 3}, event="7", units=units)
    assert all(check.ok for check in verify(more))
    of_units = ("n_units", "n_seen", "n_wrong", "most_wrong")
    alone = misread(more) - NAMES - MAY_BE_EMPTY
    if claim.kind == "whole":
        assert alone == {"evidence/0/looks", "by_label/cat", *(f"units/{n}" for n in of_units)}


def test_no_altered_draw_goes_unnoticed():
    _, audit, *_ = case()
    d = json.loads(audit.to_json())
    for path, value in leaves({k: v for k, v in d.items() if k not in ("digest", "eligible")}):
        for other in (*altered(value), *NONSENSE):
            if json.dumps(other) == json.dumps(value):
                continue
            changed = json.loads(json.dumps(d))
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = other
            with pytest.raises(SparingError):
                Audit.from_json(json.dumps(changed))


@pytest.mark.parametrize("what", ["confidence", "item", "label", "answer", "person"])
def test_one_altered_confidence_item_label_or_answer_is_noticed(what):
    p, audit, answers, origins, certificate = case()
    confidence, y, items = p.confidence.copy(), p.y.copy(), p.items
    if what == "confidence":
        confidence[300] -= np.float32(1e-6)
    elif what == "item":
        items = items_digest(["another"])
    elif what == "label":
        y[3] = 1 - y[3]
    elif what == "answer":
        answers[0] = (answers[0][0], "dog" if answers[0][1] == "cat" else "cat")
    else:
        origins = Origins([(r, line.replace("Ada", "Eve")) for r, line in origins.said],
                          origins.taught, log=origins.log)  # fmt: skip
    q = Predictions(p.codes, confidence, y, p.classes, 3, items)
    assert not all(check.ok for check in verify(certificate, q, audit, answers, origins))
