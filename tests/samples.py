"""Photos of every kind, made by code: one picture, in any container, depth, layout and colour space."""

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

from sdk import icc
from sdk.profiles import srgb_profile

HEIGHT, WIDTH = 24, 40
Samples = npt.NDArray[Any]

_Y, _X = np.mgrid[0:HEIGHT, 0:WIDTH]
GREY = 0.1 + 0.5 * _X / WIDTH + 0.3 * _Y / HEIGHT
GREY[:6, :10] = 0.95  # a bright corner, so that a turn shows
RGB = np.dstack([GREY, 0.8 * GREY + 0.1, 1 - GREY])
CLEAR = (slice(0, 6), slice(0, 10))
"""Where a picture with transparency is transparent."""

# How each orientation lies in the file; the other way round from `sdk.image`.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: np.rot90,
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


def whole(values: Samples, bits: int) -> Samples:
    """Numbers in [0, 1] as whole numbers of some bits."""
    dtype = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    return np.rint(values * (2.0**bits - 1)).astype(dtype)


def profile(colours: str, *, grey: bool) -> bytes:
    """An ICC profile, by the name that docs/photos.md has for it."""
    if colours == "tables":
        return table_profile(grey=grey)
    return icc.built(icc.SRGB_POINTS, ({"linear": 1.0, "gamma 1.8": 1.8}[colours],), grey=grey)


def table_profile(*, grey: bool) -> bytes:
    """Gamma 1.8 and sRGB's primaries as a table of 17³ colours (lut16Type): what scanners' profiles are."""
    if grey:
        return profile("gamma 1.8", grey=True)
    grid = np.linspace(0, 1, 17) ** 1.8
    linear = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    shaper = icc.shaper(srgb_profile().tobytes())
    assert shaper is not None
    assert shaper.matrix is not None
    xyz = linear @ shaper.matrix.T / (1 + 32767 / 32768)
    ramp = np.linspace(0, 65535, 256).astype(">u2").tobytes()
    table = b"mft2\0\0\0\0" + bytes([3, 3, 17, 0])
    table += struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table += struct.pack(">HH", 256, 2) + ramp * 3
    table += np.rint(np.clip(xyz, 0, 1) * 65535).astype(">u2").tobytes() + struct.pack(">HH", 0, 65535) * 3
    plain = icc.built(icc.SRGB_POINTS, (1.8,), grey=False)
    return _with_tag(plain, b"A2B0", table)


def _with_tag(plain: bytes, name: bytes, content: bytes) -> bytes:
    (count,) = struct.unpack_from(">I", plain, 128)
    entries = [struct.unpack_from(">4sII", plain, 132 + 12 * at) for at in range(count)]
    body = plain[132 + 12 * count :]
    moved = [(tag, start + 12, length) for tag, start, length in entries]
    moved.append((name, 132 + 12 * (count + 1) + len(body), len(content)))
    table = b"".join(struct.pack(">4sII", *entry) for entry in moved)
    whole_profile = plain[:128] + struct.pack(">I", count + 1) + table + body + content
    return struct.pack(">I", len(whole_profile)) + whole_profile[4:]


def tiff(samples: Samples, orientation: int, **options: Any) -> bytes:
    """`samples` as they lie in the file."""
    file = io.BytesIO()
    big, order = options.pop("bigtiff", False), options.pop("byteorder", "<")
    with tifffile.TiffWriter(file, bigtiff=big, byteorder=order) as writer:
        turned = [(274, 3, 1, orientation, True)] if orientation != 1 else []
        writer.write(samples, metadata=None, extratags=[*turned, *options.pop("extratags", [])], **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(samples: Samples, colour: int, bits: int, *side: bytes, interlaced: bool = False) -> bytes:
    """(height, width, ...) of a PNG's samples, with chunks before the pixels."""
    height, width = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(_png_rows(samples[top::down, left::across], bits) for top, left, down, across in passes)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    pieces = [chunk(b"IHDR", header), *side, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces)


def _png_rows(samples: Samples, bits: int) -> bytes:
    """Rows, every other one as differences from the pixel before, so that filters are undone too."""
    content = b""
    for number, row in enumerate(samples):
        if bits < 8:
            packed = np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :].reshape(-1))
            content += b"\0" + packed.tobytes()
            continue
        raw = row.astype(">u2" if bits == 16 else np.uint8).tobytes()
        step = len(raw) // len(row)
        flat = np.frombuffer(raw, np.uint8)
        before = np.concatenate([np.zeros(step, np.uint8), flat[:-step]])
        content += b"\1" + (flat - before).tobytes() if number % 2 else b"\0" + raw
    return content


def pillow(samples: Samples, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(samples)).save(file, file_format, **options)
    return file.getvalue()


def compressed(name: str) -> dict[str, Any]:
    """tifffile's options for a layout of docs/photos.md."""
    options: dict[str, Any] = {}
    for word in name.split():
        options |= {
            "strips": {"rowsperstrip": 7},
            "tiles": {"tile": (16, 16)},
            "planes": {"planarconfig": "separate"},
            "big-endian": {"byteorder": ">"},
            "BigTIFF": {"bigtiff": True},
            "LZW": {"compression": "lzw", "predictor": True},
            "Deflate": {"compression": "zlib", "predictor": True},
            "Zstandard": {"compression": "zstd"},
            "PackBits": {"compression": "packbits"},
        }[word]
    return options


def littlecms(samples: Samples, source: bytes) -> Samples:
    """16-bit samples into sRGB by LittleCMS at 16 bits, without the short tables that it puts in place of curves."""
    space = "minisblack" if samples.ndim == 2 else "rgb"
    return imagecodecs.cms_transform(
        samples, source, srgb_profile().tobytes(), colorspace=space, outcolorspace="rgb", flags=0x0100
    )
