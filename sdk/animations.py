"""Animations, frame by frame: Pillow's writers hold all frames at once, and leave out those like the one before."""

import io
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any, Final

import numpy as np
from PIL import GifImagePlugin, Image

from sdk import raster
from sdk.containers.png import chunk
from sdk.photo import Photo
from sdk.profiles import srgb_profile

_CLEAR: Final = 255  # of a GIF frame's colours, where it is transparent
_CLEARED, _KEPT = 2, 1
_MOST: Final = 65535
_LONGEST_BLOCK: Final = 255
# Whoever reads a GIF's XMP as a chain of blocks is led to its end, wherever in the packet he is.
_XMP_TRAILER: Final = b"\1" + bytes(range(255, -1, -1)) + b"\0"
_PNG_REPLACED, _WEBP_REPLACED = 0, 2  # what lies below a frame does not show through
_WEBP_PIXELS: Final = (b"ALPH", b"VP8 ", b"VP8L")
_LONGEST_WEBP: Final = (1 << 24) - 1


def gif(photos: Iterator[Photo]) -> Iterator[bytes]:
    """The bytes of a GIF file of one or more frames, 256 colours each, in pieces."""
    first = next(photos)
    height, width = first.rgb.shape[:2]
    yield b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    if first.loops != 1:
        yield b"!\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<HB", min(max(first.loops - 1, 0), _MOST), 0)
    if first.notes.comment:
        yield b"!\xfe" + _in_blocks(first.notes.comment)
    if first.notes.xmp:
        yield b"!\xff\x0bXMP DataXMP" + first.notes.xmp + _XMP_TRAILER
    shown = first
    for photo in photos:
        # A frame with holes shows what lies below it, unless that was cleared.
        yield from _gif_frame(shown, disposal=_CLEARED if _has_holes(photo) else _KEPT)
        shown = photo
    yield from _gif_frame(shown, disposal=_KEPT)
    yield b";"


def _has_holes(photo: Photo) -> bool:
    return photo.alpha is not None and bool((photo.alpha < 128).any())


def _gif_frame(photo: Photo, *, disposal: int) -> list[bytes]:
    picture = Image.fromarray(photo.rgb)
    indexed = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=_CLEAR)
    told: dict[str, Any] = {"duration": min(round(photo.seconds * 100), _MOST) * 10, "disposal": disposal}
    if photo.alpha is not None and _has_holes(photo):
        indexed.paste(_CLEAR, mask=Image.fromarray(np.where(photo.alpha < 128, 255, 0).astype(np.uint8)))
        told["transparency"] = _CLEAR
    return GifImagePlugin.getdata(indexed, include_color_table=True, **told)


def _in_blocks(content: bytes) -> bytes:
    pieces = (content[at : at + _LONGEST_BLOCK] for at in range(0, len(content), _LONGEST_BLOCK))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def png(photos: Iterator[Photo], count: int) -> Iterator[bytes]:
    """The bytes of an animated PNG, 8 or 16 bits deep, with transparency, in pieces."""
    first = next(photos)
    sequence = 0
    yield from raster.png_head(first.rgb, has_alpha=True, profile=srgb_profile().tobytes(), notes=first.notes)
    yield chunk(b"acTL", struct.pack(">II", count - first.stands_in, first.loops))
    for photo in chain([first], photos):
        if not photo.stands_in:
            yield chunk(b"fcTL", struct.pack(">I", sequence) + _png_control(photo))
            sequence += 1
        opaque = np.full(photo.rgb.shape[:2], 255 if photo.rgb.dtype == np.uint8 else _MOST, photo.rgb.dtype)
        for piece in raster.png_pixels(photo.rgb, opaque if photo.alpha is None else photo.alpha):
            if photo is first:
                yield chunk(b"IDAT", piece)
            else:
                yield chunk(b"fdAT", struct.pack(">I", sequence) + piece)
                sequence += 1
    yield chunk(b"IEND", b"")


def _png_control(photo: Photo) -> bytes:
    height, width = photo.rgb.shape[:2]
    delay = Fraction(min(photo.seconds, _MOST)).limit_denominator(int(_MOST / max(photo.seconds, 1)))
    return struct.pack(">4I2H2B", width, height, 0, 0, delay.numerator, delay.denominator, 0, _PNG_REPLACED)


def webp(photos: Iterator[Photo], quality: int) -> Iterator[bytes]:
    """The bytes of an animated WebP (RFC 9649), whole."""
    first, frames, has_alpha = None, list[bytes](), False
    for photo in photos:
        first = first or photo
        has_alpha = has_alpha or photo.alpha is not None
        frames.append(_riff_chunk(b"ANMF", _webp_frame(photo, quality)))
    assert first is not None
    notes, profile = first.notes, srgb_profile().tobytes()
    flags = 0x22 | 0x10 * has_alpha | 0x08 * bool(notes.exif) | 0x04 * bool(notes.xmp)
    height, width = first.rgb.shape[:2]
    chunks = [
        _riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + _24_bits(width - 1) + _24_bits(height - 1)),
        _riff_chunk(b"ICCP", profile),
        _riff_chunk(b"ANIM", bytes(4) + struct.pack("<H", min(first.loops, _MOST))),
        *frames,
        _riff_chunk(b"EXIF", notes.exif.removeprefix(b"Exif\0\0")) if notes.exif else b"",
        _riff_chunk(b"XMP ", notes.xmp) if notes.xmp else b"",
    ]
    yield b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WEBP"
    yield from chunks


def _webp_frame(photo: Photo, quality: int) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(photo.rgb if photo.alpha is None else np.dstack([photo.rgb, photo.alpha]))
    picture.save(file, "WEBP", quality=quality)
    height, width = photo.rgb.shape[:2]
    shown = min(round(photo.seconds * 1000), _LONGEST_WEBP)
    head = bytes(6) + _24_bits(width - 1) + _24_bits(height - 1) + _24_bits(shown) + bytes([_WEBP_REPLACED])
    return head + b"".join(_riff_chunk(kind, content) for kind, content in _riff_chunks(file.getvalue()))


def _riff_chunks(content: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Those of a still WebP that hold its pixels."""
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        if kind in _WEBP_PIXELS:
            yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _riff_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _24_bits(value: int) -> bytes:
    return value.to_bytes(3, "little")
