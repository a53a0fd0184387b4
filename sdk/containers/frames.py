"""An animation's frames, laid one on another: a file holds of each as little as differs from the one before."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from sdk.containers.picture import Page, Picture, Samples
from sdk.samples import BAND_PIXELS, parts

After: TypeAlias = Literal["keep", "clear", "restore"]
Decoded: TypeAlias = tuple[Samples, Samples | None]
"""(height, width) or (height, width, 3), and (height, width) transparency where there is some; uint8 or uint16."""
_BAND: Final = BAND_PIXELS // 4


@dataclass(frozen=True)
class Frame:
    """One frame as the file holds it.

    Attributes:
        size: Its width and height.
        left: Where it lies on the canvas, in pixels.
        top: See `left`.
        seconds: How long it is shown.
        after: What becomes of its place then: it stays, is cleared, or is as it was before.
        is_over: Whether what lies below shows through where it is transparent.
        decode: Makes its samples.
        ground: What clearing leaves behind, and what lies around a first frame: a colour with transparency, or nothing.
    """

    size: tuple[int, int]
    left: int
    top: int
    seconds: float
    after: After
    is_over: bool
    decode: Callable[[], Decoded]
    ground: tuple[int, ...] = (0,)


def composed(
    size: tuple[int, int], frames: list[Frame], picture_of: Callable[[Samples, Samples | None], Picture]
) -> list[Page]:
    """An animation's pages, to be decoded in order, each once. A single picture needs no canvas.

    Args:
        size: The canvas's width and height; what lies outside is not shown.
        frames: At least one.
        picture_of: Makes a picture of what the canvas shows.
    """
    if len(frames) == 1 and (frames[0].size, frames[0].left, frames[0].top) == (size, 0, 0):
        return [Page(size, lambda: replace(picture_of(*frames[0].decode()), seconds=frames[0].seconds))]
    shown = _shown(size, frames)

    def decode() -> Picture:
        seconds, samples, alpha = next(shown)
        return replace(picture_of(samples, alpha), seconds=seconds)

    # A frame may be larger than the canvas and is decoded first, so the limits count the larger size.
    return [Page((max(size[0], frame.size[0]), max(size[1], frame.size[1])), decode) for frame in frames]


def _shown(size: tuple[int, int], frames: Iterable[Frame]) -> Iterator[tuple[float, Samples, Samples | None]]:
    """Of each frame its seconds, and the canvas's samples and transparency while it is shown."""
    width, height = size
    canvas: Samples | None = None
    for frame in frames:
        layer = _layer(*frame.decode())
        if canvas is None:
            canvas = np.empty((height, width, layer.shape[2]), layer.dtype)
            canvas[...] = frame.ground
        place = canvas[frame.top : frame.top + frame.size[1], frame.left : frame.left + frame.size[0]]
        before = place.copy() if frame.after == "restore" else frame.ground
        _lay(place, layer[: place.shape[0], : place.shape[1]], is_over=frame.is_over)
        alpha = canvas[..., -1]
        samples = canvas[..., 0] if canvas.shape[2] == 2 else canvas[..., :3]
        yield frame.seconds, samples.copy(), None if (alpha == _top(alpha)).all() else alpha.copy()
        if frame.after != "keep":
            place[...] = before


def _layer(samples: Samples, alpha: Samples | None) -> Samples:
    """(height, width, channels and transparency)."""
    return np.dstack([samples, np.full(samples.shape[:2], _top(samples), samples.dtype) if alpha is None else alpha])


def _lay(place: Samples, layer: Samples, *, is_over: bool) -> None:
    """Put a layer on its place, over what is there or instead of it."""
    if not is_over:
        place[...] = layer
        return
    top = np.float32(_top(layer))
    for rows in parts(len(place), _BAND // max(place.shape[1], 1)):
        below, above = place[rows].astype(np.float32), layer[rows].astype(np.float32)
        share, rest = above[..., -1:] / top, (1 - above[..., -1:] / top) * (below[..., -1:] / top)
        whole = share + rest
        mixed = (share * above + rest * below) / np.maximum(whole, 1 / top)
        mixed[..., -1:] = whole * top
        place[rows] = np.rint(mixed)


def _top(samples: Samples) -> int:
    return int(np.iinfo(samples.dtype).max)
