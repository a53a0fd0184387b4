"""16-bit colour files, which Pillow reads and writes at 8 bits only."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Uint16Array = npt.NDArray[np.uint16]

_ROWS_AT_A_TIME: Final = 64


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


def _big_endian_rows(rgb: Uint16Array, alpha: Uint16Array | None) -> Iterator[npt.NDArray[np.uint8]]:
    """Some rows at a time, as bytes (rows, width * samples * 2)."""
    for top in range(0, len(rgb), _ROWS_AT_A_TIME):
        rows = rgb[top : top + _ROWS_AT_A_TIME]
        if alpha is not None:
            rows = np.concatenate([rows, alpha[top : top + _ROWS_AT_A_TIME, :, None]], axis=-1)
        yield rows.astype(">u2").reshape(len(rows), -1).view(np.uint8)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
