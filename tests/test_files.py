import stat
import threading
import zipfile

import numpy as np
import pytest

from sparing.errors import SourceError
from sparing.files import (
    atomic_stream,
    check_writable,
    read_arrays,
    resumed,
    staging,
    write_arrays,
    write_atomically,
)


def test_folders_are_made_and_content_is_whole(tmp_path):
    path = tmp_path / "a" / "b.json"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["b.json"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_a_failed_write_keeps_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "kept.txt"
    write_atomically(path, b"kept")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SourceError, match=r"kept.txt cannot be written: No space left"):
        write_atomically(path, b"lost")
    assert path.read_bytes() == b"kept"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_a_file_in_the_way_of_a_folder_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "x", b"")
    with pytest.raises(SourceError, match="file cannot be written"):
        check_writable(tmp_path / "file")


def test_checking_leaves_nothing_behind(tmp_path):
    (tmp_path / "old").mkdir()
    check_writable(tmp_path / "old")
    check_writable(tmp_path / "new" / "deep")
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert list((tmp_path / "old").iterdir()) == []


def test_arrays_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "folder" / "arrays.npz"
    write_arrays(path, {"numbers": np.arange(3), "names": np.array(["a", "ü"])})
    found = read_arrays(path, "a box")
    assert found["numbers"].tolist() == [0, 1, 2]
    assert found["names"].tolist() == ["a", "ü"]


def test_no_object_is_pickled_into_a_file_of_arrays_or_out_of_one(tmp_path):
    path = tmp_path / "objects.npz"
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(path, {"things": np.array([{}], dtype=object)})
    assert not path.exists()
    np.savez(path, things=np.array([{}], dtype=object))
    with pytest.raises(SourceError, match=r"objects\.npz is not a box, or it is damaged\."):
        read_arrays(path, "a box")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text", b"\x93NUMPY"])
def test_what_is_no_file_of_arrays_is_named(tmp_path, content):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"other\.npz is not a box, or it is damaged\."):
        read_arrays(path, "a box")
    with pytest.raises(SourceError, match=r"There is no file .*none\.npz\."):
        read_arrays(tmp_path / "none.npz", "a box")


def _header(shape, dtype="<f4"):
    """Return an array file that says it is of some shape, with 8 bytes of it."""
    told = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    told += b" " * (-len(told) - 11 & 63) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(told).to_bytes(2, "little") + told + bytes(8)


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20), (2,)])
@pytest.mark.parametrize("way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_arrays_that_say_they_are_larger_than_their_file_take_no_memory(tmp_path, shape, way):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", way) as archive:
        archive.writestr("a.npy", _header(shape))
    if shape == (2,):
        assert read_arrays(path, "a model")["a"].tolist() == [0, 0]
        return
    with pytest.raises(SourceError, match="not a model, or it is damaged"):
        read_arrays(path, "a model")


def test_arrays_that_unpack_to_more_than_their_file_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros(10**6))
    with pytest.raises(SourceError, match="or it is damaged"):
        read_arrays(path, "a model")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", _header((10**12,), "<U0"))
    with pytest.raises(SourceError, match="or it is damaged"):
        read_arrays(path, "a model")


def test_what_a_killed_process_has_left_is_removed_and_what_a_living_one_is_at_is_not(tmp_path):
    target = tmp_path / "a[1].backup"
    left = tmp_path / ".a[1].backup.x1y2z3_4.sparing-part"
    (left / "inner").mkdir(parents=True)
    (left / "inner" / "link").symlink_to(tmp_path)
    others = [tmp_path / ".a[1].backup.original", tmp_path / ".a1.backup.x1y2z3_4.sparing-part"]
    for other in others:
        other.mkdir()
    linked = tmp_path / ".a[1].backup.link.sparing-part"
    linked.symlink_to(others[0])
    with staging(target) as one, staging(target) as two:
        assert one != two
        assert one.is_dir()
        assert not left.exists()
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert sorted(tmp_path.iterdir()) == sorted([*others, linked])


def test_whoever_goes_on_is_alone_and_removes_what_a_killed_run_had_begun(tmp_path):
    folder = tmp_path / "deep" / "out"
    waits, has_waited = threading.Event(), threading.Event()

    def go_on():
        with resumed(folder, "part-*", waits=waits.set):
            has_waited.set()

    with resumed(folder, "part-*"):
        with atomic_stream(folder / "part-0.npy") as stream:
            (unfinished,) = folder.iterdir()
            second = threading.Thread(target=go_on)
            second.start()
            waits.wait()
            assert unfinished.exists()
            stream.write(b"all of it")
        assert not has_waited.is_set()
        others = [".part-0.npy", ".part-0.npy.original", ".other.npy.01234567", "part-1.01234567"]
        for name in (*others, unfinished.name):
            (folder / name).write_bytes(b"")
    second.join()
    assert {path.name for path in folder.iterdir()} == {*others, "part-0.npy"}
