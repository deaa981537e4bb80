"""Several people from the command line: agreement, passwords, serving beyond this machine."""

import io
import json
import shutil
import socket
import ssl
import subprocess
import sys

import httpx
import pytest

from sparing.cli.app import run
from sparing.cli.network import Network
from sparing.errors import InvalidInputError, SourceError
from sparing.project import NewEvent, Project
from sparing.store import Kind
from sparing.web.passwords import fits, read_passwords

WORD = "correct horse"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # never bound here


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "notes.csv"
    lines = [f"{'warm' if i % 2 else 'cold'} {i}" for i in range(20)]
    path.write_text("\n".join(["text", *lines]), encoding="utf-8")
    return path


@pytest.fixture
def passwords(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{WORD}\n"))
    assert run(["password", "Ada"]) == 0
    path = tmp_path / "passwords"
    path.touch(mode=0o600)
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def test_the_table_of_agreement(table, capsys):
    with Project.create(table, classes=["a", "b"]) as project:
        project.team.set_overlap(1.0)
        for i, item in enumerate(project.items):
            for who, name in (("Ada", "ab"[i % 2]), ("Ben", "ab"[i % 2] if i else "b")):
                new = NewEvent(key=f"{who}{i}", kind=Kind.LABEL, item_id=item, class_name=name,
                               annotator=who)  # fmt: skip
                project.record([new])
    assert run(["agreement", str(table)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Answers: Ada 20, Ben 20."
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "beyond chance, all (Krippendorff's alpha)",
        "beyond chance, Ada and Ben (Cohen's kappa)", "class a", "class b",
        "Ada with the others", "Ben with the others",
    ]  # fmt: skip
    assert lines[2].endswith("0.90 (0.50 to 1.00), 20 items")
    assert run(["agreement", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answers"] == {"Ada": 20, "Ben": 20}
    assert told["overall"]["n_items"] == 20
    assert run(["status", str(table)]) == 0
    assert "People differ on 1 item:" in capsys.readouterr().out


def test_nothing_in_common_is_said_calmly(table, capsys):
    Project.create(table).close()
    assert run(["agreement", str(table)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Answers: none yet.",
        "No item has two labels: figures come from 10 items on.",
    ]


def test_a_password_becomes_a_line_of_the_file(passwords):
    name, kept, role = passwords.read_text("utf-8").strip().split(":")
    assert (name, role) == ("Ada", "annotator")
    assert fits(WORD, kept)
    assert read_passwords(passwords).admit("Ada", WORD)


def test_a_role_is_named_with_the_password(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{WORD}\n"))
    assert run(["password", "Ada", "--role", "owner"]) == 0
    assert capsys.readouterr().out.endswith(":owner\n")
    assert run(["password", "Ada", "--role", "boss"]) == 1
    assert "annotator, settler, owner" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "word"), [("a:b", WORD), ("Ada", "short")])
def test_a_bad_name_or_password_is_one_line(name, word, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{word}\n"))
    assert run(["password", name]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_beyond_this_machine_nothing_is_served_without_passwords(table, capsys):
    assert run(["label", str(table), "--host", EVERYWHERE, "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert "--passwords" in said
    assert said.count("\n") == 1
    assert not table.with_name("notes.csv.sparing").exists()


@pytest.mark.parametrize("host", [EVERYWHERE, "192.0.2.7", "::"])
def test_every_address_beyond_this_machine_needs_passwords(host, passwords):
    with pytest.raises(InvalidInputError, match="--passwords"):
        Network(host)
    assert not Network(host, passwords).is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_none(host):
    assert Network(host).is_local
    assert Network(host).warnings() == []
    assert not Network(host).address.admits("192.0.2.7")


def test_a_name_is_no_address_to_listen_at(passwords):
    with pytest.raises(InvalidInputError, match="--host"):
        Network("labels.example", passwords)


def test_names_are_answered_and_reading_along_is_said(passwords):
    network = Network(EVERYWHERE, passwords, ("Labels.example",))
    for host in ("labels.example:80", "192.0.2.7", "localhost", socket.gethostname()):
        assert network.address.admits(host)
    assert not network.address.admits("evil.example")
    (warning,) = network.warnings()
    assert "without --tls-cert" in warning.lower()
    assert network.gate("secret").by_password


def test_half_of_a_certificate_or_a_bad_one_is_refused(passwords, tmp_path):
    with pytest.raises(InvalidInputError, match="go together"):
        Network(certificate=tmp_path / "cert.pem")
    with pytest.raises(SourceError, match="cannot be used"):
        Network(certificate=passwords, key=passwords).check_tls()


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_with_a_certificate_all_of_it_is_https(table, passwords, certificate):
    cert, key = certificate
    options = ["--passwords", passwords, "--tls-cert", cert, "--tls-key", key, "--no-browser"]
    command = [sys.executable, "-m", "sparing", "label", *map(str, (table, *options))]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with running, httpx.Client(verify=ssl.create_default_context(cafile=str(cert))) as browser:
        try:
            link = running.stdout.readline().strip()
            assert link.startswith("https://127.0.0.1:")
            base = link.replace("127.0.0.1", "localhost").rstrip("/")
            assert browser.get(f"{base}/api/state").status_code == 401
            who = {"name": "Ada", "password": WORD}
            entered = browser.post(f"{base}/login", json=who, headers={"origin": base})
            cookie = entered.headers["set-cookie"]
            assert cookie.startswith("__Host-sparing-")
            assert "Secure" in cookie
            assert browser.get(f"{base}/api/state").json()["annotator"] == "Ada"
        finally:
            running.terminate()
