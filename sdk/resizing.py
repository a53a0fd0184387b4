"""Sizes: the small copy a network sees, and its small answer brought up to the photo's size."""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk.color import FloatArray, RgbArray, Uint8Array
from sdk.samples import BAND_PIXELS, Part, grey_to_rgb, parts, to_uint8

# Averaging stops where a photo is still this many times as large as its target: Pillow's `reducing_gap`.
_REDUCING_GAP: Final = 3


def resize(rgb: RgbArray, side: int) -> Uint8Array:
    """Stretch (height, width, 3) to an 8-bit (side, side, 3), bicubic, as networks are trained and measured."""
    grey = rgb.strides[-1] == 0  # one channel seen three times, as `grey_to_rgb` leaves it, need be resized but once
    samples = rgb[..., 0] if grey else rgb
    height, width = samples.shape[:2]
    # A photo much larger than the target is first averaged down by whole steps: no visible change, less time.
    across, down = (max(1, length // (side * _REDUCING_GAP)) for length in (width, height))
    averaged = Image.new("L" if grey else "RGB", (-(-width // across), -(-height // down)))
    for rows in parts(height, down * max(1, BAND_PIXELS // (width * down))):
        band = Image.fromarray(to_uint8(samples[rows]))
        averaged.paste(band.reduce((across, down)), (0, rows.start // down))
    # The width, then the height, in two calls: in one, it depends on Pillow's version which comes first.
    bicubic = Image.Resampling.BICUBIC
    narrow = averaged.resize((side, averaged.height), bicubic, box=(0, 0, width / across, averaged.height))
    small = np.asarray(narrow.resize((side, side), bicubic, box=(0, 0, side, height / down)))
    return grey_to_rgb(small) if grey else small


def resize_ab(ab: FloatArray, height: int, width: int) -> FloatArray:
    """Resize chroma (2, h, w) to (2, height, width), bilinearly with half-pixel centres, as `merge` does."""
    return resize_part(ab, height, width, slice(0, height), slice(0, width))


def resize_part(ab: FloatArray, height: int, width: int, rows: Part, columns: Part) -> FloatArray:
    """Some rows and columns of (2, h, w) resized to (2, height, width)."""
    above, below, down = _bilinear_taps(ab.shape[1], height, rows)
    left, right, across = _bilinear_taps(ab.shape[2], width, columns)
    used = ab[:, above[0] : below[-1] + 1]
    # `take` keeps rows contiguous; indexing the last axis would lay columns out first.
    used = used.take(left, axis=-1) * (1 - across) + used.take(right, axis=-1) * across
    resized = np.empty((len(ab), len(above), len(left)), np.float32)
    # The many rows between two source rows at once, which need not be copied for each.
    starts = np.flatnonzero(np.diff(above, prepend=-1))
    for start, stop in pairwise((*starts, len(above))):
        upper, lower = (used[:, tap[start] - above[0], None] for tap in (above, below))
        between = resized[:, start:stop]
        np.multiply(lower - upper, down[start:stop, None], out=between)
        between += upper
    return resized


def _bilinear_taps(
    source: int, target: int, pixels: Part
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """For some of the target's pixels: their two source pixels and the weight of the second (half-pixel centres)."""
    position = np.clip((np.arange(pixels.start, pixels.stop) + 0.5) * source / target - 0.5, 0, source - 1)
    first = position.astype(np.intp)
    return first, np.minimum(first + 1, source - 1), (position - first).astype(np.float32)
