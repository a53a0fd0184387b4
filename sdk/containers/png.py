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
from sdk.containers.apng import Chunk, frames_of, is_animated, shows_all
from sdk.containers.frames import Decoded, composed
from sdk.containers.picture import Container, Page, Picture, Samples
from sdk.containers.pillow import array_of, bands_of, looked_up
from sdk.containers.png_notes import inflated, notes_of, raw_profile, texts
from sdk.errors import PhotoError
from sdk.notes import kept_exif, load_exif, orientation_of

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DESCRIBING: Final = (b"PLTE", b"tRNS", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_PIXELS: Final = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6


def open_png(content: bytes) -> Container:
    """Open a PNG file, animated or not."""
    chunks = list(_chunks(content))
    side = _side(content, chunks)
    pixels = _SIGNATURE + b"".join(content[start - 8 : end + 4] for kind, start, end in chunks if kind in _PIXELS)
    size = PngImagePlugin.PngImageFile(io.BytesIO(pixels)).size
    depth, colour = side[b"IHDR"][8], side[b"IHDR"][9]
    profile = _profile(side, grey=colour in (_GREY, _GREY_ALPHA))
    text = texts(content, chunks)
    exif = load_exif(side.get(b"eXIf") or raw_profile(text, "exif", "APP1"))
    described: dict[str, Any] = {
        "profile": profile,
        "orientation": orientation_of(exif),
        "notes": notes_of(text, side.get(b"pHYs", b""), kept_exif(exif)),
    }

    def picture(samples: Samples, alpha: Samples | None) -> Picture:
        return Picture(samples, "grey" if samples.ndim == 2 else "rgb", alpha, **described)

    def decoded(file: bytes) -> Decoded:
        return _with_transparency(_samples(file, depth, colour), side, depth, colour)

    def decoded_frame(size: tuple[int, int], packed: bytes) -> Decoded:
        return decoded(_file(struct.pack(">2I", *size) + side[b"IHDR"][8:], side.get(b"PLTE"), packed))

    still = Page(size, lambda: picture(*decoded(pixels)))
    if not is_animated(content, chunks):
        return Container("PNG", [still])
    pages = composed(size, frames_of(content, chunks, decoded_frame), picture)
    if not shows_all(chunks):
        pages.insert(0, replace(still, decode=lambda: replace(still.decode(), stands_in=True)))
    (loops,) = struct.unpack_from(">4xI", side[b"acTL"])
    return Container("PNG", pages, loops=loops)


def _side(content: bytes, chunks: list[Chunk]) -> dict[bytes, bytes]:
    """The first chunk of each kind beside the pixels; what says how to see them counts before them alone."""
    side: dict[bytes, bytes] = {}
    for kind, start, end in chunks:
        if kind not in _DESCRIBING or b"IDAT" not in side:
            side.setdefault(kind, b"" if kind in (b"IDAT", b"fdAT") else content[start:end])
    return side


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk as it lies in a file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _file(header: bytes, palette: bytes | None, packed: bytes) -> bytes:
    """A PNG of one picture."""
    told = [(b"IHDR", header), *([(b"PLTE", palette)] if palette else []), (b"IDAT", packed), (b"IEND", b"")]
    return _SIGNATURE + b"".join(chunk(kind, content) for kind, content in told)


def _chunks(content: bytes) -> Iterator[Chunk]:
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
        if not side.get(b"PLTE"):
            raise PhotoError("it is damaged: its palette is missing.")
        palette = np.frombuffer(side[b"PLTE"][: 3 * 256].ljust(3 * 256, b"\0"), np.uint8).reshape(256, 3)
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
    if (packed := side.get(b"iCCP", b"")) and (profile := inflated(packed.partition(b"\0")[2][1:])):
        return profile
    if b"sRGB" in side:
        return b""
    gamma, points = (_fractions(side.get(kind, b""), count) for kind, count in ((b"gAMA", 1), (b"cHRM", 8)))
    return icc.of_gamma(gamma[0] if gamma else None, points or None, grey=grey)


def _fractions(content: bytes, count: int) -> list[float]:
    """Whole numbers of 1/100000; none where there are not as many as there must be."""
    return [value / 100000 for value in struct.unpack(f">{count}I", content)] if len(content) == 4 * count else []
