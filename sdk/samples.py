"""A photo's samples: part by part, between 8 and 16 bits, and between one channel and three."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from sdk.color import RgbArray, Uint8Array

Part: TypeAlias = "slice[int, int, None]"

# Pixels that pass between Pillow and numpy at a time. Both make copies on the way, and new memory for a whole photo's
# costs more than the copying.
BAND_PIXELS: Final = 1 << 19


def parts(length: int, longest: int) -> list[Part]:
    """A photo's rows or columns, at most `longest` at a time and at least one."""
    longest = max(1, longest)
    return [slice(start, min(start + longest, length)) for start in range(0, length, longest)]


def grey_to_rgb(grey: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(height, width) as (height, width, 3), without a copy: one channel seen three times."""
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))


def signed_chroma(lab: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lab's a and b between ICC's encoding, offset by half of the range, and signed numbers, as TIFF and Pillow do."""
    other = lab.copy()
    other[..., 1:] ^= lab.dtype.type(1 << (8 * lab.itemsize - 1))
    return other


def to_uint8(samples: RgbArray) -> Uint8Array:
    """Samples of any depth, uint8, uint16 or float in [0, 1], at 8 bits."""
    if samples.dtype == np.uint8:
        return np.ascontiguousarray(samples, np.uint8)
    eight = np.empty(samples.shape, np.uint8)
    scale = np.float32(255 / 65535 if samples.dtype == np.uint16 else 255)
    for row, target in zip(samples, eight, strict=True):  # row by row: a float copy of it all would be large
        target[...] = np.rint(row * scale)
    return eight
