"""Small arrays for the colour code and the resize, and what `sdk` answers."""

import base64
from typing import Any, Final

import numpy as np

from sdk import color, merging, resizing
from sdk.color import Uint8Array
from sdk.contract import LIGHTNESS

# (height, width) of photos resized to `SIDE`: enlarged, unchanged on one axis, shrunk, averaged first, averaged on one
# axis alone; tall where Pillow 13 alone would begin with the height, enlarged on one axis, averaged to 52⅔ rows, which
# single and double precision tell apart.
RESIZES: Final = ((7, 13), (16, 40), (50, 70), (150, 203), (31, 290), (85, 50), (40, 13), (158, 21))
SIDE: Final = 16
# (height, width) of a photo and (height, width) of its chroma.
MERGES: Final = (((24, 37), (8, 8)), ((9, 5), (16, 16)), ((1, 64), (3, 2)))


def color_vectors() -> dict[str, Any]:
    """Inputs and answers of `sdk.color` and `sdk.resizing.resize`; bytes as base64, floats as lists."""
    random = np.random.default_rng(8)
    return {
        "lightness": [_lightness(random.integers(0, 256, (64, 3), np.uint8))],
        "resize": [_resize(random.integers(0, 256, (*shape, 3), np.uint8), SIDE) for shape in RESIZES],
        "merge": [_merge(random, photo, chroma) for photo, chroma in MERGES],
    }


def _lightness(rgb: Uint8Array) -> dict[str, Any]:
    lightness = LIGHTNESS.normalize(color.rgb_to_lightness(rgb)[None])
    return {"rgb": _base64(rgb), "lightness": _floats(lightness)}


def _resize(rgb: Uint8Array, side: int) -> dict[str, Any]:
    height, width = rgb.shape[:2]
    small = resizing.resize(rgb, side)
    return {"height": height, "width": width, "side": side, "rgb": _base64(rgb), "small": _base64(small)}


def _merge(random: np.random.Generator, photo: tuple[int, int], chroma: tuple[int, int]) -> dict[str, Any]:
    rgb = random.integers(0, 256, (*photo, 3), np.uint8)
    ab = random.uniform(-110, 110, (2, *chroma)).astype(np.float32).round(2)  # much of it outside the gamut
    return {
        "height": photo[0],
        "width": photo[1],
        "rgb": _base64(rgb),
        "chroma": {"height": chroma[0], "width": chroma[1], "ab": _floats(ab)},
        "merged": _base64(merging.merge(rgb, ab)),
        "half": _base64(merging.merge(rgb, ab * np.float32(0.5))),
    }


def _base64(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _floats(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 6) for value in values.ravel()]
