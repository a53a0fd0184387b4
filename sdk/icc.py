"""ICC profiles (ICC.1:2022): curves and matrices read from them, and profiles made of what a PNG says instead."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.color import FloatArray
from sdk.errors import PhotoError

LEVELS: Final = 1 << 16
_HEADER_BYTES: Final = 128
_FIXED: Final = 65536  # s15Fixed16Number
_D50: Final = (0.9642, 1.0, 0.8249)
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_LAB_CONNECTION: Final = b"Lab "
# Tables of more than curves and a matrix: whoever has one of these means it to be used.
_TABLES: Final = (b"A2B0", b"A2B1", b"D2B0", b"D2B1")
# ITU-T H.273: x and y of red, green, blue and white; and transfer functions as exponents. 2 means that none is said.
_D65: Final = (0.3127, 0.3290)
SRGB_POINTS: Final = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_PRIMARIES: Final = {
    1: SRGB_POINTS,
    2: SRGB_POINTS,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT709_CURVE: Final = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_TRANSFERS: Final[dict[int, tuple[float, ...]]] = {
    **dict.fromkeys((1, 6, 14, 15), _BT709_CURVE),
    **dict.fromkeys((2, 13), _SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
_HDR: Final = (16, 18)  # PQ and HLG
# A gamma this near to 1/2.2 is how sRGB was written before it had a chunk of its own.
_SRGB_GAMMAS: Final = (0.449, 0.460)


@dataclass(frozen=True)
class Shaper:
    """A profile of curves, and for colour a matrix.

    Attributes:
        curves: One or three of (LEVELS,): linear light of each level, in [0, 1].
        matrix: (3, 3), linear light to XYZ under D50; None for grey.
    """

    curves: list[FloatArray]
    matrix: FloatArray | None


def space_of(profile: bytes) -> bytes:
    """The four letters of a profile's colour space; empty for what is no profile."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""


def shaper(profile: bytes) -> Shaper | None:
    """A grey or matrix profile's curves; None where it has tables instead, or is damaged."""
    try:
        tags = _tags(profile)
        if any(table in tags for table in _TABLES):
            return None
        if space_of(profile) == b"GRAY":
            curve = _curve(tags[b"kTRC"])
            return Shaper([_luminance(curve) if profile[20:24] == _LAB_CONNECTION else curve], None)
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
        columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, struct.error, ValueError, OverflowError):
        return None
    return Shaper(curves, np.array(columns).T / _FIXED)


def of_code_points(primaries: int, transfer: int, matrix: int, full_range: int, *, grey: bool) -> bytes:
    """The profile that a PNG's cICP stands for; empty for sRGB.

    Raises:
        PhotoError: It is of a kind that is not read, such as HDR.
    """
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS or matrix != 0 or full_range != 1:
        raise PhotoError(
            f"its colours are coded as {primaries}/{transfer}/{matrix}/{full_range} (ITU-T H.273), HDR or video, "
            "which is not read; save it as sRGB."
        )
    if _PRIMARIES[primaries] == SRGB_POINTS and _TRANSFERS[transfer] == _SRGB_CURVE:
        return b""
    return built(_PRIMARIES[primaries], _TRANSFERS[transfer], grey=grey)


def of_decoded(primaries: int, transfer: int) -> bytes:
    """The profile of a picture that a decoder has made of such a video; empty for sRGB.

    Video's own curves count as sRGB's, as everybody shows them; what is linear, a plain gamma or HDR does not.

    Raises:
        PhotoError: It is HDR.
    """
    known = transfer if transfer in _HDR or _TRANSFERS.get(transfer) not in (None, _BT709_CURVE) else 2
    return of_code_points(primaries if primaries in _PRIMARIES else 2, known, 0, 1, grey=False)


def of_gamma(gamma: float | None, points: list[float] | None, *, grey: bool) -> bytes:
    """The profile that a PNG's gAMA and cHRM stand for; empty for sRGB, and for what cannot be meant.

    Args:
        gamma: The file's exponent, about 0.45.
        points: x and y of white, red, green and blue.
        grey: Whether the file has no colours.
    """
    srgb_gamma = gamma is None or gamma <= 0 or _SRGB_GAMMAS[0] <= gamma <= _SRGB_GAMMAS[1]
    srgb_points = points is None or grey or np.allclose(points, SRGB_POINTS, atol=0.002)
    if srgb_gamma and srgb_points:
        return b""
    curve = _SRGB_CURVE if srgb_gamma or gamma is None else (1 / gamma,)
    try:
        return built(tuple(points) if points and not srgb_points else SRGB_POINTS, curve, grey=grey)
    except (np.linalg.LinAlgError, ZeroDivisionError, struct.error):
        return b""


def built(points: tuple[float, ...], curve: tuple[float, ...], *, grey: bool) -> bytes:
    """A version 4 profile.

    Args:
        points: x and y of white, red, green and blue.
        curve: Parameters of a parametric curve: g, or g, a, b, c, d.
        grey: Whether it is a grey profile.
    """
    kind = {1: 0, 5: 3}[len(curve)]
    parameters = struct.pack(f">4s4xH2x{len(curve)}i", b"para", kind, *(round(value * _FIXED) for value in curve))
    if grey:
        tags = {b"kTRC": parameters}
    else:
        matrix = _to_d50(points)
        tags = {name + b"TRC": parameters for name in (b"r", b"g", b"b")}
        tags |= {name + b"XYZ": _xyz(matrix[:, at]) for at, name in enumerate((b"r", b"g", b"b"))}
    tags |= {b"wtpt": _xyz(_D50), b"desc": _text("edge-colorizer"), b"cprt": _text("CC0")}
    at, table, body = _HEADER_BYTES + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content.ljust(-(-len(content) // 4) * 4, b"\0")
    space = b"GRAY" if grey else b"RGB "
    head = struct.pack(">I4xI4s4s4s", at + len(body), 0x04200000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _xyz(_D50)[8:]
    return head.ljust(_HEADER_BYTES, b"\0") + table + body


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    entries = [struct.unpack_from(">4sII", profile, _HEADER_BYTES + 4 + 12 * at) for at in range(min(count, 200))]
    return {name: profile[start : start + length] for name, start, length in entries}


def _curve(tag: bytes) -> FloatArray:
    """A curve's values at LEVELS levels from 0 to 1."""
    x = np.linspace(0, 1, LEVELS)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        values = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
        if count == 0:
            return x
        return x ** (values[0] / 256) if count == 1 else np.interp(x, np.linspace(0, 1, count), values / (LEVELS - 1))
    if tag[:4] != b"para":
        raise ValueError(tag[:4])
    (kind,) = struct.unpack_from(">H", tag, 8)
    counts = (1, 3, 4, 5, 7)
    g, *rest = (value / _FIXED for value in struct.unpack_from(f">{counts[kind]}i", tag, 12))
    a, b, c, d, e, f = {
        0: lambda: (1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        1: lambda: (rest[0], rest[1], 0.0, -rest[1] / rest[0], 0.0, 0.0),
        2: lambda: (rest[0], rest[1], 0.0, -rest[1] / rest[0], rest[2], rest[2]),
        3: lambda: (*rest, 0.0, 0.0),
        4: lambda: tuple(rest),
    }[kind]()
    return np.clip(np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f), 0, 1)


def _luminance(lightness: FloatArray) -> FloatArray:
    """L over [0, 1] to luminance over [0, 1] (CIE 1976)."""
    root = (100 * lightness + 16) / 116
    return np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))


def _to_d50(points: tuple[float, ...]) -> FloatArray:
    """Linear light of these primaries to XYZ under D50, adapted as ICC does (Bradford)."""
    white, *primaries = (
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(points[::2], points[1::2], strict=True)
    )
    columns = np.stack(primaries, axis=1)
    scaled = columns * np.linalg.solve(columns, white)
    gains = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ scaled


def _xyz(values: FloatArray | tuple[float, ...]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(float(value) * _FIXED) for value in values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(encoded), 28) + encoded
