"""Films: decoded, coloured and encoded side by side, with their sound, subtitles and timing.

A film keeps its own luma. Its chroma is computed at half its height and width, which is all that 4:2:0 holds of it, so
a frame costs a quarter of what a photo of its size does.
"""

# PyAV is typed in part, so there is nothing to be strict about.
# pyright: basic

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Unpack, cast

import numpy as np

from sdk import formats
from sdk.ahead import ahead
from sdk.color import Uint8Array
from sdk.colorizer import Colorizer
from sdk.errors import BackendUnavailable, OptionError, OutputError, PhotoError
from sdk.look import LookOptions

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

__all__ = ["colorize_film"]

DEFAULT_SMOOTHING: Final = 0.7
DEFAULT_CRF: Final = 18
_HIGHEST_CRF: Final = 51


def colorize_film(
    colorizer: Colorizer,
    film: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    smoothing: float = DEFAULT_SMOOTHING,
    crf: int = DEFAULT_CRF,
    overwrite: bool = False,
    on_frame: Callable[[int | None], object] = lambda _: None,
    **look: Unpack[LookOptions],
) -> None:
    """Colour a film into a file, H.264 and 8 bits deep; sound, subtitles, chapters and each frame's time stay.

    A film of odd width or height loses a column or row, which H.264 cannot hold. Needs PyAV, the extra "video".

    Args:
        colorizer: What colours the frames.
        film: A film's file.
        path: The file to write: .mp4, .m4v, .mov or .mkv.
        smoothing: As `Colorizer.stream` takes it.
        crf: x264's constant rate factor, from 0 (nothing is lost) to 51.
        overwrite: Whether a file that exists is replaced.
        on_frame: Is told of each frame that is written, and how many there will be, if that is known.
        look: As `Colorizer.colorize` takes it.

    Raises:
        BackendUnavailable: PyAV is not installed.
        PhotoError: The film cannot be read or holds no pictures.
        OptionError: An option has a value it cannot have.
        OutputError: The file exists and may not be replaced, cannot hold the film, or the disk refuses.
        KeyboardInterrupt: After what was coloured until then was put, whole and playable, into `stopped_path(path)`.
    """
    film, path = Path(film), Path(path)
    check(film, path, overwrite=overwrite, crf=crf)
    partial = path.with_name(f".{path.stem[:100]}.partial{path.suffix}")
    try:
        with ExitStack() as opened:
            copy = _Copy(_open(film, opened), partial, path, crf, opened)
            halves = opened.enter_context(closing(ahead(copy.halves())))
            colours = colorizer.stream(halves, smoothing=smoothing, **look)
            try:
                for rgb in opened.enter_context(closing(ahead(colours))):
                    copy.add(rgb)
                    on_frame(copy.total)
            finally:
                copy.finish()
            if not copy.count:
                raise PhotoError(f"{film}: it holds no pictures.")
        partial.replace(path)
    except KeyboardInterrupt:
        with suppress(OSError):
            if partial.stat().st_size:
                partial.replace(stopped_path(path))
        raise
    except (OSError, ValueError) as error:  # PyAV's errors are these, too
        if isinstance(error, PhotoError | OptionError | OutputError):
            raise
        raise OutputError(f"{path} cannot be written: {error}; a .mkv file holds any film.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def stopped_path(path: Path) -> Path:
    """Where a film lies that was stopped on its way to `path`."""
    return path.with_name(f"{path.stem}.stopped{path.suffix}")


def check(film: Path, path: Path, *, overwrite: bool, crf: int = DEFAULT_CRF) -> None:
    """Refuse what can be refused before a film is opened. Raises as `colorize_film`."""
    if not 0 <= crf <= _HIGHEST_CRF:
        raise OptionError(f"crf must lie between 0 and {_HIGHEST_CRF}, not {crf}.")
    if not film.is_file():
        raise PhotoError(f"{film}: it does not exist.")
    if not formats.is_film(path) or formats.film_suffix(path) != path.suffix:
        raise OutputError(f"{path} is no name of a film that can be written; try {path.stem}.mp4 or {path.stem}.mkv.")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already; choose another name or allow overwriting.")


def half_of(frame: "VideoFrame") -> Uint8Array:
    """A yuv420p frame at half its size: (height / 2, width / 2, 3) sRGB."""
    half = frame.reformat(frame.width // 2, frame.height // 2, "rgb24", interpolation="AREA")
    return np.asarray(half.to_ndarray(), np.uint8)


def with_colours(frame: "VideoFrame", rgb: Uint8Array) -> "VideoFrame":
    """A yuv420p frame with its own luma and the chroma of `rgb`, which `half_of` it was made of."""
    from av import VideoFrame

    coloured = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
    chroma = coloured.reformat(
        format="yuv444p", dst_colorspace=int(frame.colorspace), dst_color_range=int(frame.color_range)
    ).to_ndarray()[1:]
    planes = np.asarray(frame.to_ndarray(), np.uint8)
    planes[frame.height :] = chroma.reshape(-1, frame.width)
    return _like(frame, planes, "yuv420p")


def _open(film: Path, opened: ExitStack) -> "InputContainer":
    try:
        import av
    except ImportError as error:
        raise BackendUnavailable(
            'Films need PyAV: install edge-colorizer with its extra "video", or pip install av.'
        ) from error
    try:
        source = opened.enter_context(av.open(film))
    except (OSError, ValueError) as error:
        raise PhotoError(f"{film}: it is damaged or no film ({error}).") from error
    if not source.streams.video:
        raise PhotoError(f"{film}: it holds no pictures.")
    return source


class _Copy:
    """A film being written beside the one being read.

    Args:
        source: The film.
        partial: The file that is written.
        path: What errors call it.
        crf: See `colorize_film`.
        opened: Closes what is opened here.

    Attributes:
        total: How many frames there will be, if that is known.
        count: How many are written.
    """

    def __init__(self, source: "InputContainer", partial: Path, path: Path, crf: int, opened: ExitStack) -> None:
        import av

        self._source, self._picture = source, source.streams.video[0]
        self._picture.thread_type = "AUTO"
        self._target = opened.enter_context(av.open(partial, "w"))
        self._target.metadata.update(source.metadata)
        rate = self._picture.average_rate or Fraction(25)
        self._written = self._target.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
        self._written.width, self._written.height = self._picture.width & ~1, self._picture.height & ~1
        self._written.pix_fmt = "yuv420p"
        context, theirs = self._written.codec_context, self._picture.codec_context
        context.time_base = self._picture.time_base or Fraction(1, 1000)
        for name in ("color_range", "colorspace", "color_primaries", "color_trc", "sample_aspect_ratio"):
            if (value := getattr(theirs, name)) is not None:
                setattr(context, name, value)
        others = [stream for stream in source.streams if stream.type in ("audio", "subtitle")]
        try:
            self._copies = {stream.index: self._target.add_stream_from_template(stream) for stream in others}
        except ValueError as error:
            raise OutputError(f"{path} cannot hold the film's sound or subtitles; write a .mkv file.") from error
        for stream in others:
            self._copies[stream.index].metadata.update(stream.metadata)
        self._target.set_chapters(source.chapters())
        self._others, self._packets = others, SimpleQueue[Any]()
        self._waiting: deque[VideoFrame] = deque()
        known = self._picture.frames or (self._picture.duration or 0) * (self._picture.time_base or 0) * rate
        self.total, self.count = int(known) or None, 0

    def halves(self) -> Iterator[Uint8Array]:
        """Each frame at half its size, (height / 2, width / 2, 3) sRGB; the frame itself waits for `add`."""
        for frame in self._frames():
            self._waiting.append(frame)
            yield half_of(frame)

    def _frames(self) -> Iterator["VideoFrame"]:
        """The film's frames as yuv420p. What lies between them is copied as it comes by."""
        try:
            for packet in self._source.demux(self._picture, *self._others):
                if packet.stream is self._picture:
                    yield from map(self._even, cast("list[VideoFrame]", packet.decode()))
                elif packet.dts is not None:  # the last one is empty
                    packet.stream = self._copies[packet.stream_index]
                    self._packets.put(packet)
        except (OSError, ValueError) as error:
            raise PhotoError(f"{self._source.name}: it is damaged ({error}).") from error

    def add(self, rgb: Uint8Array) -> None:
        """Write the frame whose turn it is, with these colours."""
        frame = with_colours(self._waiting.popleft(), rgb)
        frame.time_base = self._written.codec_context.time_base
        self._copy_packets()
        self._target.mux(self._written.encode(frame))
        self.count += 1

    def _even(self, frame: "VideoFrame") -> "VideoFrame":
        if frame.width % 2 or frame.height % 2:
            planes = frame.to_ndarray(format="yuv444p")[:, : self._written.height, : self._written.width]
            frame = _like(frame, np.ascontiguousarray(planes, np.uint8), "yuv444p")
        return frame.reformat(format="yuv420p")

    def _copy_packets(self) -> None:
        while not self._packets.empty():
            self._target.mux(self._packets.get())

    def finish(self) -> None:
        """Make the file whole, up to where it came."""
        if self.count:
            self._copy_packets()
            self._target.mux(self._written.encode())


def _like(frame: "VideoFrame", planes: Uint8Array, pixel_format: str) -> "VideoFrame":
    """A frame of other planes, shown when another one is."""
    from av import VideoFrame

    made = VideoFrame.from_ndarray(planes, pixel_format)
    made.pts, made.colorspace, made.color_range = frame.pts, frame.colorspace, frame.color_range
    return made
