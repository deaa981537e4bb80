import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from scipy import sparse

from sparing import Query
from sparing.learner.query import SHOWN_ITEMS, item_html

NASTY = "<script>alert(\"x\")</script> & 'co'"


def query_of(items, *, source="strategy", strategy="margin", reason="close call"):
    n = max(1, len(items))
    return Query(
        np.arange(n), np.full(n, 0.5), np.full(n, source), np.full(n, np.nan), strategy, reason, 3,
        items,
    )  # fmt: skip


def picture_in(html):
    found = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))


def test_a_query_says_what_and_why_in_one_line():
    assert repr(query_of("ab")) == "<Query of 2 by margin: [0, 1]; close call>"
    assert len(query_of("ab")) == 2


def test_a_uniform_draw_does_not_claim_a_reason():
    assert query_of("a").why(0) == "close call"
    both = query_of("a", reason="close call; some are drawn at random")
    assert both.why(0) == "close call"
    assert query_of("a", source="uniform").why(0) == "drawn at random, whatever the model says"


def cells_of(html):
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


def test_the_table_has_a_row_an_item():
    html = query_of(["first text", "second text"])._repr_html_()
    assert html.count("<tr>") == 3
    assert cells_of(html)[-4:] == ["1", "second text", "close call", "0.5"]
    assert "2 to label, chosen by margin (model version 3)" in re.sub("<.*?>", "", html)


@pytest.mark.parametrize("where", ["items", "reason", "strategy"])
def test_everything_from_outside_is_escaped(where):
    query = query_of([NASTY]) if where == "items" else query_of(["a"], **{where: NASTY})
    html = query._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&amp;" in html


class Hostile:
    def __repr__(self):
        return NASTY


@pytest.mark.parametrize("item", [Hostile(), {"text": NASTY}, np.array([NASTY])])
def test_what_is_neither_text_nor_image_is_shown_as_escaped_code(item):
    html = item_html(item)
    assert "<" not in html
    assert "&lt;script&gt;" in html


def test_long_texts_and_long_batches_are_cut():
    assert len(item_html("a" * 1000)) == 300
    html = query_of(["x"] * (SHOWN_ITEMS + 7))._repr_html_()
    assert html.count("<tr>") == SHOWN_ITEMS + 1
    assert "and 7 more" in html


def test_a_square_row_is_a_grey_picture_with_its_full_contrast():
    row = np.zeros(64)
    row[9] = 0.25
    pixels = picture_in(item_html(row))
    assert pixels.shape == (8, 8, 3)
    assert pixels[1, 1].tolist() == [255, 255, 255]
    assert pixels.sum() == 3 * 255


@pytest.mark.parametrize(
    "row", [np.arange(63.0), -np.ones(64), np.arange(49.0), np.array([]), np.ones((2, 3, 5))]
)
def test_other_rows_are_numbers(row):
    assert "<img" not in item_html(row)


def test_a_constant_row_and_a_row_with_gaps_are_pictures_too():
    assert picture_in(item_html(np.ones(64))).max() == 0
    assert picture_in(item_html(np.array([[0.0, np.nan], [1.0, 2.0]]))).max() == 255


def test_bytes_keep_their_own_brightness():
    pixels = picture_in(item_html(np.full((4, 5), 7, dtype=np.uint8)))
    assert pixels.shape == (4, 5, 3)
    assert np.all(pixels == 7)


@pytest.mark.parametrize(
    ("mode", "channels"), [("RGB", 3), ("L", 3), ("RGBA", 4), ("P", 4), ("1", 3), ("CMYK", 3)]
)
def test_pillow_images_become_small_pictures(mode, channels):
    image = Image.new("RGB", (400, 200), "red").convert(mode)
    before = image.size
    assert picture_in(item_html(image)).shape == (64, 128, channels)
    assert image.size == before


def test_items_that_are_not_there_leave_their_cells_empty():
    html = query_of([])._repr_html_()
    assert cells_of(html)[:2] == ["0", ""]


def test_a_sparse_row_says_what_it_is():
    assert "Sparse Row" in item_html(sparse.csr_array(np.eye(3))[[0]])
