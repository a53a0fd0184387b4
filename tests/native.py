"""The C colour path, compiled without a single warning and called with arrays."""

import ctypes
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageColor

from sdk import color
from sdk.color import FloatArray, RgbArray, Uint8Array
from sdk.hints import Hint, pixels
from tests.conftest import PROJECT

NATIVE = PROJECT / "native"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-O2")
C11 = ("cc", "-std=c11", "-x", "c")
IMPLEMENTATION = '#define EDGE_COLORIZER_IMPLEMENTATION\n#include "edge_colorizer.h"\n'


def compiled(source: str, path: Path, *flags: str, compiler: tuple[str, ...] = C11) -> Path:
    """A program or library made from text; a warning fails."""
    if not shutil.which(compiler[0]):
        pytest.skip(f"NOT MEASURED: the C colour path by {compiler[0]}, which is not installed")
    command = [*compiler, *STRICT, f"-I{NATIVE}", *flags, "-", "-o", str(path), "-lm"]
    subprocess.run(command, input=source, text=True, check=True)
    return path


class Photo(ctypes.Structure):
    """`ec_photo`."""

    _fields_ = (
        ("levels", ctypes.c_void_p),
        ("row_bytes", ctypes.c_size_t),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("pixel_bytes", ctypes.c_int32),
    )


class Disc(ctypes.Structure):
    """`ec_hint`."""

    _fields_ = (
        ("x", ctypes.c_double),
        ("y", ctypes.c_double),
        ("radius", ctypes.c_double),
        ("rgb", ctypes.c_uint8 * 3),
    )


class Chroma(ctypes.Structure):
    """`ec_chroma`."""

    _fields_ = (("ab", ctypes.c_void_p), ("width", ctypes.c_int32), ("height", ctypes.c_int32))


@dataclass
class Native:
    """The library, called with arrays."""

    library: ctypes.CDLL

    def __post_init__(self) -> None:
        for name in ("ec_tables_bytes", "ec_resize_scratch_bytes"):
            self.library[name].restype = ctypes.c_size_t
        self.tables = ctypes.create_string_buffer(self.library.ec_tables_bytes())
        self.library.ec_tables_init(self.tables)

    def resize(self, rgb: Uint8Array, side: int) -> Uint8Array:
        small = np.empty((side, side, 3), np.uint8)
        height, width = rgb.shape[:2]
        scratch = ctypes.create_string_buffer(self.library.ec_resize_scratch_bytes(width, height, side))
        self.library.ec_resize(ctypes.byref(_photo(rgb)), side, _pointer(small), scratch)
        return small

    def lightness(self, rgb: Uint8Array) -> FloatArray:
        lightness = np.empty(rgb.size // 3, np.float32)
        pixels = ctypes.c_size_t(lightness.size)
        self.library.ec_lightness(self.tables, _pointer(rgb), pixels, _pointer(lightness))
        return lightness

    def place_hints(self, hints: list[Hint], width: int, height: int, cells: int) -> FloatArray:
        discs = [
            Disc(
                pixels(hint.x, width),
                pixels(hint.y, height),
                -1 if hint.radius is None else hint.radius,
                ImageColor.getrgb(hint.color)[:3],
            )
            for hint in hints
        ]
        placed = np.empty(3 * cells * cells, np.float32)
        laid, count = (Disc * len(discs))(*discs), ctypes.c_size_t(len(discs))
        self.library.ec_place_hints(self.tables, laid, count, width, height, cells, _pointer(placed))
        return placed

    def blend(self, faithful: FloatArray, vivid: FloatArray, vividness: float) -> FloatArray:
        blended = np.empty_like(faithful)
        values = ctypes.c_size_t(faithful.size)
        self.library.ec_blend(_pointer(faithful), _pointer(vivid), values, ctypes.c_float(vividness), _pointer(blended))
        return blended

    def premultiply(self, rgba: Uint8Array) -> Uint8Array:
        return self._in_place(self.library.ec_premultiply, rgba)

    def unpremultiply(self, rgba: Uint8Array) -> Uint8Array:
        return self._in_place(self.library.ec_unpremultiply, rgba)

    def _in_place(self, change: Any, rgba: Uint8Array) -> Uint8Array:
        changed = rgba.copy()
        change(ctypes.byref(_photo(changed)))
        return changed

    def merge(self, rgb: Uint8Array, ab: FloatArray, *, strength: float = 1.0, rows: int | None = None) -> Uint8Array:
        """`ab` in Lab units, as `sdk.merging.merge` takes it; (height, width, 3 or 4), in strips of `rows`."""
        merged, answer = rgb.copy(), np.ascontiguousarray(ab / np.float32(color.CHROMA_SCALE))
        chroma = Chroma(_pointer(answer), ab.shape[2], ab.shape[1])
        height = len(rgb)
        for top in range(0, height, rows or height):
            end = min(top + (rows or height), height)
            self.library.ec_merge(
                self.tables,
                ctypes.byref(_photo(merged)),
                ctypes.byref(chroma),
                ctypes.c_float(strength),
                top,
                end,
            )
        return merged


def off(one: RgbArray, other: RgbArray) -> int:
    """The most that two pictures differ by, in levels."""
    return int(np.abs(one.astype(int).ravel() - other.astype(int).ravel()).max())


def _pointer(array: np.ndarray[Any, Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def _photo(pixels: Uint8Array) -> Photo:
    assert pixels.flags.c_contiguous
    return Photo(_pointer(pixels), pixels.strides[0], pixels.shape[1], pixels.shape[0], pixels.shape[2])
