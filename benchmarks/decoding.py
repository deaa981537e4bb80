"""How long pictures of noise take to decode, and what a child process for it would cost.

    python benchmarks/decoding.py [--megapixels 9] [--formats HEIF,AVIF,WEBP,JPEG]

Noise is the worst that a picture can hold: nothing can be saved on it. Decoding is in seconds of
the processor, all threads together, the best of three. What a child adds is by the clock, the best
of three: until it is there with its libraries, and until it has handed the pixels over by a pipe.
Needs pillow-heif for HEIF. Prints a table.
"""

import argparse
import io
import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np
from PIL import Image

RUNS = 3
QUALITIES = (100, 60)


def noise(megapixels: float) -> Image.Image:
    side = round((1e6 * megapixels) ** 0.5)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def decoded(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB")


def child(side: Connection) -> None:
    """Decode what comes in and hand back its pixels; of a number, as many bytes."""
    know_heif()
    with suppress(EOFError):  # nobody asks any more
        while content := side.recv():
            is_bytes = isinstance(content, bytes)
            side.send_bytes(decoded(content).tobytes() if is_bytes else bytes(content))


def know_heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def best(work: Callable[[], object], clock: Callable[[], float]) -> float:
    spent = []
    for _ in range(RUNS):
        start = clock()
        work()
        spent.append(clock() - start)
    return min(spent)


def started() -> tuple[BaseProcess, Connection]:
    """Return a child that has its libraries: it has decoded a picture of one pixel."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "PNG")
    asked(ours, stream.getvalue())
    return process, ours


def asked(side: Connection, content: bytes | int) -> None:
    side.send(content)
    side.recv_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=9)
    parser.add_argument("--formats", default="HEIF,AVIF,WEBP,JPEG")
    options = parser.parse_args()
    formats = [name for name in options.formats.split(",") if name != "HEIF" or know_heif()]
    picture = noise(options.megapixels)
    n_bytes = 3 * picture.width * picture.height
    print(f"A child is ready after {best(started, time.perf_counter):.2f} s.")
    kept = started()[1]
    handed = best(lambda: asked(kept, n_bytes), time.perf_counter)
    print(f"One that is kept hands over {n_bytes / 1e6:.0f} MB of pixels in {handed:.2f} s.\n")
    print("| format | quality | MB | decoded |\n|---|---|---|---|")
    for name in formats:
        for quality in QUALITIES:
            stream = io.BytesIO()
            picture.save(stream, name, quality=quality)
            content = stream.getvalue()
            seconds = best(lambda held=content: decoded(held), time.process_time)
            size = len(content) / 1e6
            print(f"| {name} | {quality} | {size:.1f} | {seconds:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
