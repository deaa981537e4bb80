import hashlib

import pytest

from sparing.errors import InvalidInputError, SourceError
from sparing.web.passwords import Passwords, checked_name, fits, hashed, read_passwords
from sparing.web.roles import Role

WORD = "correct horse"
KEPT = hashed(WORD)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "passwords"
    path.touch(mode=0o600)
    return path


def test_a_password_fits_its_hash_alone():
    assert fits(WORD, KEPT)
    assert not fits(f"{WORD} ", KEPT)
    assert not fits("", KEPT)
    assert WORD not in KEPT
    assert hashed(WORD) != KEPT, "each has a salt of its own"


@pytest.mark.parametrize("word", ["short", "x" * 201])
def test_too_short_and_too_long_passwords_are_refused(word):
    with pytest.raises(InvalidInputError, match="8 to 200"):
        hashed(word)


def test_a_file_says_who_may_come_in(file):
    file.write_text(f"# the team\n\nAda:{KEPT}\n", "utf-8")
    people = read_passwords(file)
    assert len(people) == 1
    assert people.admit("Ada", WORD)
    assert not people.admit("Ada", "wrong horse")


def test_a_name_that_nobody_has_costs_as_much_as_one(monkeypatch):
    people = Passwords({"Ada": KEPT})
    computed = []
    scrypt = hashlib.scrypt
    monkeypatch.setattr(
        hashlib, "scrypt", lambda *a, **k: computed.append(k["n"]) or scrypt(*a, **k)
    )
    assert not people.admit("Ada", "wrong horse")
    assert not people.admit("Ben", "wrong horse")
    assert computed == [1 << 15] * 2


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_file_that_others_can_read_or_change_is_refused(file, mode):
    file.write_text(f"Ada:{KEPT}\n", "utf-8")
    file.chmod(mode)
    with pytest.raises(SourceError, match="chmod 600"):
        read_passwords(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ada\n", "line 1: this is no hash"),
        ("Ada:secret\n", "line 1: this is no hash"),
        (f"Ada:{KEPT.replace('32768', '1073741824')}\n", "line 1: this is no hash"),
        (f"Ada:{KEPT[:40]}\n", "line 1: this is no hash"),
        (f":{KEPT}\n", "line 1: A name has"),
        (f"Ada:{KEPT}\nAda:{KEPT}\n", "line 2: 'Ada' has a line already"),
        ("# nobody\n", "names nobody"),
        ("\udcff", "cannot be read"),
    ],
    ids=["bare", "plain", "costly", "cut", "nameless", "twice", "nobody", "bytes"],
)
def test_a_file_that_makes_no_sense_is_refused_by_its_line(file, text, said):
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SourceError, match=said):
        read_passwords(file)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_passwords(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["", " ", "a:b", "x" * 61, "a\u202eb", "a\x00b"])
def test_names_that_cannot_be_shown_are_refused(name):
    with pytest.raises(InvalidInputError, match="A name has"):
        checked_name(name)


def test_blanks_around_a_name_are_none_of_it():
    assert checked_name("  Ada   Lovelace ") == "Ada Lovelace"


def test_a_line_may_name_a_role_and_a_file_of_before_makes_owners(tmp_path):
    file = tmp_path / "passwords"
    file.touch(mode=0o600)
    file.write_text(f"Ada:{KEPT}:owner\nBen:{KEPT}:settler\nZoe:{KEPT}:annotator\n", "utf-8")
    people = read_passwords(file)
    assert [people.role(name).value for name in ("Ada", "Ben", "Zoe")] == [
        "owner",
        "settler",
        "annotator",
    ]
    assert people.notes() == []
    file.write_text(f"Ada:{KEPT}\nBen:{KEPT}:annotator\n", "utf-8")
    people = read_passwords(file)
    assert people.role("Ada") is Role.OWNER
    assert people.notes() == ["No role is given to Ada: owners, who may do everything."]
    file.write_text(f"Ben:{KEPT}:annotator\n", "utf-8")
    assert "Nobody is an owner" in read_passwords(file).notes()[0]
    file.write_text(f"Ben:{KEPT}:boss\n", "utf-8")
    with pytest.raises(SourceError, match="line 1: A role is one of annotator, settler, owner"):
        read_passwords(file)
