import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from sparing.cli.app import run


def sparing(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "sparing", *args],
        capture_output=True,
        text=True,
        check=False,
        **kwargs,
    )


def test_the_table_and_the_report(mnist, sparing_data, tmp_path):
    out = tmp_path / "out"
    done = sparing(
        *("reproduce", "--data", sparing_data, "--offline", "--shuffles", "1", "--out", out)
    )
    assert done.returncode == 0, done.stderr
    for figures in ("92.25%", "83.75%", "89.75%", "90.50%"):
        assert re.search(rf"{figures} │ {figures}", done.stdout)
    article = json.loads((out / "results.json").read_text())["article"]
    assert (article["all"], article["most_confident_first"]) == (0.9225, 0.905)
    assert f"{out}/report.html" in done.stdout.replace("\n", "")
    assert {path.name for path in out.iterdir()} == {"figures", "results.json", "report.html"}


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["reproduce", "--shufles", "3"], 2, "--shuffles"),
        (["reproduce", "--shuffles", "0"], 2, "greater than or equal to 1"),
        (["reproduce", "--out", "/dev/null/x"], 1, "/dev/null/x/figures cannot be written"),
        (["reproduse"], 2, "reproduce"),
    ],
)
def test_bad_usage_gets_one_line(capfd, args, code, words):
    assert run(args) == code
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("sparing: ")
    assert words in captured.err


def test_missing_digits_get_one_line(capfd, tmp_path):
    assert run(["reproduce", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    captured = capfd.readouterr()
    assert captured.err.count("\n") == 1
    assert str(tmp_path) in captured.err
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_the_table_is_printed_and_what_is_missing_said(
    mnist, sparing_data, tmp_path
):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    out = tmp_path / "out"
    done = sparing(
        *("reproduce", "--data", sparing_data, "--offline", "--shuffles", "1", "--out", out),
        env=os.environ
        | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    assert done.returncode == 0, done.stderr
    assert "Figures need matplotlib: pip install 'sparing[report]'. Without it" in done.stderr
    assert re.search(r"90.50% │ 90.50%", done.stdout)
    assert "results.json" in done.stdout
    assert [path.name for path in out.iterdir()] == ["results.json"]


def test_interrupting_the_report_keeps_the_results(reproduction, tmp_path, capfd, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sparing.experiment.report.draw_figure", interrupted)
    monkeypatch.setattr("sparing.cli.reproduce._load", lambda *_, **__: None)
    monkeypatch.setattr("sparing.cli.reproduce._compute", lambda *_, **__: reproduction)
    assert run(["reproduce", "--out", str(tmp_path / "out")]) == 130
    assert "Kept in" in capfd.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["results.json"]


def test_interrupting_exits_130_and_leaves_no_broken_file(mnist, sparing_data, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*(sys.executable, "-m", "sparing", "reproduce"), "--data", sparing_data, "--out", out],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"FORCE_COLOR": "1"},  # progress as in a terminal
    )
    assert process.stderr is not None
    while "active learning" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing was written" in err
    assert "Traceback" not in err
    assert not out.exists()


def test_version_and_help(capfd):
    assert run(["--version"]) == 0
    assert re.fullmatch(r"sparing \d+\.\d+\.\d+\n", capfd.readouterr().out)
    assert run([]) == 0
    assert "reproduce" in capfd.readouterr().out


def test_help_loads_no_heavy_library():
    code = (
        "import sys, sparing.cli.app as app; app.run(['--help']);"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
