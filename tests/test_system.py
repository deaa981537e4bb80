"""What differs between systems, and the whole of it on a Python that lacks what Windows lacks.

Windows itself was at hand for nobody here: ``windows/sitecustomize.py`` says what it is made of.
"""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sparing
from sparing import system
from sparing.system import is_open_to_others, lock, open_itself, open_to_lock

HERE = Path(__file__).parent
SOURCE = Path(sparing.__file__).parent
OF_ONE_SYSTEM = re.compile(
    r"\b(import (fcntl|grp|pwd|resource|termios|msvcrt|winreg|portalocker)\b|O_NOFOLLOW|O_DIRECTORY"
    r"|O_NONBLOCK|O_CLOEXEC|os\.(nice|getuid|geteuid|umask|fork|sysconf|uname|killpg|name)\b"
    r"|SIGKILL|SIGHUP|sys\.platform|SO_REUSEADDR)"
)
TAKES_IT = "import os, sys; from sparing.system import lock; print(lock(os.open(sys.argv[1], 2)))"


def test_one_module_knows_the_system():
    """But the PostgreSQL of the tests, which runs where its programs are."""
    knowing = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if OF_ONE_SYSTEM.search(path.read_text(encoding="utf-8"))
    }
    assert knowing == {"system.py", "testing/postgresql.py"}


def by_another(file):
    code = [sys.executable, "-c", TAKES_IT, str(file)]
    return subprocess.run(code, capture_output=True, text=True, check=True).stdout.strip()


def test_a_lock_keeps_others_out_until_its_handle_is_closed(tmp_path):
    file = tmp_path / "lock"
    handle = os.open(file, os.O_RDWR | os.O_CREAT)
    assert lock(handle)
    assert by_another(file) == "False"
    os.close(handle)
    assert by_another(file) == "True"  # and its own ended with that process


def test_the_lock_of_versions_before_is_the_same_lock(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "lock").open("w") as old:
        fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert by_another(old.name) == "False"
    handle = os.open(old.name, os.O_RDWR)
    assert lock(handle)
    with Path(old.name).open() as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


@pytest.mark.parametrize("is_windows", [False, True])
def test_a_folder_is_locked_once_and_a_link_to_it_never(tmp_path, monkeypatch, is_windows):
    monkeypatch.setattr(system, "WINDOWS", is_windows)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "here"
    folder.mkdir()
    first, second = open_to_lock(folder), open_to_lock(folder.parent / "." / "here")
    assert lock(first)
    assert not lock(second)
    assert not list(folder.iterdir())  # nothing lies in the way of whoever removes it
    os.close(first)
    assert lock(second)
    os.close(second)
    (tmp_path / "link").symlink_to(folder)
    for other in ("link", "nothing"):
        with pytest.raises(OSError, match=r".*"):
            open_to_lock(tmp_path / other)


@pytest.mark.parametrize("flag", [system._NO_LINK, 0])
def test_a_link_is_not_opened_with_or_without_a_flag_for_it(tmp_path, monkeypatch, flag):
    monkeypatch.setattr(system, "_NO_LINK", flag)
    (tmp_path / "file").write_bytes(b"kept")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.close(open_itself(tmp_path / "file", os.O_RDONLY))
    with pytest.raises(OSError, match="symbolic links"):
        open_itself(tmp_path / "link", os.O_WRONLY)


def test_a_mode_says_who_can_read_a_file_but_not_on_windows(tmp_path, monkeypatch):
    file = tmp_path / "passwords"
    file.touch(0o644)
    file.chmod(0o644)
    assert is_open_to_others(file.stat())
    monkeypatch.setattr(system, "WINDOWS", True)
    assert not is_open_to_others(file.stat())


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name, lowest in (("dark", 0), ("light", 160)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(15):
            picture = rng.integers(lowest, lowest + 90, (12, 12), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


@pytest.fixture
def as_on_windows():
    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc, which tells what files are open")
    paths = [str(HERE / "windows"), str(SOURCE.parent)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "cp1252"}


def test_a_whole_session_without_what_windows_lacks(photos, as_on_windows):
    """From new photographs over a trainer at work to a backup that is read again."""
    command = [sys.executable, HERE / "windows" / "session.py", photos]
    done = subprocess.run(command, env=as_on_windows, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"photos\.sparing is in use by process \d+ at http://127\.0\.0\.1:1/\. One process at a"
        r" time writes to it: stop that one first, which loses no answer\.\n"
        r"12 labeled\n12 restored\n",
        done.stdout,
    )


def test_the_page_is_served_without_what_windows_lacks(photos, as_on_windows):
    command = [sys.executable, "-m", "sparing", "label", photos, "--no-browser"]
    with subprocess.Popen(
        command, env=as_on_windows, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        link = running.stdout.readline()
        port = re.match(r"http://127\.0\.0\.1:(\d+)/#[\w-]{32}\n", link)[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert b"<title>sparing</title>" in answer.read()
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=120)[1]
    assert running.returncode == 0, said
    assert "Stopped. All answers are in" in said
