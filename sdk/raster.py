"""PNG and TIFF of 8 and 16 bits, in pieces: Pillow writes 8 bits only, from a copy of four bytes a pixel."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import TiffImagePlugin

from sdk.containers.png import chunk
from sdk.containers.tiff_tags import Tag
from sdk.notes import Notes, load_exif

Samples = npt.NDArray[Any]

_ROWS_AT_A_TIME: Final = 64
_TIFF_START: Final = b"MM\0\x2a\0\0\0\x08"
_DEFLATE, _RGB, _UNASSOCIATED, _DOTS_AN_INCH = 8, 2, 2, 2
_PNG_RGB, _PNG_RGBA = 2, 6
_INCH_IN_METRES: Final = 0.0254


def png(rgb: Samples, alpha: Samples | None, profile: bytes, notes: Notes) -> Iterator[bytes]:
    """The bytes of a PNG file (W3C PNG, third edition), in pieces.

    Args:
        rgb: (height, width, 3), uint8 or uint16.
        alpha: (height, width), of the same dtype.
        profile: An ICC profile.
        notes: What is told beside the pixels.
    """
    yield from png_head(rgb, has_alpha=alpha is not None, profile=profile, notes=notes)
    for piece in png_pixels(rgb, alpha):
        yield chunk(b"IDAT", piece)
    yield chunk(b"IEND", b"")


def png_head(rgb: Samples, *, has_alpha: bool, profile: bytes, notes: Notes) -> Iterator[bytes]:
    """What a PNG begins with, up to its pixels."""
    height, width = rgb.shape[:2]
    yield b"\x89PNG\r\n\x1a\n"
    bits, colours = 8 * rgb.itemsize, _PNG_RGBA if has_alpha else _PNG_RGB
    yield chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    yield chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))
    if notes.dpi:
        yield chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _INCH_IN_METRES) for dots in notes.dpi), 1))
    if notes.exif:
        yield chunk(b"eXIf", notes.exif.removeprefix(b"Exif\0\0"))
    for keyword, text in {**notes.text, "XML:com.adobe.xmp": notes.xmp.decode(errors="replace")}.items():
        if text:
            yield chunk(b"iTXt", keyword.encode("latin-1", "replace")[:79] + b"\0\0\0\0\0" + text.encode())


def png_pixels(rgb: Samples, alpha: Samples | None) -> Iterator[bytes]:
    """A picture's samples as PNG compresses them, in pieces."""
    compressor = zlib.compressobj(3)
    above = None
    for rows in _big_endian_rows(rgb, alpha):
        # Each row as its difference from the one above (filter 2), which compresses better than plain samples.
        before = np.zeros_like(rows[:1]) if above is None else above
        filtered = rows - np.concatenate([before, rows[:-1]])
        above = rows[-1:]
        marked = np.concatenate([np.full((len(rows), 1), 2, np.uint8), filtered], axis=1)
        if piece := compressor.compress(marked.tobytes()):
            yield piece
    yield compressor.flush()


def tiff_start() -> bytes:
    """What a TIFF file begins with; its first page lies right behind."""
    return _TIFF_START


def tiff_page(
    rgb: Samples, alpha: Samples | None, profile: bytes, notes: Notes, *, start: int, last: bool
) -> list[bytes]:
    """One page of a TIFF (TIFF 6.0), of 8 or 16 bits, one deflated strip; in pieces.

    Args:
        rgb: (height, width, 3).
        alpha: (height, width), of the same dtype.
        profile: An ICC profile.
        notes: What is told beside the pixels.
        start: Where in the file the page will lie.
        last: Whether no other page follows.
    """
    compressor = zlib.compressobj(3)
    strip = [*(compressor.compress(rows.tobytes()) for rows in _big_endian_rows(rgb, alpha)), compressor.flush()]
    length = sum(map(len, strip))
    channels = 3 if alpha is None else 4
    directory = TiffImagePlugin.ImageFileDirectory_v2(_TIFF_START)
    for tag, value in load_exif(notes.exif).items():
        directory[tag] = value
    for folder in (0x8769, 0x8825):  # EXIF and GPS
        if entries := load_exif(notes.exif).get_ifd(folder):
            directory[folder] = dict(entries)
    directory[Tag.WIDTH], directory[Tag.HEIGHT] = rgb.shape[1], rgb.shape[0]
    directory[Tag.BITS] = (8 * rgb.itemsize,) * channels
    directory[Tag.COMPRESSION], directory[Tag.PHOTOMETRIC], directory[Tag.CHANNELS] = _DEFLATE, _RGB, channels
    directory[Tag.ROWS_PER_STRIP], directory[Tag.STRIP_BYTES] = rgb.shape[0], length
    directory[Tag.PROFILE] = profile
    if alpha is not None:
        directory[Tag.EXTRA_SAMPLES] = _UNASSOCIATED
    if notes.xmp:
        directory[Tag.XMP] = notes.xmp
    if notes.iptc:
        directory[Tag.PHOTOSHOP] = notes.iptc
    if notes.dpi:
        directory[TiffImagePlugin.X_RESOLUTION], directory[TiffImagePlugin.Y_RESOLUTION] = notes.dpi
        directory[TiffImagePlugin.RESOLUTION_UNIT] = _DOTS_AN_INCH
    directory[Tag.STRIP_OFFSETS] = 0  # counted from the directory's end; Pillow adds the rest
    head = bytearray(directory.tobytes(start))
    padding = bytes((len(head) + length) % 2)
    if not last:
        (count,) = struct.unpack_from(">H", head)
        struct.pack_into(">I", head, 2 + 12 * count, start + len(head) + length + len(padding))
    return [bytes(head), *strip, padding]


def _big_endian_rows(rgb: Samples, alpha: Samples | None) -> Iterator[npt.NDArray[np.uint8]]:
    """Some rows at a time, as bytes."""
    for top in range(0, len(rgb), _ROWS_AT_A_TIME):
        rows = rgb[top : top + _ROWS_AT_A_TIME]
        if alpha is not None:
            rows = np.concatenate([rows, alpha[top : top + _ROWS_AT_A_TIME, :, None]], axis=-1)
        yield np.ascontiguousarray(rows.astype(rows.dtype.newbyteorder(">"))).reshape(len(rows), -1).view(np.uint8)
