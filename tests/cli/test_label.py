"""``sparing label`` as a person starts and stops it."""

import asyncio
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sparing.cli import label as command
from sparing.cli import main
from sparing.cli.app import run
from sparing.cli.stopping import ctrl_c_noted
from sparing.errors import SourceError
from sparing.project import Project

LINK = re.compile(r"^http://127\.0\.0\.1:(\d+)/#([\w-]{32})$")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("text\nwarm\ncold\n", encoding="utf-8")
    return path


class Running:
    """The command in a process of its own, once it has printed its link."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sparing", "label", *map(str, arguments), "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        self.link = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGINT):
        """Return the exit code and all that was said."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        _, said = self.process.communicate(timeout=120)
        return self.process.returncode, said


def test_it_prints_a_link_serves_the_page_ends_with_ctrl_c_and_goes_on(table):
    with Running(table, "--classes", "a, b") as running:
        port, token = LINK.match(running.link).groups()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert b"<title>sparing</title>" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/state")
        code, said = Running(table).stop(signal.SIGCONT)  # a second one ends by itself
        assert code == 1
        assert said.count("\n") == 1
        assert f"at http://127.0.0.1:{port}/" in said
        code, said = running.stop()
    assert code == 0
    assert "Stopped. All answers are in" in said
    assert "Traceback" not in said
    with Running(table) as again:
        assert LINK.match(again.link)[1] == port
        assert LINK.match(again.link)[2] != token


def test_a_source_that_is_not_there_is_one_line(tmp_path):
    code, said = Running(tmp_path / "nothing").stop(signal.SIGCONT)
    assert code == 1
    assert said.startswith("sparing: ")
    assert said.count("\n") == 1


def test_ctrl_c_while_the_commands_load_is_one_line(monkeypatch, capsys):
    class Loading:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "sparing.cli.app", Loading())
    with pytest.raises(SystemExit) as ended:
        main(["status", "notes.csv"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "sparing: Interrupted.\n"


def test_a_file_that_begins_like_an_option_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("-notes.csv").write_text("text\nwarm\n")
    assert run(["label", "-notes.csv"]) == 2
    assert "'-notes.csv' is there: call it './-notes.csv'. See '" in capsys.readouterr().err
    assert run(["label", f"-{'n' * 300}"]) == 2  # no file has so long a name
    assert run(["label", "a", "b"]) == 2
    assert "(b). See '" in capsys.readouterr().err, "each sentence ends"


def test_the_port_is_always_the_same_and_the_next_one_if_it_is_taken():
    with command.listening("secret", None) as first:
        port = first.getsockname()[1]
        assert first.getsockname()[0] == "127.0.0.1"
        with command.listening("secret", None) as second:
            assert second.getsockname()[1] != port
    with command.listening("secret", None) as again:
        assert again.getsockname()[1] == port
    assert len({command._ports(f"secret {i}")[0] for i in range(50)}) > 45


def test_an_answer_of_several_parts_is_sent_at_once():
    async def accepted(listener):
        options = asyncio.get_running_loop().create_future()

        async def look(_, writer):
            connection = writer.get_extra_info("socket")
            options.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await options

    with command.listening("secret", None) as listener:
        assert asyncio.run(accepted(listener)) == 1


def test_a_port_that_was_asked_for_is_that_or_nothing():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SourceError, match="--port"):
            command.listening("secret", taken.getsockname()[1])


def test_no_browser_takes_over_a_terminal_without_a_screen(monkeypatch, tmp_path):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    command._browse("link", tmp_path)
    assert opened == []
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    command._browse("http://127.0.0.1:1/#a-token", tmp_path)
    assert opened == [(tmp_path / "open.html").as_uri()]


def test_the_token_goes_to_the_browser_by_a_file_that_only_this_user_can_read(tmp_path):
    """Command lines of all programs can be read by every user of the machine."""
    from sparing.cli.opener import closed, handed_over

    link = "http://127.0.0.1:1/#a-token"
    opened = handed_over(link, tmp_path)
    file = tmp_path / "open.html"
    assert opened == file.as_uri()
    assert "a-token" not in opened
    assert f"url={link}" in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    closed(tmp_path)
    assert not file.exists()
    file.touch()
    assert handed_over(link, file) == "http://127.0.0.1:1/", "without a place for it, no token"


def test_classes_are_split_at_commas():
    assert command._split(" cat, dog ,,big cat") == ["cat", "dog", "big cat"]
    assert command._split("") == []


def test_a_source_that_has_moved_is_named_once(table):
    with Running(table) as running:
        running.stop()
    moved = table.rename(table.with_name("moved.csv"))
    project = table.with_name("notes.csv.sparing")
    code, said = Running(project).stop(signal.SIGCONT)
    assert code == 1
    assert f"'sparing label {project} --source PLACE' says where it is now" in said
    with Running(project, "--source", moved) as running:
        assert LINK.match(running.link)
    with Running(project) as running:
        assert LINK.match(running.link)


CTRL_C_WHILE_A_LIBRARY_HOLDS_ITS_LOCK = """
import logging.config, signal, sys

def configured(_):
    logging._lock.acquire()
    logging.root.manager._clear_cache()
    signal.raise_signal(signal.SIGINT)
    logging._lock.release()

logging.config.dictConfig = configured
from sparing.cli import main
main(["label", sys.argv[1], "--no-browser"])
"""


def test_a_ctrl_c_leaves_no_lock_behind_and_stops_a_server_that_has_not_begun(table):
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_WHILE_A_LIBRARY_HOLDS_ITS_LOCK, table],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Stopped. All answers are in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ctrl_c_is_noted_until_the_end_of_the_block_and_told_to_whoever_comes_later():
    stopped = []
    with ctrl_c_noted() as ctrl_c:
        ctrl_c.stops(lambda: stopped.append("first"))
        signal.raise_signal(signal.SIGINT)
        ctrl_c.stops(lambda: stopped.append("second"))
    assert stopped == ["first", "second"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_at_the_end_it_says_where_the_answers_are_as_far_as_that_is_known(table):
    with Project.create(table) as project:
        assert command._left(project) == f"All answers are in {project.folder}."
        project.folder.rename(project.folder.with_name("elsewhere"))
        assert "was moved, replaced or deleted" in command._left(project)
