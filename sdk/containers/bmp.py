"""BMP; Pillow misplaces the rows of run-length coded ones, and knows no profiles and few of the masks there are."""

import struct
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from sdk.containers.picture import Container, Page, Picture, Samples
from sdk.containers.pillow import open_with_pillow
from sdk.formats import BY_NAME
from sdk.notes import Notes, dpi_of
from sdk.samples import BAND_PIXELS, parts

_HEADER: Final = struct.Struct("<IIiiHHIIii")
_HEADER_AT, _MASKS_AT = 10, 54
_LEAST_HEADER, _HEADER_WITH_ALPHA, _HEADER_WITH_PROFILE = 40, 56, 124
_COLOURS_AT, _PROFILE_AT = 70, 126
_EMBEDDED: Final = b"DEBM"  # a number, lowest byte first
_MASKED, _MASKED_WITH_ALPHA = 3, 6
_INCH_IN_METRES: Final = 0.0254


class _Header(NamedTuple):
    """Where pixels start, the header's own length, and what it says; a negative height counts rows from the top."""

    start: int
    length: int
    width: int
    height: int
    planes: int
    bits: int
    compression: int
    pixel_bytes: int
    across: int
    down: int


def open_bmp(content: bytes) -> Container:
    """Open a BMP file, its pixels moved to an even place."""
    (start,) = struct.unpack_from("<I", content, _HEADER_AT)
    if len(content) >= _MASKS_AT:
        header = _Header._make(_HEADER.unpack_from(content, _HEADER_AT))
        masked = header.compression in (_MASKED, _MASKED_WITH_ALPHA) and header.bits in (16, 32)
        if masked and header.length >= _LEAST_HEADER:
            return Container("BMP", [Page((header.width, abs(header.height)), lambda: _masked(content, header))])
    if start % 2 and start < len(content):
        content = content[:10] + struct.pack("<I", start + 1) + content[14:start] + b"\0" + content[start:]
    (page,) = open_with_pillow(content, BY_NAME["BMP"]).pages
    return Container("BMP", [replace(page, decode=lambda: replace(page.decode(), profile=_profile(content)))])


def _profile(content: bytes) -> bytes:
    """The ICC profile that a header of version 5 tells of; empty where there is none."""
    if len(content) < _PROFILE_AT + 8 or content[_COLOURS_AT : _COLOURS_AT + 4] != _EMBEDDED:
        return b""
    length, start, size = (struct.unpack_from("<I", content, at)[0] for at in (14, _PROFILE_AT, _PROFILE_AT + 4))
    return content[14 + start : 14 + start + size] if length >= _HEADER_WITH_PROFILE else b""


def _masked(content: bytes, header: _Header) -> Picture:
    """Pixels that are numbers, whose channels a mask each cuts out."""
    row_bytes, height = -(-header.width * header.bits // 32) * 4, abs(header.height)
    rows = np.frombuffer(content, np.uint8, height * row_bytes, header.start).reshape(height, row_bytes)
    pixels = rows.view(f"<u{header.bits // 8}")[:: 1 if header.height < 0 else -1, : header.width]
    has_alpha = header.length >= _HEADER_WITH_ALPHA or header.compression == _MASKED_WITH_ALPHA
    masks = struct.unpack_from("<4I" if has_alpha else "<3I", content, _MASKS_AT)
    channels = np.empty((*pixels.shape, len(masks)), np.uint8)
    for part in parts(height, BAND_PIXELS // header.width):
        for channel, mask in enumerate(masks):
            channels[part, :, channel] = _cut_out(pixels[part], mask)
    # Writers often leave a fourth channel empty that they call transparency.
    alpha = channels[..., 3] if has_alpha and channels[..., 3].any() else None
    dpi = dpi_of((header.across * _INCH_IN_METRES, header.down * _INCH_IN_METRES))
    return Picture(channels[..., :3], "rgb", alpha, profile=_profile(content), notes=Notes(dpi=dpi))


def _cut_out(pixels: Samples, mask: int) -> Samples:
    """What a mask cuts out, over the whole range of 8 bits; nothing where it is empty."""
    lowest = mask & -mask or 1
    values = (pixels.astype(np.uint32) & np.uint32(mask)) // np.uint32(lowest)
    return np.rint(values * np.float32(255 / max(mask // lowest, 1))).astype(np.uint8)
