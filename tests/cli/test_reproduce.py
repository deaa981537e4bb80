import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from sparing.cli.app import run
from sparing.experiment.article import PUBLISHED
from sparing.experiment.fragility import points_matched


def sparing(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "sparing", *args],
        capture_output=True,
        text=True,
        check=False,
        **kwargs,
    )


def test_the_article_digit_for_digit(mnist, sparing_data, tmp_path):
    """Every published figure, exactly; another path of the BLAS is named, not forgiven.

    One test, as the command takes half a minute: what it says, what it writes, what is in there.
    """
    out = tmp_path / "out"
    done = sparing(
        *("reproduce", "--data", sparing_data, "--offline", "--shuffles", "1", "--out", out)
    )
    assert done.returncode == 0, done.stderr
    for figures in ("92.25%", "83.75%", "89.75%", "90.50%"):
        assert re.search(rf"{figures} │ {figures}", done.stdout)
    assert f"{out}/report.html" in done.stdout.replace("\n", "")
    assert {path.name for path in out.iterdir()} == {"figures", "results.json", "report.html"}
    results = json.loads((out / "results.json").read_text())
    article, path = results["article"], f"computed with {results['versions']['blas']}"
    assert article["all"] == PUBLISHED.all, path
    assert article["first_400"] == PUBLISHED.first_400, path
    active = article["active"]
    assert active["labels"] == list(range(10, 401, 10))
    curve = dict(zip(active["labels"], active["accuracy"], strict=True))
    assert {n: curve[n] for n in PUBLISHED.curve} == PUBLISHED.curve, path
    assert points_matched(active["accuracy"]) == 39
    assert curve[400] == PUBLISHED.active, path
    assert article["auto_label_all"] <= curve[400], path
    assert article["most_confident_first"] == PUBLISHED.most_confident_first, path
    assert article["most_confident_first_curve"]["labels"] == list(range(410, 4001, 10))
    assert article["confidence_first"][0] == pytest.approx(0.2, abs=0.05)
    assert article["confidence_first"][-1] == pytest.approx(1, abs=0.01)
    assert len(set(article["asked"])) == 400
    assert article["asked"][:10] == list(range(10))


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


@pytest.fixture
def computed(reproduction, monkeypatch):
    """The command without its work: small digits, computed once for all tests."""
    monkeypatch.setattr("sparing.cli.reproduce._load", lambda *_, **__: None)
    monkeypatch.setattr("sparing.cli.reproduce._compute", lambda *_, **__: reproduction)
    return reproduction


def test_without_matplotlib_the_table_is_printed_and_what_is_missing_said(
    computed, tmp_path, capfd, monkeypatch
):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # not installed
    for name in ("figures", "report"):
        monkeypatch.delitem(sys.modules, f"sparing.experiment.{name}", raising=False)
    out = tmp_path / "out"
    assert run(["reproduce", "--out", str(out)]) == 0
    said, told = capfd.readouterr()
    assert "Figures need matplotlib: pip install 'sparing[report]'. Without it" in told
    assert re.search(rf"92.25% │ {computed.article.all:.2%}", said)
    assert "results.json" in said
    assert [path.name for path in out.iterdir()] == ["results.json"]


def test_interrupting_the_report_keeps_the_results(computed, tmp_path, capfd, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sparing.experiment.report.draw_figure", interrupted)
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
    err = interrupted_for_sure(process)
    assert process.returncode == 130
    assert "nothing was written" in err
    assert "Traceback" not in err
    assert not out.exists()


def interrupted_for_sure(process):
    """Return what a process says at its end; Python loses a Ctrl-C that comes in some callbacks."""
    for patience in (30, 30, 120):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=patience)[1]
    pytest.fail("a Ctrl-C does not end it")


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
