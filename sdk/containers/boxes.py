"""Boxes of JPEG 2000 (ISO/IEC 15444-1), AVIF and HEIF (ISO/IEC 23008-12), as far as they say what the colours are.

Pillow leaves that out.
"""

import struct
from collections.abc import Iterator
from typing import Final

_START: Final = b"\0\0\0\x0cjP  \r\n\x87\n"
_RESTRICTED_ICC, _ANY_ICC = 2, 3
_SIZE: Final = b"\xff\x4f\xff\x51"  # a codestream begins with it, and tells of its components behind it
_SIZE_BITS: Final = 42


def colour_profile(content: bytes) -> bytes:
    """The ICC profile of a JP2 file; empty where it has none, or is another format."""
    if not content.startswith(_START):
        return b""
    for start, end in _inside(content, (0, len(content)), b"jp2h", b"colr"):
        if content[start : start + 1] in (bytes([_RESTRICTED_ICC]), bytes([_ANY_ICC])):
            return content[start + 3 : end]
    return b""


def sample_bits(content: bytes) -> int:
    """Of a JPEG 2000 codestream's first component."""
    at = content.find(_SIZE)
    return (content[at + _SIZE_BITS] & 0x7F) + 1 if 0 <= at < len(content) - _SIZE_BITS else 8


def code_points(content: bytes) -> tuple[int, int] | None:
    """Primaries and transfer function (ITU-T H.273) of an AVIF's or HEIF's main picture, where the file names them."""
    for meta, end in _inside(content, (0, len(content)), b"meta"):
        inner = (meta + 4, end)  # behind a version and flags
        main = next((content[start + 4 : stop] for start, stop in _inside(content, inner, b"pitm")), b"")
        properties = list(_boxes(content, *next(_inside(content, inner, b"iprp", b"ipco"), (0, 0))))
        for number in _properties_of(content, inner, int.from_bytes(main, "big")):
            kind, start, _ = properties[number - 1] if 0 < number <= len(properties) else (b"", 0, 0)
            if kind == b"colr" and content[start : start + 4] == b"nclx":
                return struct.unpack_from(">2H", content, start + 4)
    return None


def _properties_of(content: bytes, inner: tuple[int, int], item: int) -> Iterator[int]:
    """The numbers of an item's properties, counted from 1."""
    for start, _ in _inside(content, inner, b"iprp", b"ipma"):
        version, flags, (count,) = content[start], content[start + 3], struct.unpack_from(">I", content, start + 4)
        name, at = ">HB" if version < 1 else ">IB", start + 8
        wide = flags & 1
        for _ in range(count):
            found, associated = struct.unpack_from(name, content, at)
            at += struct.calcsize(name)
            numbers = content[at : at + associated * (1 + wide)]
            at += len(numbers)
            if found == item:
                masks = struct.unpack(f">{associated}{'H' if wide else 'B'}", numbers)
                yield from (number & (0x7FFF if wide else 0x7F) for number in masks)


def _inside(content: bytes, within: tuple[int, int], *kinds: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the content of each box of the last kind, in those of the kind before, and so on."""
    for kind, start, end in _boxes(content, *within):
        if kind == kinds[0]:
            yield from _inside(content, (start, end), *kinds[1:]) if kinds[1:] else [(start, end)]


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each box's content."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", content, start)
        header = 8
        if length == 1 and start + 16 <= end:
            (length,), header = struct.unpack_from(">Q", content, start + 8), 16
        stop = end if length == 0 else start + length
        if length and length < header:
            return
        yield kind, start + header, min(stop, end)
        start = stop
