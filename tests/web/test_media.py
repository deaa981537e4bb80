"""Pictures: by id, whole, in forms that browsers show; all else is refused with a reason."""

import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.waiting import until

from sparing.datasets import pictures
from sparing.encoders.images import as_shown
from sparing.project.source.items import Item
from sparing.web import api, media
from sparing.web.app import create_app
from sparing.web.media import Picture

RED = (200, 30, 30)


@contextmanager
def let_in(served, app):
    """Serve an app; yield its address and a client that is let in."""
    with served(app) as port:
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=base, headers={"origin": base}, timeout=120) as browser:
            browser.post("/session", json={"token": app.state.door.token}).raise_for_status()
            yield base, browser


def save(path, size=(40, 30), color=RED, mode="RGB", **options):
    Image.new(mode, size, color).save(path, **options)
    return path


@pytest.fixture
def shown(client, project, tmp_path):
    """Ask for a file as an item of the project."""

    def ask(path, **more):
        project._by_id["it"] = Item("it", path.name, "image", path=path, **more)
        return client.get("/media/it")

    return ask


def opened(response):
    return Image.open(BytesIO(response.content))


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp"])
def test_what_browsers_show_goes_out_as_it_is(shown, tmp_path, suffix):
    path = save(tmp_path / f"a.{suffix}")
    answer = shown(path)
    assert answer.content == path.read_bytes()
    assert answer.headers["content-type"] == f"image/{suffix.replace('jpg', 'jpeg')}"


@pytest.mark.parametrize("suffix", ["tiff", "bmp"])
def test_what_browsers_do_not_show_is_transcoded(shown, tmp_path, suffix):
    answer = shown(save(tmp_path / f"a.{suffix}"))
    assert answer.headers["content-type"] in ("image/png", "image/jpeg")
    found = np.asarray(opened(answer).convert("RGB"), dtype=int)
    assert np.abs(found - RED).max() <= 4


def test_deep_grey_is_stretched_to_what_a_screen_has(shown, tmp_path):
    ramp = np.linspace(1000, 5000, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "scan.tiff")
    found = np.asarray(opened(shown(tmp_path / "scan.tiff")))
    assert (found.min(), found.max()) == (0, 255)
    assert np.all(np.diff(found.ravel().astype(int)) >= 0)


def test_an_even_deep_grey_is_no_division_by_zero(shown, tmp_path):
    Image.fromarray(np.full((4, 4), 700, np.uint16)).save(tmp_path / "even.tiff")
    assert np.asarray(opened(shown(tmp_path / "even.tiff"))).max() == 0


def test_a_scan_lies_as_its_camera_held_it(shown, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    save(tmp_path / "a.tiff", (40, 20), exif=exif)
    assert opened(shown(tmp_path / "a.tiff")).size == (20, 40)


def test_the_page_shows_what_the_model_sees(shown, tmp_path):
    """Whatever browsers would show otherwise goes out as the encoders read it."""
    clear = np.zeros((40, 40, 4), np.uint8)
    clear[10:20, :, 3] = 255  # black ink on nothing
    deep = (np.linspace(1000, 5000, 1600)).astype(np.uint16).reshape(40, 40)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.new("CMYK", (40, 40), (10, 200, 30, 5)).save(tmp_path / "cmyk.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "turned.webp", (40, 20), exif=exif)
    Image.fromarray(deep.astype(np.float32) - 3000).save(tmp_path / "ct.tif")
    for name in ("clear.png", "deep.png", "cmyk.jpg", "turned.webp", "ct.tif"):
        seen = np.asarray(as_shown(tmp_path / name, 64).convert("RGB"), dtype=int)
        sent = opened(shown(tmp_path / name))
        assert sent.mode in ("L", "RGB"), name
        assert np.abs(np.asarray(sent.convert("RGB"), dtype=int) - seen).max() <= 3, name
    assert np.asarray(as_shown(tmp_path / "clear.png", 64))[[0, 15], 0].tolist() == [
        [255] * 3,
        [0] * 3,
    ]


def test_big_pictures_are_scaled_down(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(media, "AS_IT_IS_PIXELS", 1000)
    monkeypatch.setattr(media, "SIDE", 50)
    media._picture.cache_clear()
    assert opened(shown(save(tmp_path / "a.jpg", (400, 200)))).size == (50, 25)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_part_is_that_of_the_upright_picture(shown, client, tmp_path, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels = np.random.default_rng(turn).integers(0, 256, (40, 60), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path, exif=exif)
    upright = np.asarray(opened(shown(path)))
    part = opened(client.get("/media/it", params={"part": "5,7,30,31"}))
    assert np.array_equal(np.asarray(part), upright[7:31, 5:30])
    beyond = opened(client.get("/media/it", params={"part": "30,20,999999,999999"}))
    assert np.array_equal(np.asarray(beyond), upright[20:, 30:])


def test_a_very_large_part_is_scaled_down(shown, client, tmp_path, monkeypatch):
    monkeypatch.setattr(media, "SIDE", 50)
    shown(save(tmp_path / "a.png", (400, 200)))
    assert opened(client.get("/media/it", params={"part": "0,0,200,200"})).size == (50, 50)


@pytest.mark.parametrize(
    "part", ["", "1,2,3", "a,0,1,1", "-1,0,5,5", "0.5,0,5,5", "5,0,5,9", "9,0,5,9", "40,0,50,9"]
)
def test_a_part_that_is_none_is_refused_with_a_sentence(shown, client, tmp_path, part):
    shown(save(tmp_path / "a.png"))
    answer = client.get("/media/it", params={"part": part})
    assert answer.status_code == 422
    assert "part" in answer.json()["error"]["message"]


def test_parts_of_a_picture_are_cut_from_one_decoding(shown, client, tmp_path, monkeypatch):
    decodings, whole = [], media._whole
    monkeypatch.setattr(media, "_whole", lambda path: decodings.append(path) or whole(path))
    path = save(tmp_path / "a.png", (400, 300))
    shown(path)
    for x in range(0, 100, 10):
        assert client.get("/media/it", params={"part": f"{x},0,{x + 50},50"}).status_code == 200
    assert decodings == [path]
    save(path, (401, 300), (30, 200, 30))
    part = opened(client.get("/media/it", params={"part": "0,0,5,5"})).convert("RGB")
    assert part.getpixel((2, 2))[1] > 190, "the file has changed"
    assert decodings == [path, path]


def test_parts_that_many_want_at_once_wait_for_one_decoding(project, served, tmp_path, monkeypatch):
    path, decodings, done = save(tmp_path / "a.png", (400, 300)), [], threading.Event()
    project._by_id["it"] = Item("it", path.name, "image", path=path)
    whole = media._whole

    def slow(file):
        decodings.append(file)
        assert done.wait(60)
        return whole(file)

    monkeypatch.setattr(media, "_whole", slow)
    app = create_app(project)
    with let_in(served, app) as (base, browser), ThreadPoolExecutor(6) as pool:
        cookies = dict(browser.cookies)
        asked = [
            pool.submit(
                httpx.get,
                f"{base}/media/it",
                params={"part": f"{20 * i},0,{20 * i + 10 + i},9"},
                cookies=cookies,
                timeout=60,
            )
            for i in range(6)
        ]
        try:
            drawn = app.state.drawing.statistics
            until(lambda: drawn().borrowed_tokens == 6, "for all to be asked", 30)
        finally:
            done.set()
        sizes = [opened(one.result()).size for one in asked]
    assert sizes == [(10 + i, 9) for i in range(6)]
    assert decodings == [path]


def test_a_part_of_a_broken_picture_is_refused_each_time(shown, client, tmp_path):
    path = save(tmp_path / "a.png", (400, 300))
    path.write_bytes(path.read_bytes()[:-30])
    shown(path)
    for _ in range(2):
        answer = client.get("/media/it", params={"part": "0,0,5,5"})
        assert answer.status_code == 422
        assert "The picture cannot be shown: " in answer.json()["error"]["message"]


def test_a_part_of_what_lies_outside_is_not_shown(shown, client, tmp_path, tmp_path_factory):
    shown(save(tmp_path_factory.mktemp("outside") / "secret.png"))
    assert client.get("/media/it", params={"part": "0,0,5,5"}).status_code == 404


def test_pictures_in_lists_are_small(shown, client, tmp_path):
    assert shown(save(tmp_path / "a.jpg", (1000, 500))).status_code == 200
    assert opened(client.get("/media/it", params={"small": True})).size == (128, 64)


def test_ten_thousand_by_ten_thousand_pixels_are_refused_unopened(shown, tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(10_000, 10_000) + chunk(b"IDAT", b""))
    answer = shown(path)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "The picture cannot be shown: too many pixels."


def test_a_bomb_is_refused(shown, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(10**6))))
    assert shown(path).json()["error"]["message"] == "The picture cannot be shown: too many pixels."


def chunk(kind, body):
    crc = zlib.crc32(kind + body).to_bytes(4)
    return len(body).to_bytes(4) + kind + body + crc


def png_header(width, height):
    shape = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", shape)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
def test_a_truncated_file_is_refused_with_the_reason(shown, tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    answer = shown(path)
    assert answer.status_code == 422
    said = answer.json()["error"]["message"]
    assert said in (
        "The picture cannot be shown: truncated.",
        "The picture cannot be shown: damaged.",
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize("content", [SVG, HTML, b"", b"\x00" * 100, b"GIF89a<script>"])
@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.png"])
def test_what_is_no_picture_is_never_sent_whatever_its_name(shown, tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    answer = shown(tmp_path / name)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    assert b"<script" not in answer.content


def test_a_picture_with_a_lying_name_is_sent_as_what_it_is(shown, tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(save(tmp_path / "a.png").read_bytes())
    assert shown(path).headers["content-type"] == "image/png"


def test_a_file_with_too_many_bytes_is_not_read(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 1 << 20)
    path = tmp_path / "a.png"
    with path.open("wb") as stream:
        stream.truncate((1 << 20) + 1)
    assert shown(path).json()["error"]["message"] == "The picture cannot be shown: more than 1 MB."


def test_links_that_lead_out_show_nothing(shown, tmp_path, tmp_path_factory):
    outside = save(tmp_path_factory.mktemp("outside") / "secret.png")
    (tmp_path / "link.png").symlink_to(outside)
    (tmp_path / "folder").symlink_to(outside.parent)
    for path in (tmp_path / "link.png", tmp_path / "folder" / "secret.png", outside):
        answer = shown(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == (
            "The file of this item lies outside its folder."
        )


def test_a_link_inside_the_folder_is_followed(shown, tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert shown(tmp_path / "b.png").status_code == 200


def test_pipes_loops_folders_and_what_is_gone_are_not_waited_for(shown, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("pipe.png", "loop.png", "folder.png", "gone.png", "a\0b.png"):
        assert shown(tmp_path / name).status_code == 404


def test_an_odd_name_is_no_obstacle(shown, tmp_path):
    for name in ("a b#?&%20.png", "<img src=x onerror=alert(1)>.png", "ü\u202egnp.png"):
        assert shown(save(tmp_path / name)).status_code == 200


def test_arrays_are_drawn(client, project):
    pixels = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)
    project._by_id["m1"] = Item("m1", "digit 1", "image", pixels=pixels)
    answer = client.get("/media/m1")
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(opened(answer)), pixels)


@pytest.mark.parametrize("kind", [np.float32, np.int16, np.uint16, np.bool_])
def test_arrays_of_any_depth_are_drawn(kind):
    pixels = np.zeros((9, 9), kind)
    pixels[3:6, 3:6] = 1
    seen = np.asarray(Image.open(BytesIO(media.drawn(pixels).content)))
    assert (seen[4, 4], seen[0, 0]) == (255, 0)


def test_texts_have_no_picture_and_unknown_ids_nothing(client):
    assert client.get("/media/t0").status_code == 404
    assert client.get("/media/none").status_code == 404


def test_media_are_in_a_sandbox(shown, tmp_path):
    answer = shown(save(tmp_path / "a.png"))
    assert answer.headers["content-security-policy"] == media.MEDIA_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_changed_file_is_read_anew(shown, tmp_path):
    path = save(tmp_path / "a.png", (10, 10))
    assert opened(shown(path)).size == (10, 10)
    save(path, (20, 20))
    assert opened(shown(path)).size == (20, 20)


def test_where_links_are_followed_what_they_lead_to_is_shown(
    shown, project, tmp_path, tmp_path_factory
):
    outside = save(tmp_path_factory.mktemp("cache") / "0a1b2c", format="PNG")
    (tmp_path / "1.png").symlink_to(outside)
    (tmp_path / "gone.png").symlink_to(outside.parent / "gone")
    assert shown(tmp_path / "1.png").status_code == 404
    project.where.follows_links = True
    assert shown(tmp_path / "1.png").content == outside.read_bytes()
    assert shown(tmp_path / "gone.png").status_code == 404


def test_no_answer_waits_for_pictures_however_many_are_decoded(
    project, served, tmp_path, monkeypatch
):
    path, done = save(tmp_path / "a.png"), threading.Event()
    project._by_id["it"] = Item("it", path.name, "image", path=path)

    def slow(file, small):
        assert done.wait(240)
        return Picture(b"", "image/png")

    monkeypatch.setattr(api, "picture", slow)
    app = create_app(project)
    with let_in(served, app) as (base, browser), ThreadPoolExecutor(50) as pool:
        cookies = dict(browser.cookies)
        asked = [
            pool.submit(httpx.get, f"{base}/media/it", cookies=cookies, timeout=240)
            for _ in range(50)
        ]
        try:
            drawn = app.state.drawing.statistics
            until(lambda: drawn().tasks_waiting >= 40, "for forty to wait", 120)
            assert browser.get("/api/state").status_code == 200
        finally:
            done.set()
        assert {one.result().status_code for one in asked} == {200}
