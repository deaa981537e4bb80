"""Picture files of all sorts, honest and hostile, come out as a screen shows them or are named."""

import itertools
import os
import shutil
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageCms

from sparing.datasets import pictures
from sparing.datasets.images import image_faults
from sparing.datasets.pictures import (
    WholePicture,
    decoded,
    fault_of,
    has_heif,
    open_picture,
    shown,
    upright_size,
)
from sparing.datasets.read import read_items
from sparing.encoders import HogEncoder
from sparing.files import file_fault


def as_pixels(path, side=64):
    with open_picture(path) as image, decoded(image, side):
        return np.asarray(shown(image, side))


def cross(height=40, width=60):
    """A bright upright bar on the left of a dark ground."""
    gray = np.full((height, width), 0.2)
    gray[5:35, 10:14] = 0.9
    return gray


@pytest.mark.parametrize(
    "values",
    [
        (cross() * 65535).astype(np.uint16),
        (cross() * 4095).astype(np.uint16),
        cross().astype(np.float32),
        (cross() * 600 - 900).astype(np.float32),
        (cross() * 4000 - 1000).astype(np.int32),
        np.where(cross() > 0.5, np.inf, cross()).astype(np.float32),
        np.where(np.arange(60) == 50, np.nan, cross()).astype(np.float32),
    ],
    ids=["16 bits", "12 of 16 bits", "float", "CT", "signed", "infinite", "NaN"],
)
def test_deep_gray_is_stretched_from_black_to_white(values, tmp_path):
    Image.fromarray(values).save(tmp_path / "a.tif")
    seen = as_pixels(tmp_path / "a.tif")
    assert seen.dtype == np.uint8
    assert seen[20, 12] == 255
    assert seen[20, 30] == 0


def test_one_dead_pixel_leaves_the_picture_as_it_is(tmp_path):
    values = (np.linspace(1000, 2000, 10_000)).astype(np.uint16).reshape(100, 100)
    values[50, 50] = 65535
    Image.fromarray(values).save(tmp_path / "a.tif")
    seen = as_pixels(tmp_path / "a.tif")
    assert seen[0, 0] == 0
    assert seen[-1, -1] == 255


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_ink_on_nothing_differs_from_its_ground(mode, tmp_path):
    for ink, ground in ((0, 255), (120, 255), (255, 0)):
        pixels = np.full((30, 30, 4), ink, np.uint8)
        pixels[..., 3] = 0
        pixels[10:20, :, 3] = 255
        name = tmp_path / f"{ink}.{'png' if mode != 'PA' else 'tif'}"
        if mode == "P":
            indexed = Image.fromarray((pixels[..., 3] > 0).astype(np.uint8), "P")
            indexed.putpalette([9, 9, 9, ink, ink, ink])
            indexed.save(name, transparency=0)
        elif mode == "PA":
            Image.fromarray(pixels).convert("LA").save(name)
        else:
            Image.fromarray(pixels).convert(mode).save(name)
        seen = as_pixels(name)
        assert (seen[0, 0] == ground).all(), (mode, ink)
        assert (seen[15, 0] == ink).all(), (mode, ink)


def test_print_and_lab_colors_are_shown(tmp_path):
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(as_pixels(tmp_path / "a.jpg")[5, 5].astype(int) - [255, 0, 0]).max() <= 4
    red = Image.new("RGB", (20, 20), (255, 0, 0))
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    ImageCms.applyTransform(red, to_lab).save(tmp_path / "lab.tif")
    assert np.abs(as_pixels(tmp_path / "lab.tif")[5, 5].astype(int) - [255, 0, 0]).max() <= 6


@pytest.mark.parametrize("suffix", ["avif", "jfif", "jpe", "webp"])
def test_formats_of_today(suffix, tmp_path):
    kind = {"jfif": "JPEG", "jpe": "JPEG"}.get(suffix)
    Image.new("RGB", (20, 30), (200, 30, 30)).save(tmp_path / f"a.{suffix}", kind)
    items = read_items(tmp_path)
    assert items.names == [f"a.{suffix}"]
    assert np.abs(as_pixels(items.values[0])[5, 5].astype(int) - [200, 30, 30]).max() <= 6


@pytest.mark.skipif(not has_heif(), reason="pillow-heif is not installed")
def test_pictures_of_phones(tmp_path):
    import pillow_heif

    pillow_heif.from_pillow(Image.new("RGB", (40, 30), (200, 30, 30))).save(tmp_path / "a.heic")
    assert read_items(tmp_path).names == ["a.heic"]
    assert np.abs(as_pixels(tmp_path / "a.heic")[5, 5].astype(int) - [200, 30, 30]).max() <= 6


def test_without_its_decoder_a_picture_of_a_phone_is_named_with_what_to_install(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(pictures, "has_heif", lambda: False)
    monkeypatch.setattr(pictures, "_formats", lambda: pictures.FORMATS)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    said = read_items(tmp_path).said()
    expected = "HEIC is read with pillow-heif: pip install 'sparing[heic]': IMG_1.HEIC."
    assert said == [f"1 skipped, {expected}"]


def jpeg_with_exif(path, exif):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :10] = 255
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    return path


def broken(exif, n):
    noise = bytearray(exif)
    rng = np.random.default_rng(n)
    for place in rng.integers(6, len(noise), 6):
        noise[place] = rng.integers(0, 256)
    return bytes(noise)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # Pillow's own, which a user never sees
def test_exif_of_any_damage_stops_nobody(tmp_path):
    whole = Image.Exif()
    whole[0x0112], whole[0x011A], whole[0x010F] = 6, 72.0, "a camera"
    whole = whole.tobytes()
    paths = [jpeg_with_exif(tmp_path / f"{n}.jpg", broken(whole, n)) for n in range(60)]
    paths += [jpeg_with_exif(tmp_path / f"cut{n}.jpg", whole[:n]) for n in range(6, 40)]
    assert image_faults(paths) == [None] * len(paths)
    assert len(HogEncoder(n_components=2).fit_transform(paths)) == len(paths)


@pytest.mark.parametrize("told", range(1, 9))
def test_all_eight_ways_to_hold_a_camera(told, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = told
    path = jpeg_with_exif(tmp_path / "a.jpg", exif)
    height, width = as_pixels(path).shape[:2]
    assert (width, height) == ((60, 40) if told < 5 else (40, 60))


@pytest.mark.parametrize("told", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_the_upright_size_is_known_before_anything_is_decoded(suffix, told, tmp_path):
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = told
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (60, 40)).save(path, exif=exif)
    with open_picture(path) as image:
        before = upright_size(image)
    assert before == as_pixels(path).shape[1::-1] == ((60, 40) if told < 5 else (40, 60))


def test_big_pictures_come_in_bands_as_they_would_whole(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (30, 20, 4), dtype=np.uint8)
    small[..., 3] = 255
    small[:10, :, 3] = 0
    pixels = small.repeat(24, axis=0).repeat(24, axis=1)
    for name, kind in (("a.png", pixels), ("b.png", pixels[..., :3]), ("c.png", pixels[..., 0])):
        Image.fromarray(kind).save(tmp_path / name)
        whole = as_pixels(tmp_path / name, 10)
        monkeypatch.setattr(pictures, "BAND_PIXELS", 5000)
        in_bands = as_pixels(tmp_path / name, 10)
        monkeypatch.undo()
        assert np.array_equal(in_bands, whole)
        assert whole.shape[:2] == (30, 20)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"


def test_a_picture_that_is_a_program_runs_nothing(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("subprocess.check_call", lambda *a, **k: asked.append(a))
    monkeypatch.setattr("subprocess.Popen", lambda *a, **k: asked.append(a))
    for name in ("a.png", "a.jpg", "a.tif"):
        (tmp_path / name).write_bytes(POSTSCRIPT)
        assert fault_of(tmp_path / name) == "not an image that can be read"
    assert not asked


def test_pipes_and_what_is_far_too_big_are_named_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe.png").symlink_to("pipe")
    (tmp_path / "gone.png").symlink_to("nothing")
    with (tmp_path / "sparse.png").open("wb") as stream:
        stream.truncate(30 << 30)
    with (tmp_path / "sparse.txt").open("wb") as stream:
        stream.truncate(30 << 30)
    Image.new("L", (9, 9)).save(tmp_path / "good.png")
    items = read_items(tmp_path)
    assert items.names == ["good.png"]
    assert {s.name: s.reason for s in items.skipped} == {
        "gone.png": "a link to nothing",
        "pipe": "no regular file",
        "pipe.png": "no regular file",
        "sparse.png": "more than 300 MB",
        "sparse.txt": ".txt is not an image",
    }
    assert file_fault(tmp_path / "pipe.png") == "no regular file"


def test_huge_texts_are_named_and_the_others_read(tmp_path):
    with (tmp_path / "sparse.txt").open("wb") as stream:
        stream.truncate(30 << 30)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe.txt").symlink_to("pipe")
    (tmp_path / "good.txt").write_text("some words")
    items = read_items(tmp_path)
    assert items.names == ["good.txt"]
    assert "1 skipped, more than 64 MB: sparse.txt." in items.said()


def test_a_jpeg_that_is_painted_over_for_hours_is_refused(tmp_path, monkeypatch):
    Image.new("L", (400, 400)).save(tmp_path / "a.jpg", progressive=True)
    assert fault_of(tmp_path / "a.jpg") is None
    whole = (tmp_path / "a.jpg").read_bytes()
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    (tmp_path / "b.jpg").write_bytes(whole[:-2] + scan * 50_000 + whole[-2:])
    assert fault_of(tmp_path / "b.jpg") == "painted over too many times"


def test_only_so_many_pixels_are_decoded_at_once(monkeypatch):
    room = pictures._Room(100)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    inside, most = [], []
    lock = threading.Lock()

    def decode(n):
        with room.taken(n):
            with lock:
                inside.append(n)
                most.append(sum(inside))
            time.sleep(0.002)
            with lock:
                inside.remove(n)

    threads = [threading.Thread(target=decode, args=(n,)) for n in [60, 30, 100, 10, 500] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(p for p in most if p != 500) <= 100
    assert len(most) == 20


def test_what_can_be_checked_can_be_encoded(tmp_path):
    """One path: an item whose faults are none never stops the encoder."""
    good = tmp_path / "a.png"
    Image.effect_noise((50, 40), 60).save(good)
    for n in range(40):
        noisy = bytearray(good.read_bytes())
        for place in np.random.default_rng(n).integers(8, len(noisy), 3):
            noisy[place] ^= 0x5A
        (tmp_path / f"{n}.png").write_bytes(noisy)
    shutil.copy(good, tmp_path / "b.png")
    paths = sorted(tmp_path.glob("*.png"))
    kept = [p for p, fault in zip(paths, image_faults(paths), strict=True) if fault is None]
    assert len(kept) >= 2
    HogEncoder(n_components=2).fit_transform(kept)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp"])
def test_a_picture_that_takes_too_long_is_named_and_left(tmp_path, monkeypatch, suffix):
    """The clock goes by a tenth of a second each time that the decoder asks for more."""
    noise = np.random.default_rng(0).integers(0, 255, (700, 700), np.uint8)
    path = tmp_path / f"noise.{suffix}"
    Image.fromarray(noise).save(path)
    assert fault_of(path) is None
    now = itertools.count()
    clock = SimpleNamespace(thread_time=lambda: next(now) / 10)
    monkeypatch.setattr(pictures, "time", clock)
    assert fault_of(path) is None
    monkeypatch.setattr(pictures, "MAX_SECONDS", 0.3)
    assert fault_of(path) == "takes too long to decode"


def test_what_nothing_can_interrupt_has_fewer_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_AT_A_STROKE", 100)
    for name in ("a.webp", "a.png"):
        Image.new("RGB", (20, 6)).save(tmp_path / name)
    with pictures.open_picture(tmp_path / "a.png"):
        pass
    with (
        pytest.raises(pictures.PictureError, match="too many pixels"),
        pictures.open_picture(tmp_path / "a.webp"),
    ):
        pass
    assert {"WEBP", "AVIF", "HEIF"} <= pictures.AT_A_STROKE


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F"])
def test_parts_are_those_of_the_whole_as_it_is_shown(mode, turn, tmp_path, monkeypatch):
    """All is brought to 8 bits in bands, and the parts are turned one by one."""
    rng = np.random.default_rng(turn)
    channels = {"RGB": (3,), "RGBA": (4,), "LA": (2,)}.get(mode, ())
    if mode in ("I;16", "F"):
        deep = rng.integers(0, 60_000, (40, 60))
        image = Image.fromarray(deep.astype(np.uint16 if mode == "I;16" else np.float32))
    else:
        noise = rng.integers(0, 256, (40, 60, *channels), dtype=np.uint8)
        image = Image.fromarray(noise).convert(mode)
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = turn
    image.save(tmp_path / "a.tif", exif=exif)
    monkeypatch.setattr(pictures, "BAND_PIXELS", 60 * 7)  # the last band is a shorter one
    with open_picture(tmp_path / "a.tif") as opened, decoded(opened, 60):
        whole, seen = WholePicture.of(opened), np.asarray(shown(opened, 60))
    assert whole.size == seen.shape[1::-1]
    assert whole.is_photo == (mode == "RGB")
    for x0, y0, x1, y1 in ((0, 0, *whole.size), (5, 7, 30, 31), (39, 39, 40, 40)):
        part = np.asarray(whole.part((x0, y0, x1, y1)))
        assert np.array_equal(part, seen[y0:y1, x0:x1])
