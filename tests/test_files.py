import stat

import pytest

from sparing.errors import SourceError
from sparing.files import check_writable, write_atomically


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
