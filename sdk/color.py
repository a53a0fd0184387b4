"""CIE Lab and sRGB: the only colour maths, and the only colour constants, in this repository.

sRGB is IEC 61966-2-1 with its D65, 2° white; Lab is CIE 1976. Lightness `L` runs over [0, 100];
chroma `a` and `b` over about [-110, 110] for colours inside sRGB. The white point is the RGB
matrix's own row sums, so that a neutral grey has a chroma of exactly zero.

Inside this module colours travel as three planes, because numpy is several times faster on
contiguous planes than on interleaved channels.
"""

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
"""float32, wherever an array is large; numpy's type stubs cannot follow that through arithmetic."""
Uint8Array = npt.NDArray[np.uint8]
RgbArray = npt.NDArray[np.integer[Any] | np.floating[Any]]
"""(..., 3) sRGB: uint8, uint16, or float32 in [0, 1]."""

CHROMA_SCALE: Final = 110.0  # a and b are divided by this on their way into a network
LIGHTNESS_SCALE: Final = 50.0  # L is divided by this, then one is taken off

XYZ_FROM_RGB: Final = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
WHITE_XYZ: Final = XYZ_FROM_RGB.sum(axis=1)

# XYZ over the white point's, which is what Lab is defined on.
_RELATIVE_XYZ_FROM_RGB: Final = (XYZ_FROM_RGB / WHITE_XYZ[:, None]).astype(np.float32)
_RGB_FROM_RELATIVE_XYZ: Final = np.asarray(np.linalg.inv(_RELATIVE_XYZ_FROM_RGB), np.float32)

# CIE Lab's f(t): a cube root that turns into a straight line near black.
_DELTA: Final = 6 / 29
_SLOPE: Final = 1 / (3 * _DELTA**2)
_OFFSET: Final = 4 / 29

# How far a, b of a tinted print stray from one hue, in Lab units, root mean square.
_TINT_NOISE: Final = 2.0

# Steps of linear light in the tables. At sRGB's steepest one step is 12.92 * 255 / 65535 < 0.06 of an
# 8-bit level, and at Lab's steepest 116 * 7.79 / 65535 < 0.02 of a unit of L.
_LINEAR_STEPS: Final = 1 << 16


def constants() -> dict[str, object]:
    """The colour constants a model is trained with, as its manifest records them."""
    return {
        "space": "CIE 1976 Lab of sRGB, D65, 2 degrees",
        "xyz_from_rgb": XYZ_FROM_RGB.tolist(),
        "lightness_scale": LIGHTNESS_SCALE,
        "chroma_scale": CHROMA_SCALE,
    }


def rgb_to_lab(rgb: RgbArray) -> FloatArray:
    """Convert sRGB to Lab.

    Args:
        rgb: (..., 3) uint8, uint16, or float32 in [0, 1].

    Returns:
        (..., 3) float32: L in [0, 100], a and b in about [-110, 110].
    """
    x, y, z = (_root(sum_of_planes) for sum_of_planes in _mix(_RELATIVE_XYZ_FROM_RGB, _linear_planes(rgb)))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: FloatArray) -> Uint8Array:
    """Convert Lab to 8-bit sRGB; colours outside the gamut lose chroma, never lightness.

    Args:
        lab: (..., 3) float32, L in [0, 100].

    Returns:
        (..., 3) uint8.
    """
    root = (lab[..., 0] + 16) / np.float32(116)
    planes = _gamut_mapped(root, lab[..., 1], lab[..., 2])
    return np.stack([_encode_uint8(plane) for plane in planes], axis=-1)


def rgb_to_lightness(rgb: RgbArray) -> FloatArray:
    """The L of Lab alone: (..., 3) sRGB to (...) float32 in [0, 100]."""
    return 116 * _root(_luminance(rgb)) - 16


def recolour(rgb: RgbArray, a: FloatArray, b: FloatArray) -> list[npt.NDArray[Any]]:
    """(height, width, 3) sRGB with its own lightness and other chroma (height, width): three planes of its dtype."""
    return [_encode(plane, rgb.dtype) for plane in _gamut_mapped(_luminance_root(rgb), a, b)]


def has_hues(rgb: RgbArray) -> bool:
    """Whether a photo has more than one hue: grey has none, a sepia print one, and both count as uncoloured.

    The chroma of a tinted print lies along one line through grey; what strays from the line by more than
    scanner and JPEG noise is colour.
    """
    ab = rgb_to_lab(rgb)[..., 1:].reshape(-1, 2)
    across, _along = np.linalg.eigvalsh(ab.T @ ab / len(ab))
    return bool(across > _TINT_NOISE**2)


# --- sRGB's transfer curve -------------------------------------------------------------------------


def _linear_from_encoded(encoded: FloatArray) -> FloatArray:
    """SRGB in [0, 1] to linear light in [0, 1] (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _encoded_from_linear(linear: FloatArray) -> FloatArray:
    """Linear light in [0, 1] to sRGB in [0, 1] (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@cache
def _linear_table(levels: int) -> FloatArray:
    return _linear_from_encoded(np.linspace(0, 1, levels)).astype(np.float32)


@cache
def _uint8_table() -> Uint8Array:
    return np.rint(_encoded_from_linear(np.linspace(0, 1, _LINEAR_STEPS)) * 255).astype(np.uint8)


def _linear_planes(rgb: RgbArray) -> list[FloatArray]:
    return [_linearize(rgb[..., channel]) for channel in range(3)]


def _linearize(plane: npt.NDArray[Any]) -> FloatArray:
    if np.issubdtype(plane.dtype, np.integer):
        return _linear_table(np.iinfo(plane.dtype).max + 1).take(plane)
    return _linear_from_encoded(plane).astype(np.float32)


def _encode_uint8(linear: FloatArray) -> Uint8Array:
    return _uint8_table().take(_table_index(linear))


def _encode(linear: FloatArray, dtype: np.dtype[Any]) -> RgbArray:
    if dtype == np.uint8:
        return _encode_uint8(linear)
    encoded = _encoded_from_linear(linear)
    return np.rint(encoded * 65535).astype(np.uint16) if dtype == np.uint16 else encoded.astype(np.float32)


def _table_index(linear: FloatArray) -> npt.NDArray[np.uint16]:
    return (linear * np.float32(_LINEAR_STEPS - 1) + np.float32(0.5)).astype(np.uint16)


# --- Lab -------------------------------------------------------------------------------------------


def _mix(matrix: FloatArray, planes: list[FloatArray]) -> list[FloatArray]:
    """A 3×3 matrix applied to three planes."""
    return [row[0] * planes[0] + row[1] * planes[1] + row[2] * planes[2] for row in matrix]


def _luminance(rgb: RgbArray) -> FloatArray:
    red, green, blue = _linear_planes(rgb)
    weights = _RELATIVE_XYZ_FROM_RGB[1]
    return weights[0] * red + weights[1] * green + weights[2] * blue


def _root(relative: FloatArray) -> FloatArray:
    """CIE Lab's f(t)."""
    return np.where(relative > _DELTA**3, np.cbrt(relative), relative * _SLOPE + _OFFSET).astype(np.float32)


@cache
def _root_table() -> FloatArray:
    return _root(np.linspace(0, 1, _LINEAR_STEPS))


def _luminance_root(rgb: RgbArray) -> FloatArray:
    """f(Y) of a strip; from a table for 8-bit photos, whose own rounding is coarser than the table's."""
    if rgb.dtype != np.uint8:
        return _root(_luminance(rgb))
    red: npt.NDArray[Any] = rgb[..., 0]
    if np.array_equal(red, rgb[..., 1]) and np.array_equal(red, rgb[..., 2]):  # most photos that are coloured are grey
        return _grey_root_table().take(red)
    return _root_table().take(_table_index(_luminance(rgb)))


@cache
def _grey_root_table() -> FloatArray:
    """f(Y) of the 256 greys, rounded as that of any other colour."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return _root_table().take(_table_index(_luminance(greys)))


def _cube(root: FloatArray) -> FloatArray:
    """CIE Lab's inverse of f(t)."""
    cubed = root * root * root
    dark = np.flatnonzero(root <= _DELTA)
    if len(dark):
        cubed.put(dark, (root.take(dark) - np.float32(_OFFSET)) / np.float32(_SLOPE))
    return cubed


def _gamut_mapped(root: FloatArray, a: FloatArray, b: FloatArray) -> list[FloatArray]:
    """Lab, given as f(Y), a and b, to planes of linear RGB in [0, 1].

    A colour outside the gamut moves towards the grey of its own luminance until it fits. Luminance
    is linear in linear RGB, so lightness does not change; clipping the channels would change it.
    """
    luminance = _cube(root)  # not the Y that f was taken of: all three must be rounded alike for grey to stay grey
    x = _cube(root + a * (1 / 500))
    z = _cube(root - b * (1 / 200))
    planes = _mix(_RGB_FROM_RELATIVE_XYZ, [x, luminance, z])

    lowest = np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    highest = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    outside = np.flatnonzero((lowest < 0) | (highest > 1))  # a list of few pixels is faster to follow than a mask
    if len(outside):
        grey = np.clip(luminance.take(outside), 0, 1)
        # How much of its chroma the darkest and the brightest channel have room for, at most all of it.
        # The floor keeps a colour at the edge of black or white, which has neither chroma nor room, from 0/0.
        tiny = np.finfo(np.float32).tiny
        below = grey / np.maximum(grey - lowest.take(outside), tiny)
        above = (1 - grey) / np.maximum(highest.take(outside) - grey, tiny)
        share = np.minimum(np.minimum(below, above), 1)
        for plane in planes:
            plane.put(outside, np.clip(grey + (plane.take(outside) - grey) * share, 0, 1))
    return planes
