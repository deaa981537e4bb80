"""Connections that say nothing, or slowly, or are too many: the page answers all the same."""

import logging
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

import pytest
from fastapi import FastAPI

from sparing.web import connections
from sparing.web.app import create_app
from sparing.web.seldom import LOGGERS, MINUTE, MOST_KINDS, Seldom
from sparing.web.serving import server

PATIENCE = 60  # seconds, for a machine that is busy with other things
HEAD = (
    b"POST /session HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\n"
    b"content-type: application/json\r\n"
)


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@contextmanager
def connected(port, context=None, said=b""):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain:
        line = context.wrap_socket(plain) if context else plain
        with line:
            if said:
                line.sendall(said)
            yield line


def is_closed(line):
    """Wait until the other side has closed; what it said before does not matter."""
    try:
        while line.recv(1000):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    except TimeoutError:
        return False
    return True


def trusting():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


SLOW = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"content-length: 90\r\n\r\n{",
    "half of the second head": b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET / HTTP",
}


@pytest.mark.parametrize("said", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_not_said_in_time_is_awaited_no_longer(
    project, served, certificate, monkeypatch, said, scheme
):
    patience = dict.fromkeys(connections.PATIENCE, 0.3)
    monkeypatch.setattr(connections, "PATIENCE", patience)
    safe = scheme == "https"
    keys = dict(zip(("certificate", "key"), certificate, strict=True)) if safe else {}
    with (
        served(create_app(project), **keys) as port,
        connected(port, trusting() if safe else None, said) as line,
    ):
        assert is_closed(line)


def test_a_byte_now_and_then_does_not_hold_a_connection_open(project, served, monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE", dict.fromkeys(connections.PATIENCE, 0.5))
    with served(create_app(project)) as port, connected(port) as line:
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                line.sendall(b"G")
                time.sleep(0.05)
        except ConnectionError:
            return
    pytest.fail("it was held open")


@pytest.mark.parametrize("half", SLOW.values(), ids=SLOW)
def test_whoever_says_something_is_answered_among_any_number_who_do_not(
    project, served, monkeypatch, caplog, half
):
    monkeypatch.setattr(connections, "MOST", 20)
    for name in LOGGERS:
        monkeypatch.setattr(logging.getLogger(name), "filters", [])
    caplog.set_level(logging.WARNING)
    with served(create_app(project)) as port, ExitStack() as stack:
        for _ in range(80):
            with suppress(ConnectionError):
                line = stack.enter_context(connected(port, said=half))
                if half.startswith(b"GET"):
                    line.recv(1)  # answered or closed: who is at work is not in the way
        for _ in range(3):
            with connected(port, said=b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n") as line:
                assert line.recv(12) == b"HTTP/1.1 200"
    assert len(caplog.records) == 1, "one line a kind and minute"
    assert "too many" in caplog.text


def test_connections_that_agree_on_no_key_are_bounded_too(
    project, served, certificate, monkeypatch
):
    monkeypatch.setattr(connections, "MOST_SOCKETS", 10)
    cert, key = certificate
    with (
        served(create_app(project), certificate=cert, key=key) as port,
        ExitStack() as stack,
    ):
        lines = [stack.enter_context(connected(port)) for _ in range(15)]
        assert [is_closed(line) for line in lines[:5]] == [True] * 5
        said = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        with connected(port, trusting(), said) as line:  # newcomers are not kept out
            assert line.recv(12) == b"HTTP/1.1 200"


def record(name="sparing.web", message="Too slow", error=None):
    info = error and (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.WARNING, "", 0, message, (), info)


def failed(message):
    try:
        raise ValueError(message)
    except ValueError as error:
        return record(error=error)


def test_a_kind_of_line_is_logged_once_a_minute_and_the_next_one_counts():
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    assert [seldom.filter(record()) for _ in range(5)] == [True] + [False] * 4
    assert seldom.filter(record(message="Another"))
    assert seldom.filter(failed("one"))
    assert not seldom.filter(failed("two"))
    now[0] = MINUTE
    last = record()
    assert seldom.filter(last)
    assert last.getMessage() == "Too slow (4 more like it before)"
    for i in range(2 * MOST_KINDS):
        seldom.filter(record(message=str(i)))
    assert len(seldom._told) == MOST_KINDS


def test_whoever_stops_twice_sees_no_traceback_and_leaves_nothing_running(caplog):
    seen = []

    @asynccontextmanager
    async def lifespan(app):
        seen.append("started")
        yield
        seen.append("stopped")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = server(FastAPI(lifespan=lifespan))
        running.should_exit = running.force_exit = True  # as two times Ctrl-C
        running.run([listener])
    assert seen == ["started", "stopped"]
    assert not caplog.records
