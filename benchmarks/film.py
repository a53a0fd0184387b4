"""How fast films are coloured, and how much a scene that stands still flickers.

    python -m benchmarks.film docs/benchmarks/film.json

Frames of 1920×1080 pixels, grey, with a film's grain, panned so that no two are alike. Without the codec: from a frame
that is decoded to one that can be encoded. With it: from an H.264 file to an H.264 file.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import av
import numpy as np
from PIL import Image

from sdk import Colorizer, color
from sdk.ahead import ahead
from sdk.color import Uint8Array
from sdk.film import colorize_film, half_of, with_colours

SIZE = (1920, 1080)
PHOTOS = Path(__file__).parents[1] / "examples" / "photos"
COLOUR_PHOTO = PHOTOS.parents[1] / "tests" / "photos" / "cat.jpg"
STILL = 1.0  # a pixel whose lightness changes less than this, of 100, stands still
GRAIN = 4.0  # levels, root mean square
CRF = "12"  # of the film that is made: its grain stays


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("--frames", type=int, default=96, help="frames to time (default 96)")
    options = parser.parse_args(arguments)
    with Colorizer.load() as colorizer, tempfile.TemporaryDirectory() as folder:
        colorizer.warmup()
        figures = {
            "machine": f"{platform.machine()}, {os.cpu_count()} processors",
            "processes that wanted a processor": round(os.getloadavg()[0], 1),
            "size": list(SIZE),
            "frames": options.frames,
            **_speed(colorizer, Path(folder), options.frames),
            **_flicker(colorizer, options.frames),
        }
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    return 0


def pan(count: int, *, step: int, width: int, height: int) -> Iterator[Uint8Array]:
    """Grey frames of a photo that moves by `step` pixels a frame under grain: (height, width, 3)."""
    photo = Image.open(PHOTOS / "cat.jpg").convert("L").resize((width, height), Image.Resampling.BICUBIC)
    random, still = np.random.default_rng(0), np.asarray(photo, np.float32)
    for number in range(count):
        grainy = np.roll(still, step * number, axis=1) + random.normal(0, GRAIN, still.shape).astype(np.float32)
        yield grainy.clip(0, 255).astype(np.uint8)[..., None].repeat(3, axis=-1)


def write_film(frames: Iterable[Uint8Array], path: Path, *, rate: int = 24) -> None:
    """Frames as an H.264 file."""
    with av.open(path, "w") as container:
        picture: Any = container.add_stream("libx264", rate=rate, options={"crf": CRF, "preset": "ultrafast"})
        for number, rgb in enumerate(frames):
            if number == 0:
                picture.height, picture.width = rgb.shape[:2]
                picture.pix_fmt = "yuv420p"
            container.mux(picture.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(picture.encode())


def flicker(coloured: Iterable[Uint8Array]) -> float:
    """Mean change of chroma, in Lab units, between frames, (height, width, 3) uint8, where lightness stands still."""
    changes: list[float] = []
    previous = None
    for rgb in coloured:
        lab = color.rgb_to_lab(rgb)
        if previous is not None:
            still = np.abs(lab[..., 0] - previous[..., 0]) < STILL
            if still.any():
                changes.append(float(np.linalg.norm(lab[still][:, 1:] - previous[still][:, 1:], axis=-1).mean()))
        previous = lab
    return float(np.mean(changes)) if changes else 0.0


def _speed(colorizer: Colorizer, folder: Path, count: int) -> dict[str, float]:
    film = folder / "film.mp4"
    write_film(pan(count, step=3, width=SIZE[0], height=SIZE[1]), film)
    with av.open(film) as container:
        decoded = list(container.decode(video=0))
    start, busy = perf_counter(), process_time()
    coloured = ahead(colorizer.stream(ahead(map(half_of, decoded)), smoothing=0.7))
    for frame, rgb in zip(decoded, coloured, strict=True):
        with_colours(frame, rgb)
    without, busy = perf_counter() - start, process_time() - busy
    del decoded
    start = perf_counter()
    colorize_film(colorizer, film, folder / "coloured.mp4")
    return {
        "frames a second without the codec": round(count / without, 2),
        "processor seconds a frame without the codec": round(busy / count, 4),
        "frames a second with the codec": round(count / (perf_counter() - start), 2),
    }


def _flicker(colorizer: Colorizer, count: int) -> dict[str, float]:
    """Of a scene that stands still under grain; the source's own is that of a colour film under the same grain."""
    frames = list(pan(count, step=0, width=480, height=270))
    original = np.asarray(
        Image.open(PHOTOS.parents[1] / "tests" / "photos" / "cat.jpg").convert("RGB").resize((480, 270))
    )
    random = np.random.default_rng(0)
    source = (
        (original + random.normal(0, GRAIN, original.shape[:2])[..., None]).clip(0, 255).astype(np.uint8)
        for _ in range(count)
    )
    return {
        "flicker of the source": round(flicker(source), 3),
        "flicker with smoothing 0.7": round(flicker(colorizer.stream(frames, smoothing=0.7)), 3),
        "flicker without smoothing": round(flicker(colorizer.stream(frames)), 3),
    }


if __name__ == "__main__":
    raise SystemExit(main())
