"""JPEG: its segments, read here, and its pixels, which Pillow decodes from the segments that concern them."""

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from PIL import Image, JpegImagePlugin

from sdk.containers.picture import Container, Page, Picture
from sdk.containers.pillow import picture_of
from sdk.notes import Notes, dpi_of, kept_exif, load_exif, orientation_of

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_SCAN: Final = 0xDA
_COMMENT: Final = 0xFE
_APP: Final = range(0xE0, 0xF0)
_JFIF, _ADOBE = 0xE0, 0xEE
_JFIF_BYTES: Final = 14  # a shorter one is ignored by libjpeg too
_PROFILE: Final = b"ICC_PROFILE\0"
# What application segments begin with, by what they hold.
_NAMED: Final = {
    "jfif": b"JFIF\0",
    "exif": b"Exif\0\0",
    "xmp": b"http://ns.adobe.com/xap/1.0/\0",
    "iptc": b"Photoshop 3.0\0",
    "profile": _PROFILE,
}
_INCH_IN_CENTIMETRES: Final = 2.54


def open_jpeg(content: bytes) -> Container:
    """Open a JPEG file; of several pictures, as phones and stereo cameras write them, the first."""
    kept, notes, pieces = [_START], dict[str, Any](), dict[int, bytes]()
    rest = len(content)
    for marker, start, end in _segments(content):
        if marker == _SCAN:
            rest = start
            break
        body = content[start + 4 : end]
        name = next((name for name, prefix in _NAMED.items() if marker in _APP and body.startswith(prefix)), None)
        if name == "profile":  # in numbered pieces, for a segment holds 64 kB
            pieces.setdefault(body[len(_PROFILE)], body[len(_PROFILE) + 2 :])
        elif name:
            notes.setdefault(name, body[len(_NAMED[name]) :])
        elif marker == _COMMENT:
            notes.setdefault("comment", body)
        if marker not in (*_APP, _COMMENT) or marker == _ADOBE or (marker == _JFIF and len(body) >= _JFIF_BYTES):
            kept.append(content[start:end])
    pixels = b"".join([*kept, content[rest:]])
    size = JpegImagePlugin.JpegImageFile(io.BytesIO(pixels)).size
    # Numbered from 1 without a gap, or it is no profile, as all readers have it.
    numbers = range(1, len(pieces) + 1)
    profile = b"".join(pieces[number] for number in numbers) if pieces.keys() == set(numbers) else b""
    exif = load_exif(notes.pop("exif", b""))
    found = Notes(exif=kept_exif(exif), dpi=_density(notes.pop("jfif", b"")) or dpi_of(exif), **notes)

    def decode() -> Picture:
        return picture_of(_decoded(pixels), profile=profile, orientation=orientation_of(exif), notes=found)

    return Container("JPEG", [Page(size, decode)])


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the first scan."""
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            at += 1  # padding between segments, which libjpeg skips too
        elif content[at + 1] in (0xFF, 0x00, 0x01, *range(0xD0, 0xD9)):
            at += 1 if content[at + 1] == 0xFF else 2  # fill bytes, and markers without a body
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            yield content[at + 1], at, at + 2 + length
            at += 2 + length


def _density(jfif: bytes) -> tuple[float, float] | None:
    if len(jfif) < 7:
        return None
    unit, across, down = struct.unpack_from(">BHH", jfif, 2)
    scale = {1: 1.0, 2: _INCH_IN_CENTIMETRES}.get(unit)
    return (across * scale, down * scale) if scale and across and down else None


def _decoded(pixels: bytes) -> Image.Image:
    """The pixels, also of a file that lacks its end marker but no pixel."""
    opened = JpegImagePlugin.JpegImageFile(io.BytesIO(pixels))
    try:
        opened.load()
        return opened
    except OSError:
        # Pillow cannot say whether pixels are missing or the marker alone. Missing pixels depend on what follows.
        filled = [io.BytesIO(pixels + filling * 64 + _END) for filling in (b"\0", b"\x5a")]
        one, other = (JpegImagePlugin.JpegImageFile(file) for file in filled)
        if not np.array_equal(np.asarray(one), np.asarray(other)):
            raise
        return one
