"""Colour a video file, and keep its sound.

    pip install -e '.[examples]'
    python examples/video.py old-film.mp4 coloured.mp4 --smoothing 0.7

Shows a progress bar, then how much the colours flicker with the smoothing chosen and without: the mean change of chroma
from frame to frame, in Lab units, where the film itself stands still; both before H.264, which changes colours, too.
Each frame keeps its time; a film of odd width or height loses a column or row, which H.264 cannot hold.
Exit code 2: the film cannot be read or written, and why.
"""

import argparse
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from tqdm import tqdm

from sdk import Colorizer, color

STILL = 1.0  # a pixel whose lightness changes less than this, of 100, stands still


def main(arguments: list[str] | None = None) -> int:
    """Colour one file and report. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--smoothing", type=float, default=0.7, help="share of the previous frame's chroma (default 0.7)"
    )
    options = parser.parse_args(arguments)
    try:
        if options.out.exists():
            raise FileExistsError(f"{options.out} exists already; choose another name.")
        with Colorizer.load() as colorizer:
            smoothed = flicker(colour(colorizer, options.film, options.out, smoothing=options.smoothing))
            without = flicker(colorizer.stream(tqdm(frames(options.film), desc="without smoothing", unit="frame")))
    except (OSError, ValueError) as error:  # PyAV's errors are these, too
        print(f"video: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: chroma flickers by {smoothed:.2f}, without smoothing by {without:.2f}")
    return 0


def frames(film: Path) -> Iterator[np.ndarray]:
    """A film's frames, each (height, width, 3) uint8."""
    with av.open(film) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def colour(colorizer: Colorizer, film: Path, out: Path, *, smoothing: float) -> Iterator[Any]:
    """Write a coloured copy while its frames are taken; whole under its own name, or not at all.

    Yields:
        Each frame as it was coloured, (height, width, 3) uint8, before it is encoded.

    Raises:
        OSError: The film cannot be read or the copy not be written.
        ValueError: The film holds no pictures, or the copy's name has no suffix of a known format.
    """
    partial = out.with_name(f".{out.name}.partial{out.suffix}")
    try:
        with av.open(film) as source, av.open(partial, "w") as target:
            if not source.streams.video:
                raise ValueError(f"{film} holds no pictures.")
            picture = source.streams.video[0]
            written = target.add_stream("libx264", rate=picture.average_rate or Fraction(25), options={"crf": "18"})
            written.width, written.height, written.pix_fmt = picture.width // 2 * 2, picture.height // 2 * 2, "yuv420p"
            written.codec_context.time_base = picture.time_base or Fraction(1, 1000)
            copies = {sound.index: target.add_stream_from_template(sound) for sound in source.streams.audio}
            times: deque[int | None] = deque()

            def pictures() -> Iterator[np.ndarray]:
                # Sound is copied as it comes by, so that the two lie side by side in the copy too.
                for packet in source.demux(picture, *source.streams.audio):
                    if packet.stream is picture:
                        for frame in picture.decode(packet):
                            times.append(frame.pts)
                            yield frame.to_ndarray(format="rgb24")[: written.height, : written.width]
                    elif packet.dts is not None:  # the last one is empty
                        packet.stream = copies[packet.stream_index]
                        target.mux(packet)

            coloured = colorizer.stream(pictures(), smoothing=smoothing)
            for rgb in tqdm(coloured, total=picture.frames or None, unit="frame"):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
                frame.pts, frame.time_base = times.popleft(), written.codec_context.time_base
                target.mux(written.encode(frame))
                yield rgb
            target.mux(written.encode())
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
    sys.exit(main())
