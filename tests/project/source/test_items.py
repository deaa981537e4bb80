import os
import sys

import pytest
from PIL import Image

from sparing.errors import SourceError
from sparing.project.source.changes import reconcile
from sparing.project.source.listing import list_source
from sparing.store import ItemRow


def write_image(path, color=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), color).save(path)


def stored(listing):
    return reconcile([], listing).updates


def both(found):
    return found.updates, found.changes


def later(path, seconds=5):
    """Give a file another time of change, whatever the clock's resolution."""
    stamp = path.stat().st_mtime_ns + seconds * 10**9
    os.utime(path, ns=(stamp, stamp))


def test_images_are_listed_without_being_opened(tmp_path):
    write_image(tmp_path / "b" / "1.png")
    (tmp_path / "a.jpg").write_bytes(b"no image")
    (tmp_path / "notes.md").write_text("x")
    listing = list_source(str(tmp_path))
    assert listing.names == ["a.jpg", "b/1.png"]
    assert listing.item(1).path == tmp_path / "b" / "1.png"
    assert listing.root == tmp_path.resolve()
    assert listing.said == ("1 skipped, .md is not an image: notes.md.",)


def test_an_image_keeps_its_key_and_any_other_name_has_another(tmp_path):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / name)
    first = list_source(str(tmp_path))
    write_image(tmp_path / "0.png")
    second = list_source(str(tmp_path))
    assert len(set(second.ids)) == 3
    assert second.ids[1:] == first.ids
    assert all(key.isalnum() for key in second.ids)


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_names_of_any_bytes_can_be_stored(tmp_path):
    for name in (b"\xff\xfe.png", b"new\nline.png", b"<b>=1+1.png"):
        write_image(tmp_path / os.fsdecode(name))
    listing = list_source(str(tmp_path))
    assert len(set(listing.ids)) == 3
    for name in listing.names:
        name.encode("utf-8")


def test_links_out_of_the_folder_are_left_out(tmp_path):
    write_image(tmp_path / "secret.png")
    write_image(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "out.png").symlink_to(tmp_path / "secret.png")
    assert list_source(str(tmp_path / "photos")).names == ["a.png"]


def test_images_that_a_table_names_must_lie_in_its_folder(tmp_path):
    write_image(tmp_path / "secret.png")
    write_image(tmp_path / "photos" / "a.png")
    table = tmp_path / "photos" / "list.csv"
    table.write_text("file\na.png\n../secret.png\na.png\n")
    listing = list_source(str(table))
    assert listing.names == ["a.png"]
    assert "2 skipped, outside the folder" in listing.said[-1]
    table.write_text("file\n../secret.png\n")
    with pytest.raises(SourceError, match="no image inside"):
        list_source(str(table))


def test_images_that_a_table_names_are_listed_without_being_opened(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    (tmp_path / "empty.png").touch()
    table = tmp_path / "list.csv"
    table.write_text("file\na.png\nb.png\ngone.png\nempty.png\n")
    listing = list_source(str(table))
    assert listing.names == ["a.png", "b.png"]
    assert listing.said == ("1 skipped, not there: line 4.", "1 skipped, empty: line 5.")


def test_rows_of_a_table_are_cards_and_keep_their_keys_when_others_come_between(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("name,legs\ncat,4\nhen,2\ncat,4\n")
    first = list_source(str(table))
    assert first.item(1).fields == {"name": "hen", "legs": "2"}
    assert len(set(first.ids)) == 3  # equal rows are two items
    table.write_text("name,legs\nfly,6\ncat,4\nhen,2\ncat,4\n")
    second = list_source(str(table))
    assert second.ids[1:] == first.ids
    assert second.names[1] == "line 3"


def test_texts_of_a_table_and_of_a_folder(tmp_path):
    table = tmp_path / "t.jsonl"
    table.write_text('{"t": "the cat sat on it"}\n{"t": "a dog ran off now"}\n')
    listing = list_source(str(table))
    assert listing.item(0).text == "the cat sat on it"
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("a text")
    assert list_source(str(folder)).item(0).text == "a text"
    assert list_source(str(folder)).stamps[0][0] == 6


def test_vectors_are_cards_of_numbers(tmp_path):
    import numpy as np

    np.save(tmp_path / "x.npy", np.eye(12, dtype=np.float32)[:3])
    assert list_source(str(tmp_path / "x.npy")).item(0).fields == {
        "vector": "1, 0, 0, 0, 0, 0, 0, 0, …"
    }


def test_the_first_listing_is_no_change(tmp_path):
    write_image(tmp_path / "a.png")
    rows, changes = both(reconcile([], list_source(str(tmp_path))))
    assert [row.row for row in rows] == [0]
    assert changes.said() == []


def test_what_came_went_and_changed_is_told(tmp_path):
    for name in ("kept.png", "gone.png", "changed.png", "touched.png"):
        write_image(tmp_path / name)
    before = [
        ItemRow(**{**{f: getattr(r, f) for f in r.__slots__}, "content_hash": None})
        for r in stored(list_source(str(tmp_path)))
    ]
    from dataclasses import replace

    from sparing.project.source.items import hash_file

    before = [replace(r, content_hash=hash_file(tmp_path / r.name)) for r in before]
    (tmp_path / "gone.png").unlink()
    write_image(tmp_path / "changed.png", 200)
    write_image(tmp_path / "new.png", 100)
    later(tmp_path / "changed.png")
    later(tmp_path / "touched.png")
    rows, changes = both(reconcile(before, list_source(str(tmp_path))))
    assert changes.added == ("new.png",)
    assert changes.removed == ("gone.png",)
    assert changes.changed == ("changed.png",)
    by_name = {row.name: row for row in rows}
    assert by_name["gone.png"].state == "gone"
    assert by_name["new.png"].row == 4
    assert "kept.png" not in by_name  # nothing to write
    assert by_name["touched.png"].content_hash == before[3].content_hash
    write_image(tmp_path / "gone.png")
    after = sorted({**{r.row: r for r in before}, **{r.row: r for r in rows}}.values(),
                   key=lambda r: r.row)  # fmt: skip
    rows, changes = both(reconcile(after, list_source(str(tmp_path))))
    assert changes.returned == ("gone.png",)
    assert rows[0].state == "present"


def test_an_empty_or_missing_source_is_refused(tmp_path):
    for source in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SourceError):
            list_source(str(source))
