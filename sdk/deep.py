"""16-bit colour files, which Pillow reads and writes at 8 bits only."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import ImageCms, ImageFile

Uint16Array = npt.NDArray[np.uint16]
Planes = npt.NDArray[Any]

# Pillow's names for 16-bit samples: each unpacker keeps the first or the second byte of every sample.
_DEEP_LAYOUTS: Final = {"RGB;16": 3, "RGBA;16": 4, "RGBX;16": 4}
# EXIF orientation to (transpose, flip rows, flip columns), in that order.
_TURNS: Final = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
_ROWS_AT_A_TIME: Final = 64


def read_deep(opened: ImageFile.ImageFile, file: BinaryIO) -> tuple[Uint16Array, Uint16Array | None] | None:
    """A 16-bit RGB or RGBA file's pixels and transparency; None if it is no such file.

    Pillow keeps one byte of each sample. The file is read twice, once for the high bytes and once for the low.
    A file whose profile is not sRGB is left to Pillow: its transforms know 8 bits only.
    """
    raw_modes = {_raw_mode(tile) for tile in opened.tile}
    raw_mode = raw_modes.pop() if len(raw_modes) == 1 else ""
    layout, order = raw_mode[:-1], raw_mode[-1:]
    if layout not in _DEEP_LAYOUTS or order not in "BLN" or _has_other_profile(opened):
        return None
    little = order == "L" or (order == "N" and np.little_endian)
    first, second = (_decode_bytes(opened, file, f"{layout}{which}") for which in "BL")
    high, low = (second, first) if little else (first, second)
    deep = high.astype(np.uint16)
    deep <<= 8
    deep |= low
    return deep[..., :3], deep[..., 3] if layout == "RGBA;16" else None


def upright(samples: Planes, orientation: int) -> Planes:
    """Apply an EXIF orientation to (height, width, ...) samples."""
    transpose, flip_rows, flip_columns = _TURNS.get(orientation, (False, False, False))
    turned = samples.swapaxes(0, 1) if transpose else samples
    return turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def png(rgb: Uint16Array, alpha: Uint16Array | None, profile: bytes, exif: bytes) -> Iterator[bytes]:
    """The bytes of a 16-bit PNG file (W3C PNG, third edition), in pieces."""
    height, width = rgb.shape[:2]
    yield b"\x89PNG\r\n\x1a\n"
    yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2 if alpha is None else 6, 0, 0, 0))
    yield _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
    if exif:
        yield _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    compressor = zlib.compressobj(3)
    above = None
    for rows in _big_endian_rows(rgb, alpha):
        # Each row as its difference from the one above (filter 2), which compresses better than plain samples.
        before = np.zeros_like(rows[:1]) if above is None else above
        filtered = rows - np.concatenate([before, rows[:-1]])
        above = rows[-1:]
        marked = np.concatenate([np.full((len(rows), 1), 2, np.uint8), filtered], axis=1)
        if piece := compressor.compress(marked.tobytes()):
            yield _chunk(b"IDAT", piece)
    yield _chunk(b"IDAT", compressor.flush())
    yield _chunk(b"IEND", b"")


def tiff(rgb: Uint16Array, alpha: Uint16Array | None, profile: bytes) -> Iterator[bytes]:
    """The bytes of a 16-bit TIFF file (TIFF 6.0), one deflated strip, in pieces."""
    height, width = rgb.shape[:2]
    samples = 3 if alpha is None else 4
    compressor = zlib.compressobj(3)
    strip = b"".join(compressor.compress(rows.tobytes()) for rows in _big_endian_rows(rgb, alpha)) + compressor.flush()
    from PIL import TiffImagePlugin

    directory = TiffImagePlugin.ImageFileDirectory_v2(b"MM\0\x2a\0\0\0\x08")
    directory[TiffImagePlugin.IMAGEWIDTH] = width
    directory[TiffImagePlugin.IMAGELENGTH] = height
    directory[TiffImagePlugin.BITSPERSAMPLE] = (16,) * samples
    directory[TiffImagePlugin.COMPRESSION] = 8
    directory[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = 2
    directory[TiffImagePlugin.SAMPLESPERPIXEL] = samples
    directory[TiffImagePlugin.ROWSPERSTRIP] = height
    directory[TiffImagePlugin.STRIPBYTECOUNTS] = len(strip)
    directory[TiffImagePlugin.ICCPROFILE] = profile
    if alpha is not None:
        directory[TiffImagePlugin.EXTRASAMPLES] = 2
    directory[TiffImagePlugin.STRIPOFFSETS] = 0  # counted from the directory's end; Pillow adds the rest
    yield b"MM\0\x2a\0\0\0\x08"
    yield directory.tobytes(8)
    yield strip


def _has_other_profile(opened: ImageFile.ImageFile) -> bool:
    try:
        profile = opened.info.get("icc_profile")
        return bool(profile) and "sRGB" not in ImageCms.getProfileDescription(io.BytesIO(profile))
    except ImageCms.PyCMSError:
        return False  # a broken profile is ignored at any depth


def _raw_mode(tile: Any) -> str:
    arguments: Any = tile[3]
    return arguments if isinstance(arguments, str) else str(arguments[0])


def _decode_bytes(opened: ImageFile.ImageFile, file: BinaryIO, raw_mode: str) -> npt.NDArray[np.uint8]:
    """Decode once more from the start, keeping the byte of each sample that an unpacker picks."""
    file.seek(0)
    again = type(opened)(file, opened.filename)
    again.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in again.tile
    ]
    again.load()
    return np.asarray(again)


def _big_endian_rows(rgb: Uint16Array, alpha: Uint16Array | None) -> Iterator[npt.NDArray[np.uint8]]:
    """Some rows at a time, as bytes (rows, width * samples * 2)."""
    for top in range(0, len(rgb), _ROWS_AT_A_TIME):
        rows = rgb[top : top + _ROWS_AT_A_TIME]
        if alpha is not None:
            rows = np.concatenate([rows, alpha[top : top + _ROWS_AT_A_TIME, :, None]], axis=-1)
        yield rows.astype(">u2").reshape(len(rows), -1).view(np.uint8)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
