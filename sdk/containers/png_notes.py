"""What a PNG tells beside its pixels: texts, compressed or not, and what ImageMagick hides in texts."""

import re
import struct
import zlib
from typing import Final

from sdk.containers.apng import Chunk
from sdk.notes import Notes, photoshop_resource

_XMP: Final = "XML:com.adobe.xmp"
_RAW: Final = "Raw profile type "
_RAW_CONTENT: Final = re.compile(r"\s*\w+\s+\d+\s+([0-9a-fA-F\s]*)")
_IPTC_RESOURCE: Final = b"8BIM"
# A note or profile longer than this is left out; no photo's is.
_LONGEST_NOTE: Final = 1 << 24
_INCH_IN_METRES: Final = 0.0254


def texts(content: bytes, chunks: list[Chunk]) -> dict[str, str]:
    """A file's texts by their keywords."""
    found: dict[str, str] = {}
    for kind, start, end in chunks:
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, _, rest = content[start:end].partition(b"\0")
            found.setdefault(keyword.decode("latin-1"), _text(kind, rest))
    return found


def notes_of(text: dict[str, str], physical: bytes, exif: bytes) -> Notes:
    """A file's notes.

    Args:
        text: As `texts` finds them.
        physical: The content of the chunk pHYs.
        exif: As it is kept.
    """
    kept = {key: value for key, value in text.items() if key and value and key != _XMP and not key.startswith(_RAW)}
    xmp = text.get(_XMP, "").encode() or raw_profile(text, "xmp")
    iptc = raw_profile(text, "iptc", "8bim")
    iptc = iptc if iptc.startswith(_IPTC_RESOURCE) else photoshop_resource(iptc)
    return Notes(exif=exif, xmp=xmp, iptc=iptc, dpi=_density(physical), text=kept)


def raw_profile(text: dict[str, str], *names: str) -> bytes:
    """The first of these that ImageMagick has written into a text, in hexadecimal digits; empty where it is damaged."""
    told = next((text[_RAW + name] for name in names if _RAW + name in text), "")
    match = _RAW_CONTENT.match(told)
    try:
        return bytes.fromhex(match[1]) if match else b""
    except ValueError:
        return b""


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return inflated(rest[1:]).decode("latin-1")
    _language, _, translated = rest[2:].partition(b"\0")
    value = translated.partition(b"\0")[2]
    return (inflated(value) if rest[:1] == b"\1" else value).decode("utf-8", "replace")


def inflated(packed: bytes) -> bytes:
    """Decompressed, or nothing where it is damaged or longer than any photo's note."""
    try:
        unpacker = zlib.decompressobj()
        value = unpacker.decompress(packed, _LONGEST_NOTE)
    except zlib.error:
        return b""
    return b"" if unpacker.unconsumed_tail else value


def _density(physical: bytes) -> tuple[float, float] | None:
    if len(physical) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", physical)
    return (across * _INCH_IN_METRES, down * _INCH_IN_METRES) if unit == 1 and across and down else None
