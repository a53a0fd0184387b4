"""Colour a video file, and keep its sound.

    pip install 'edge-colorizer[examples]'
    python examples/video.py old-film.mp4 coloured.mp4 --smoothing 0.7

Shows a progress bar, then how much the colours flicker with the smoothing chosen and without: the mean change of chroma
from frame to frame, in Lab units, where the film itself stands still.
"""

import argparse
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from tqdm import tqdm

from sdk import Colorizer, color

STILL = 1.0  # a pixel whose lightness changes less than this, of 100, stands still


def main(arguments: list[str] | None = None) -> None:
    """Colour one file and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--smoothing", type=float, default=0.7, help="share of the previous frame's chroma (default 0.7)"
    )
    options = parser.parse_args(arguments)
    with Colorizer.load() as colorizer:
        colour(colorizer, options.film, options.out, smoothing=options.smoothing)
        without = flicker(colorizer.stream(frames(options.film)))
    print(f"{options.out}: chroma flickers by {flicker(frames(options.out)):.2f}, without smoothing by {without:.2f}")


def frames(film: Path) -> Iterator[np.ndarray]:
    """A film's frames, each (height, width, 3) uint8."""
    with av.open(film) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def colour(colorizer: Colorizer, film: Path, out: Path, *, smoothing: float) -> None:
    """Write a coloured copy; whole under its own name, or not at all."""
    partial = out.with_name(f".{out.name}.partial{out.suffix}")
    try:
        with av.open(film) as source, av.open(partial, "w") as target:
            picture = source.streams.video[0]
            written = target.add_stream("libx264", rate=picture.average_rate or Fraction(25), options={"crf": "18"})
            written.width, written.height, written.pix_fmt = picture.width, picture.height, "yuv420p"
            sound = source.streams.audio[0] if source.streams.audio else None
            copied = target.add_stream_from_template(sound) if sound else None
            coloured = colorizer.stream(frames(film), smoothing=smoothing)
            for rgb in tqdm(coloured, total=picture.frames or None, unit="frame"):
                target.mux(written.encode(av.VideoFrame.from_ndarray(np.asarray(rgb), format="rgb24")))
            target.mux(written.encode())
            if sound and copied:
                for packet in source.demux(sound):
                    if packet.dts is not None:  # the last one is empty
                        packet.stream = copied
                        target.mux(packet)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def flicker(coloured: Iterable[Any]) -> float:
    """Mean change of chroma between neighbouring frames, (height, width, 3) uint8, where lightness stands still."""
    changes, previous = [], None
    for rgb in coloured:
        lab = color.rgb_to_lab(rgb)
        if previous is not None:
            still = np.abs(lab[..., 0] - previous[..., 0]) < STILL
            if still.any():
                changes.append(np.linalg.norm(lab[still][:, 1:] - previous[still][:, 1:], axis=-1).mean())
        previous = lab
    return float(np.mean(changes)) if changes else 0.0


if __name__ == "__main__":
    main()
