import os
import struct
import zlib

import pytest
from PIL import Image

from sparing.datasets.folders import LINK_AGAIN, LINK_LOOP, LINK_OUT, read_folder
from sparing.datasets.read import read_items, read_labeled
from sparing.datasets.rows import Reading
from sparing.errors import SourceError

FORMATS = ("png", "jpg", "webp", "gif", "tiff", "bmp")


def picture(path, color=(200, 30, 30), size=(12, 9)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def bomb(path, side=60_000):
    """A PNG of a few bytes whose header promises side x side pixels."""

    def chunk(tag, body):
        return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))
    path.write_bytes(content + chunk(b"IEND", b""))


def reasons(items):
    return {s.name: s.reason for s in items.skipped}


def test_every_format_and_nested_folders(tmp_path):
    for i, suffix in enumerate(FORMATS):
        picture(tmp_path / "cat" / f"deep/{i}.{suffix}")
        picture(tmp_path / "dog" / f"{i}.{suffix.upper()}")
    labeled = read_labeled(tmp_path)
    assert labeled.items.kind == "images"
    assert labeled.labels == ["cat"] * 6 + ["dog"] * 6
    assert labeled.items.names[0] == "cat/deep/0.png"
    assert labeled.items.values[0] == tmp_path / "cat/deep/0.png"
    assert labeled.items.said() == []


def test_bad_files_are_named_skipped_and_counted(tmp_path):
    good = picture(tmp_path / "a" / "good.png", size=(300, 300))
    picture(tmp_path / "b" / "good.jpg", size=(300, 300))
    (tmp_path / "a" / "empty.png").touch()
    (tmp_path / "a" / "cut.png").write_bytes(good.read_bytes()[:-40])
    jpeg = (tmp_path / "b" / "good.jpg").read_bytes()
    (tmp_path / "b" / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (tmp_path / "a" / "words.png").write_text("no image at all")
    bomb(tmp_path / "a" / "bomb.png")
    bomb(tmp_path / "a" / "half_a_bomb.png", side=11_000)  # Pillow itself only warns here
    (tmp_path / "a" / "readme.md").write_text("about")
    (tmp_path / "a" / ".DS_Store").write_text("hidden")
    picture(tmp_path / "loose.png")
    labeled = read_labeled(tmp_path)
    assert labeled.items.names == ["a/good.png", "b/good.jpg"]
    assert reasons(labeled.items) == {
        "a/empty.png": "empty",
        "a/cut.png": "truncated",
        "b/cut.jpg": "truncated",
        "a/words.png": "not an image that can be read",
        "a/bomb.png": "too many pixels",
        "a/half_a_bomb.png": "too many pixels",
        "a/readme.md": ".md is not an image",
        "loose.png": "in no class folder",
    }
    assert "2 skipped, truncated: a/cut.png, b/cut.jpg." in labeled.items.said()


def test_links_are_followed_inside_and_skipped_outside(tmp_path):
    outside = picture(tmp_path / "elsewhere" / "x.png")
    root = tmp_path / "root"
    inside = picture(root / "a" / "1.png")
    (root / "a" / "2.png").symlink_to(inside)
    (root / "a" / "out.png").symlink_to(outside)
    (root / "b").symlink_to(outside.parent)
    (root / "c").symlink_to(root)  # a walk that followed it would not end
    (root / "d.png").symlink_to("e.png")
    (root / "e.png").symlink_to("d.png")
    items = read_items(root)
    assert items.names == ["a/1.png", "a/2.png"]
    out = LINK_OUT
    expected = {"a/out.png": out, "b": out, "c": "a symbolic link to a folder"}
    expected |= dict.fromkeys(("d.png", "e.png"), "a symbolic link in a circle")
    assert reasons(items) == expected


def test_texts_in_mixed_encodings(tmp_path):
    for name, content in {
        "pos/utf8.txt": "schön".encode(),
        "pos/mark.txt": b"\xef\xbb\xbf" + "schön".encode(),
        "neg/latin.txt": "schön".encode("latin-1"),
        "neg/wide.txt": "schön".encode("utf-16"),
        "neg/blank.txt": b" \n",
        "neg/binary.txt": b"\x00\x01\x02",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    labeled = read_labeled(tmp_path)
    assert labeled.items.values == ["schön"] * 4
    assert labeled.labels == ["neg", "neg", "pos", "pos"]
    assert labeled.items.notes == (
        "1 file is not UTF-8 and was read as Latin-1: neg/latin.txt. --encoding says otherwise.",
    )
    assert reasons(labeled.items) == {
        "neg/binary.txt": "not text but binary",
        "neg/blank.txt": "empty",
    }


def test_unlabeled_folders_may_be_flat(tmp_path):
    picture(tmp_path / "1.png")
    picture(tmp_path / "more" / "2.png")
    assert read_items(tmp_path).names == ["1.png", "more/2.png"]


def test_folders_without_items_or_classes(tmp_path):
    with pytest.raises(SourceError, match=r"has no images and no .txt files"):
        read_items(tmp_path)
    picture(tmp_path / "1.png")
    with pytest.raises(SourceError, match="no folder a class"):
        read_labeled(tmp_path)
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"no readable images. 1 skipped, empty: 1.png"):
        read_items(tmp_path)
    with pytest.raises(SourceError, match="There is no file or folder"):
        read_items(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission_are_skipped(tmp_path):
    picture(tmp_path / "1.png")
    picture(tmp_path / "2.png").chmod(0)
    picture(tmp_path / "locked" / "3.png")
    (tmp_path / "locked").chmod(0)
    assert reasons(read_items(tmp_path)) == {
        "2.png": "not readable by you",
        "locked": "a folder that cannot be read",
    }
    (tmp_path / "locked").chmod(0o700)


@pytest.fixture
def linked(tmp_path):
    """A folder as DVC makes it: its pictures are links to a cache beside it."""
    cache, pics = tmp_path / "cache", tmp_path / "pics"
    (cache / "more").mkdir(parents=True)
    (pics / "cat").mkdir(parents=True)
    for i in range(3):
        Image.new("RGB", (8, 8), (80 * i, 0, 0)).save(cache / f"{i}.png")
    Image.new("RGB", (8, 8)).save(cache / "more" / "deep.png")
    for i in range(2):
        (cache / f"{i}.png").rename(cache / f"hash{i}")
        (pics / "cat" / f"{i}.png").symlink_to(cache / f"hash{i}")
    (pics / "dog").symlink_to(cache / "more")
    return pics


def test_links_out_of_a_folder_are_counted_and_followed_where_that_is_said(linked):
    with pytest.raises(SourceError, match=r"3 links to files outside it: --follow-links reads"):
        read_folder(linked)
    followed = read_folder(linked, follow_links=True)
    assert (followed.names, followed.skipped) == (["cat/0.png", "cat/1.png", "dog/deep.png"], ())
    labeled = read_labeled(linked, reading=Reading(follow_links=True))
    assert labeled.labels == ["cat", "cat", "dog"]


def test_links_in_a_circle_and_twice_to_a_folder_are_read_once(linked):
    (linked / "dog2").symlink_to(linked.parent / "cache" / "more")
    (linked / "up").symlink_to(linked.parent)
    (linked / "cat" / "self").symlink_to(linked)
    (linked / "cat" / "loop.png").symlink_to(linked / "cat" / "loop.png")
    followed = read_folder(linked, follow_links=True)
    assert followed.names == ["cat/0.png", "cat/1.png", "dog/deep.png"]
    assert sorted((one.name, one.reason) for one in followed.skipped) == [
        ("cat/loop.png", LINK_LOOP), ("cat/self", LINK_AGAIN), ("dog2", LINK_AGAIN),
        ("up", LINK_AGAIN),
    ]  # fmt: skip


def test_files_that_are_not_read_are_told_by_their_kinds(tmp_path):
    picture(tmp_path / "1.png")
    names = ["a.pdf", "b.PDF", "c.mp3", "README", *(f"x.{c}" for c in "abcd")]
    for name in names:
        (tmp_path / name).write_bytes(b"something")
    said = read_folder(tmp_path).said()
    assert "2 skipped, .pdf is not an image: a.pdf, b.PDF." in said
    assert "1 skipped, .mp3 is not an image: c.mp3." in said
    assert "1 skipped, without an ending is not an image: README." in said
    assert len(said) == 6  # the five commonest kinds, and all others
