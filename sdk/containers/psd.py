"""Photoshop's files, PSD and PSB (Adobe Photoshop File Formats Specification): the flattened picture in them.

Pillow knows 8 bits a sample, and takes any fourth channel for transparency.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from sdk.containers.picture import Container, Page, Picture, Samples, Space
from sdk.containers.pillow import looked_up
from sdk.errors import PhotoError
from sdk.notes import Notes, kept_exif, load_exif, photoshop_resource

_HEADER: Final = struct.Struct(">4sH6xHIIHH")
_BIG: Final = 2
_BITMAP, _INDEXED = 0, 2
_SPACES: Final[dict[int, tuple[Space, int]]] = {
    **{_BITMAP: ("grey", 1), 1: ("grey", 1), _INDEXED: ("rgb", 1), 3: ("rgb", 3)},
    **{4: ("cmyk", 4), 8: ("grey", 1), 9: ("lab", 3)},  # 8 is duotone, whose picture is grey
}
_STORED, _PACK_BITS = 0, 1
_RESOLUTION, _IPTC, _PROFILE, _EXIF, _XMP = 1005, 1028, 1039, 1058, 1060
_FIXED: Final = 65536


class _Table(NamedTuple):
    """The lengths of packed rows, of all channels: their letter in `struct`, and what all of them take."""

    letter: str
    bytes: int


def open_psd(content: bytes) -> Container:
    """Open a file of Photoshop's.

    Raises:
        PhotoError: Its picture is of a kind that is not read.
    """
    _, version, channels, height, width, bits, mode = _HEADER.unpack_from(content)
    if mode not in _SPACES or bits not in (1, 8, 16):
        raise PhotoError(
            f"its colours are of Photoshop's mode {mode} at {bits} bits, which is not read; save it as TIFF."
        )
    palette, at = _section(content, _HEADER.size, ">I")
    resources, at = _section(content, at, ">I")
    layers, at = _section(content, at, ">Q" if version == _BIG else ">I")
    found = _resources(resources)

    def decode() -> Picture:
        space, colours = _SPACES[mode]
        if channels < colours:
            raise PhotoError(f"it has {channels} channels, fewer than its colours need.")
        has_alpha = channels > colours and _first_is_transparency(layers, version)
        table = _Table("I", 4 * channels * height) if version == _BIG else _Table("H", 2 * channels * height)
        planes = _planes(content, at, (colours + has_alpha, height, width), bits, table)
        alpha = planes[colours] if has_alpha else None
        samples = planes[0] if colours == 1 else planes[:colours].transpose(1, 2, 0)
        if mode == _INDEXED:
            samples = looked_up(np.frombuffer(palette[:768].ljust(768, b"\0"), np.uint8).reshape(3, 256).T, samples)
        if mode == _BITMAP or space == "cmyk":  # ones are black, and full ink is zero
            samples = np.invert(samples)
        return Picture(samples, space, alpha, profile=found.get(_PROFILE, b""), notes=_notes(found))

    return Container("PSD", [Page((width, height), decode)])


def _section(content: bytes, at: int, length: str) -> tuple[bytes, int]:
    """A section's content, and where the next one is."""
    (size,) = struct.unpack_from(length, content, at)
    start = at + struct.calcsize(length)
    return content[start : start + size], start + size


def _first_is_transparency(layers: bytes, version: int) -> bool:
    """Whether the first channel behind the colours is the picture's transparency, or a selection somebody has kept."""
    length = 8 if version == _BIG else 4
    return len(layers) >= length + 2 and struct.unpack_from(">h", layers, length)[0] < 0


def _planes(content: bytes, at: int, shape: tuple[int, int, int], bits: int, table: _Table) -> Samples:
    """The first channels: (channels, height, width) uint8 or uint16.

    Args:
        content: The file.
        at: Where its picture is.
        shape: Of what is wanted.
        bits: Of a sample.
        table: Of the lengths of packed rows.
    """
    channels, height, width = shape
    (compression,) = struct.unpack_from(">H", content, at)
    if compression not in (_STORED, _PACK_BITS):
        raise PhotoError(f"its picture is compressed in way {compression}, which is not read; save it as TIFF.")
    row_bytes = -(-width * bits // 8)
    # Channels lie one below the other: a picture of bytes, as tall as all of them.
    if compression == _STORED:
        rows = np.frombuffer(content, np.uint8, channels * height * row_bytes, at + 2).reshape(-1, row_bytes)
    else:
        lengths = struct.unpack_from(f">{channels * height}{table.letter}", content, at + 2)
        rows = _unpacked(content, at + 2 + table.bytes, row_bytes, lengths)
    if bits == 1:
        rows = np.unpackbits(rows, axis=1, count=width) * np.uint8(255)
    elif bits == 16:
        rows = rows.view(">u2").astype(np.uint16)
    return rows.reshape(shape)


def _unpacked(content: bytes, at: int, row_bytes: int, lengths: tuple[int, ...]) -> Samples:
    """(rows, bytes of a row): each by itself, for some writers' rows say more than they hold."""
    rows = np.empty((len(lengths), row_bytes), np.uint8)
    for row, length in zip(rows, lengths, strict=True):
        row[...] = np.asarray(Image.frombytes("L", (row_bytes, 1), content[at : at + length], "packbits", "L"))[0]
        at += length
    return rows


def _resources(section: bytes) -> dict[int, bytes]:
    """What Photoshop tells beside the pixels, by its numbers."""
    found: dict[int, bytes] = {}
    at = 0
    while section[at : at + 4] == b"8BIM" and at + 12 <= len(section):
        number, name = struct.unpack_from(">HB", section, at + 4)
        at += 6 + (name + 2) // 2 * 2
        content, end = _section(section, at, ">I")
        found.setdefault(number, content)
        at = end + len(content) % 2
    return found


def _notes(found: dict[int, bytes]) -> Notes:
    resolution = found.get(_RESOLUTION, b"")
    dpi = None
    if len(resolution) >= 12:  # pixels an inch, whatever unit is shown
        across, down = struct.unpack_from(">I4xI", resolution)
        dpi = (across / _FIXED, down / _FIXED) if across and down else None
    iptc = found.get(_IPTC, b"")
    exif = kept_exif(load_exif(found.get(_EXIF, b"")))
    return Notes(exif=exif, xmp=found.get(_XMP, b""), iptc=photoshop_resource(iptc), dpi=dpi)
