"""A photo's own lightness and a network's chroma, merged strip by strip on several threads."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Final

import numpy as np

from sdk.color import FloatArray, RgbArray, recolour
from sdk.resizing import resize_part
from sdk.samples import Part, parts

# Pixels merged at a time: enough for numpy to work long without Python's lock, few enough for the allocator to keep
# their planes from strip to strip. Twice as many go back to the system and are asked for anew: half of the time.
_STRIP_PIXELS: Final = 1 << 17
# Strips merged side by side; more would ask for memory faster than it answers.
_MOST_THREADS: Final = 4


def merge(rgb: RgbArray, ab: FloatArray, *, out: RgbArray | None = None, threads: int | None = None) -> RgbArray:
    """Colour a photo: keep its own lightness, take its chroma from `ab`.

    Works on strips of rows, side by side, so the memory needed beside the result is that of a few strips. A row wider
    than a strip is cut, too.

    Args:
        rgb: (height, width, 3) uint8, uint16, or float32 in [0, 1]. Only its lightness is used.
        ab: (2, h, w) float32, a and b in Lab units, of any size; resized bilinearly.
        out: Where the result goes, of the shape and dtype of `rgb`, or `rgb` itself; by default a new array.
        threads: Strips merged side by side; by default as many as there are processors, at most four.

    Returns:
        (height, width, 3) of the dtype of `rgb`.
    """
    height, width = rgb.shape[:2]
    merged = np.empty(rgb.shape, rgb.dtype) if out is None else out

    def merge_strip(strip: tuple[Part, Part]) -> None:
        a, b = resize_part(ab, height, width, *strip)
        for channel, plane in enumerate(recolour(rgb[strip], a, b)):
            merged[(*strip, channel)] = plane

    rows, columns = parts(height, _STRIP_PIXELS // width), parts(width, _STRIP_PIXELS)
    with ThreadPoolExecutor(threads or min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        list(pool.map(merge_strip, product(rows, columns)))  # asking for answers raises what a strip raised
    return merged
