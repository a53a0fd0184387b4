"""How much the colours of real films flicker, faithful and vivid, with and without smoothing.

    python -m benchmarks.flicker docs/benchmarks/flicker.json bikes.mp4 carphone.mp4

Each film is shown in grey and coloured. Where a pixel's lightness stands still, its chroma should too: flicker is its
mean change from frame to frame, in Lab units, beside that of the film's own colours at the same places.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np

from benchmarks.film import flicker
from sdk import Colorizer
from sdk.color import Uint8Array
from sdk.look import DEFAULT_VIVIDNESS

VIVIDNESS = (0.0, DEFAULT_VIVIDNESS, 1.0)
SMOOTHING = (0.0, 0.7)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("films", type=Path, nargs="+", help="colour films")
    parser.add_argument("--frames", type=int, default=60, help="of each film (default 60)")
    options = parser.parse_args(arguments)
    with Colorizer.load() as colorizer:
        figures = {film.name: measure(colorizer, film, options.frames) for film in options.films}
    text = json.dumps({"frames": options.frames, "films": figures}, indent=2)
    options.out.write_text(text + "\n")
    print(text)
    return 0


def measure(colorizer: Colorizer, film: Path, count: int) -> dict[str, float]:
    """A film's own flicker, and that of its colours at each vividness and smoothing."""
    figures = {"the film's own": round(flicker(islice(frames(film), count)), 3)}
    for vividness in VIVIDNESS:
        for smoothing in SMOOTHING:
            shown = map(in_grey, islice(frames(film), count))
            coloured = colorizer.stream(shown, vividness=vividness, smoothing=smoothing)
            figures[f"vividness {vividness:g}, smoothing {smoothing:g}"] = round(flicker(coloured), 3)
    return figures


def frames(film: Path) -> Iterator[Uint8Array]:
    """A film's frames, (height, width, 3) sRGB."""
    with av.open(film) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def in_grey(rgb: Uint8Array) -> Uint8Array:
    """A frame's light without its colours: three equal channels (Rec. 601)."""
    return np.rint(rgb @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None].repeat(3, axis=-1)


if __name__ == "__main__":
    raise SystemExit(main())
