"""PNG (W3C, third edition): its chunks, read here, and its pixels, which Pillow decodes from the chunks that hold them.

Pillow refuses a photo for a note it cannot read, and keeps 8 bits of most 16-bit pictures.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
from PIL import PngImagePlugin

from sdk import icc
from sdk.containers.apng import frames_of, is_animated, shows_all
from sdk.containers.frames import Decoded, composed
from sdk.containers.picture import Container, Page, Picture, Samples
from sdk.containers.pillow import array_of, bands_of, looked_up
from sdk.notes import Notes, kept_exif, load_exif, orientation_of

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PIXELS: Final = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_XMP: Final = "XML:com.adobe.xmp"
# A note or profile longer than this is left out; no photo's is.
_LONGEST_NOTE: Final = 1 << 24
_INCH_IN_METRES: Final = 0.0254


def open_png(content: bytes) -> Container:
    """Open a PNG file, animated or not."""
    chunks = list(_chunks(content))
    side: dict[bytes, bytes] = {}
    for kind, start, end in chunks:
        if kind not in (b"IDAT", b"fdAT"):
            side.setdefault(kind, content[start:end])
    pixels = _SIGNATURE + b"".join(content[start - 8 : end + 4] for kind, start, end in chunks if kind in _PIXELS)
    size = PngImagePlugin.PngImageFile(io.BytesIO(pixels)).size
    depth, colour = side[b"IHDR"][8], side[b"IHDR"][9]
    profile = _profile(side, grey=colour in (_GREY, _GREY_ALPHA))
    exif = load_exif(side.get(b"eXIf", b""))
    described: dict[str, Any] = {
        "profile": profile,
        "orientation": orientation_of(exif),
        "notes": _notes(content, chunks, side, kept_exif(exif)),
    }

    def picture(samples: Samples, alpha: Samples | None) -> Picture:
        return Picture(samples, "grey" if samples.ndim == 2 else "rgb", alpha, **described)

    def decoded(file: bytes) -> Decoded:
        return _with_transparency(_samples(file, depth, colour), side, depth, colour)

    def decoded_frame(size: tuple[int, int], packed: bytes) -> Decoded:
        return decoded(_file(struct.pack(">2I", *size) + side[b"IHDR"][8:], side.get(b"PLTE"), packed))

    still = Page(size, lambda: picture(*decoded(pixels)))
    if not is_animated(chunks):
        return Container("PNG", [still])
    pages = composed(size, frames_of(content, chunks, decoded_frame), picture)
    if not shows_all(chunks):
        pages.insert(0, replace(still, decode=lambda: replace(still.decode(), stands_in=True)))
    (loops,) = struct.unpack_from(">4xI", side[b"acTL"])
    return Container("PNG", pages, loops=loops)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk as it lies in a file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _file(header: bytes, palette: bytes | None, packed: bytes) -> bytes:
    """A PNG of one picture."""
    told = [(b"IHDR", header), *([(b"PLTE", palette)] if palette else []), (b"IDAT", packed), (b"IEND", b"")]
    return _SIGNATURE + b"".join(chunk(kind, content) for kind, content in told)


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk's content; what follows the last whole one is passed over."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, at + 8, min(at + 8 + length, len(content))
        at += 12 + length


def _samples(pixels: bytes, depth: int, colour: int) -> Samples:
    """(height, width) or (height, width, channels); a palette's indices as they are."""
    opened = PngImagePlugin.PngImageFile(io.BytesIO(pixels))
    if depth < 16 or colour == _GREY:
        opened.load()
        return array_of(opened)
    if colour == _GREY_ALPHA:  # four bytes a pixel, as 8-bit RGBA has
        header = len(_SIGNATURE) + 8
        eight = pixels[header : header + 8] + bytes([8, _RGB_ALPHA]) + pixels[header + 10 : header + 13]
        again = _SIGNATURE + chunk(b"IHDR", eight) + pixels[header + 17 :]
        return np.asarray(PngImagePlugin.PngImageFile(io.BytesIO(again))).view(">u2").astype(np.uint16)
    # Of three or four 16-bit samples Pillow has a way to the high bytes and one to the low, but none to both.
    layout, channels = ("RGB;16", 3) if colour == _RGB else ("RGBA;16", 4)
    samples = np.zeros((opened.height, opened.width, channels), np.uint16)
    for unpacker, shift in ((f"{layout}B", 8), (f"{layout}L", 0)):
        opened = PngImagePlugin.PngImageFile(io.BytesIO(pixels))
        opened.tile = [tile._replace(args=unpacker) for tile in opened.tile]
        opened.load()
        for rows, band in bands_of(opened):
            samples[rows] |= band.astype(np.uint16) << np.uint16(shift)
    return samples


def _with_transparency(
    samples: Samples, side: dict[bytes, bytes], depth: int, colour: int
) -> tuple[Samples, Samples | None]:
    if colour in (_GREY_ALPHA, _RGB_ALPHA):
        return samples[..., 0] if colour == _GREY_ALPHA else samples[..., :3], samples[..., -1]
    clear = side.get(b"tRNS", b"")
    top = np.iinfo(samples.dtype).max
    if colour == _PALETTE:
        palette = np.frombuffer(side.get(b"PLTE", b"")[: 3 * 256].ljust(3 * 256, b"\0"), np.uint8).reshape(256, 3)
        alphas = np.frombuffer(clear[:256].ljust(256, b"\xff"), np.uint8)
        return looked_up(palette, samples), alphas[samples] if clear else None
    keys = struct.unpack(f">{len(clear) // 2}H", clear[: len(clear) // 2 * 2])
    if len(keys) < (1 if colour == _GREY else 3):
        return samples, None
    # Pillow spreads few bits over all eight; the key's lowest bits are of the file's own depth.
    most = (1 << depth) - 1
    key = (np.array(keys[: 1 if colour == _GREY else 3]) & most) * (1 if depth >= 8 else 255 // most)
    hit: Samples = samples == key[0] if colour == _GREY else (samples == key).all(axis=-1)
    return samples, np.where(hit, 0, top).astype(samples.dtype)


def _profile(side: dict[bytes, bytes], *, grey: bool) -> bytes:
    """What the file says of its colours, the most telling first: cICP, iCCP, sRGB, then gAMA and cHRM."""
    if len(described := side.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, full_range = described
        return icc.of_code_points(primaries, transfer, matrix, full_range, grey=grey)
    if (packed := side.get(b"iCCP", b"")) and (profile := _inflated(packed.partition(b"\0")[2][1:])):
        return profile
    if b"sRGB" in side:
        return b""
    gamma, points = (_fractions(side.get(kind, b""), count) for kind, count in ((b"gAMA", 1), (b"cHRM", 8)))
    return icc.of_gamma(gamma[0] if gamma else None, points or None, grey=grey)


def _fractions(content: bytes, count: int) -> list[float]:
    """Whole numbers of 1/100000; none where there are not as many as there must be."""
    return [value / 100000 for value in struct.unpack(f">{count}I", content)] if len(content) == 4 * count else []


def _notes(content: bytes, chunks: list[tuple[bytes, int, int]], side: dict[bytes, bytes], exif: bytes) -> Notes:
    text: dict[str, str] = {}
    for kind, start, end in chunks:
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, _, rest = content[start:end].partition(b"\0")
            text.setdefault(keyword.decode("latin-1"), _text(kind, rest))
    xmp = text.pop(_XMP, "").encode()
    kept = {key: value for key, value in text.items() if key and value and not key.startswith("Raw profile type")}
    return Notes(exif=exif, xmp=xmp, dpi=_density(side.get(b"pHYs", b"")), text=kept)


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(rest[1:]).decode("latin-1")
    _language, _, translated = rest[2:].partition(b"\0")
    value = translated.partition(b"\0")[2]
    return (_inflated(value) if rest[:1] == b"\1" else value).decode("utf-8", "replace")


def _inflated(packed: bytes) -> bytes:
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
