"""JPEG 2000's boxes, as far as they say what its colours are (ISO/IEC 15444-1, annex I); Pillow leaves that out."""

import struct
from collections.abc import Iterator
from typing import Final

_START: Final = b"\0\0\0\x0cjP  \r\n\x87\n"
_RESTRICTED_ICC, _ANY_ICC = 2, 3


def colour_profile(content: bytes) -> bytes:
    """The ICC profile of a JP2 file; empty where it has none, or is another format."""
    if not content.startswith(_START):
        return b""
    for kind, start, end in _boxes(content, 0, len(content)):
        if kind == b"jp2h":
            for inner, at, stop in _boxes(content, start, end):
                if inner == b"colr" and content[at : at + 1] in (bytes([_RESTRICTED_ICC]), bytes([_ANY_ICC])):
                    return content[at + 3 : stop]
    return b""


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
