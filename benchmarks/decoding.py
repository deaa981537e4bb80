"""How long pictures of noise take to decode, and what a child process for it would cost.

    python benchmarks/decoding.py [--megapixels 9] [--formats HEIF,AVIF,WEBP,JPEG]

Noise is the worst that a picture can hold: nothing can be saved on it. Decoding is in seconds of
the processor, all threads together, the best of three. What a child adds is by the clock: once it
is started for a single picture, with its libraries, and once it is kept, and hands the pixels over
through a pipe. Needs pillow-heif for HEIF. Prints a table.
"""

import argparse
import io
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

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
    """Decode what comes in and hand back its pixels, until nothing comes in."""
    know_heif()
    while content := side.recv_bytes():
        side.send_bytes(decoded(content).tobytes())


def know_heif() -> bool:
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def best(work: Callable[[], object], clock: Callable[[], float], runs: int = RUNS) -> float:
    spent = []
    for _ in range(runs):
        start = clock()
        work()
        spent.append(clock() - start)
    return min(spent)


def overhead(content: bytes) -> tuple[float, float]:
    """Return the seconds that a child adds: one for this picture alone, and one that is kept."""
    here = best(lambda: decoded(content), time.perf_counter)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()

    def ask() -> None:
        ours.send_bytes(content)
        ours.recv_bytes()

    start = time.perf_counter()
    process = spawn.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    ask()
    alone = time.perf_counter() - start
    is_kept = best(ask, time.perf_counter)
    ours.send_bytes(b"")
    process.join()
    return alone - here, is_kept - here


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=9)
    parser.add_argument("--formats", default="HEIF,AVIF,WEBP,JPEG")
    options = parser.parse_args()
    formats = [name for name in options.formats.split(",") if name != "HEIF" or know_heif()]
    picture = noise(options.megapixels)
    print("| format | quality | MB | decoded | a child for it adds | one that is kept adds |")
    for name in formats:
        for quality in QUALITIES:
            stream = io.BytesIO()
            picture.save(stream, name, quality=quality)
            content = stream.getvalue()
            seconds = best(lambda held=content: decoded(held), time.process_time)
            alone, kept = overhead(content)
            size = len(content) / 1e6
            cells = (name, quality, f"{size:.1f}", *(f"{x:.2f} s" for x in (seconds, alone, kept)))
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
