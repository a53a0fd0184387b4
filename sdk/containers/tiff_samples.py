"""A TIFF page's samples, of any depth and layout.

Pillow's own table of layouts is short, and wrong here and there. Its libtiff decompresses rightly: it is shown the same
compressed bytes as plain 8-bit rows, and numpy makes samples of what comes out.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import ImageFile, TiffImagePlugin

from sdk.containers.picture import Samples
from sdk.containers.tiff_layout import FLOAT_BITS, Layout
from sdk.containers.tiff_tags import Directory, Tag
from sdk.samples import Part, parts

Rows = npt.NDArray[np.uint8]

NONE: Final = 1
# LZW, Deflate (two numbers), PackBits, LZMA, Zstandard.
COMPRESSED: Final = (5, 8, 32946, 32773, 34925, 50000)
_DEFLATE: Final = 8
_HORIZONTAL, _FLOATING_POINT = 2, 3
_BAND_BYTES: Final = 1 << 20


def samples_of(page: Directory, compression: int) -> Samples:
    """(height, width, channels): uint8, uint16 or float32, whole numbers over the whole range of their type."""
    layout = Layout.of(page)
    dtype = np.float32 if layout.floats else np.uint8 if layout.bits <= 8 else np.uint16
    samples = np.empty((layout.height, layout.width, layout.channels), dtype)
    read = _stored if compression == NONE else _decompressed
    for plane in range(layout.planes):
        channels = slice(plane * layout.interleaved, (plane + 1) * layout.interleaved)
        for rows, columns, content in read(page, layout, plane):
            target = samples[rows, columns, channels]
            target[...] = _unpacked(content, layout)[: target.shape[0], : target.shape[1]]
    return samples


def _stored(page: Directory, layout: Layout, plane: int) -> Iterator[tuple[Part, Part, Rows]]:
    """Some rows at a time of a plane that is not compressed: which rows and columns they are, and their bytes."""
    first = plane * layout.across * layout.down
    for segment in range(layout.across * layout.down):
        start, rows = layout.offsets[first + segment], layout.rows_of(segment)
        content = np.frombuffer(page.content, np.uint8, rows * layout.row_bytes, start)
        content = content.reshape(rows, layout.row_bytes)
        for part in parts(rows, _BAND_BYTES // layout.row_bytes):
            band = content[part]
            if page.number(Tag.FILL_ORDER, 1) == 2:
                band = np.packbits(np.unpackbits(band, axis=1, bitorder="little"), axis=1)
            yield *_place(layout, segment, part), band


def _decompressed(page: Directory, layout: Layout, plane: int) -> Iterator[tuple[Part, Part, Rows]]:
    """Likewise of a compressed plane, which libtiff decompresses all at once."""
    count = layout.across * layout.down
    described = {
        Tag.WIDTH: layout.across * layout.row_bytes,
        Tag.HEIGHT: layout.down * layout.segment_height if layout.tiled else layout.height,
        Tag.BITS: 8,
        Tag.COMPRESSION: page.number(Tag.COMPRESSION),
        Tag.PHOTOMETRIC: 1,
        Tag.FILL_ORDER: page.number(Tag.FILL_ORDER, 1),
        Tag.CHANNELS: 1,
        Tag.TILE_WIDTH: layout.row_bytes,
    }
    tags = {tag: long_entry(page.order, value) for tag, value in described.items()}
    opened = reopened(page, tags, layout, slice(plane * count, plane * count + count))
    opened.load()
    for segment in range(count):
        left = segment % layout.across * layout.row_bytes
        for part in parts(layout.rows_of(segment), _BAND_BYTES // layout.row_bytes):
            row, column = _place(layout, segment, part)
            yield row, column, np.asarray(opened.crop((left, row.start, left + layout.row_bytes, row.stop)))


RawEntry = tuple[int, int, bytes]
"""A tag's type, count and bytes."""


def long_entry(order: str, *values: int) -> RawEntry:
    """Whole numbers as a tag's values."""
    return 4, len(values), struct.pack(f"{order}{len(values)}I", *values)


def reopened(
    page: Directory, tags: dict[int, RawEntry], layout: Layout, pieces: slice
) -> TiffImagePlugin.TiffImageFile:
    """A page's segments as a file of their own, with these tags, opened by Pillow."""
    # What is not compressed, Pillow would read by itself and wrongly; Deflate's stored blocks take it to libtiff.
    stored = page.number(Tag.COMPRESSION, NONE) == NONE
    body, offsets, lengths = bytearray(8), list[int](), list[int]()
    for offset, length in zip(layout.offsets[pieces], layout.lengths[pieces], strict=True):
        segment = page.content[offset : offset + length]
        offsets.append(len(body))
        body += zlib.compress(segment, 0) if stored else segment
        lengths.append(len(body) - offsets[-1])
    body += bytes(len(body) % 2)
    where = (Tag.TILE_OFFSETS, Tag.TILE_BYTES) if layout.tiled else (Tag.STRIP_OFFSETS, Tag.STRIP_BYTES)
    described = {
        **{tag: entry for tag, entry in tags.items() if layout.tiled or tag != Tag.TILE_WIDTH},
        **({Tag.COMPRESSION: long_entry(page.order, _DEFLATE)} if stored else {}),
        (Tag.TILE_HEIGHT if layout.tiled else Tag.ROWS_PER_STRIP): long_entry(page.order, layout.segment_height),
        where[0]: long_entry(page.order, *offsets),
        where[1]: long_entry(page.order, *lengths),
    }
    magic = b"II*\0" if page.order == "<" else b"MM\0*"
    body[:8] = magic + struct.pack(f"{page.order}I", len(body))
    body += _directory_bytes(page.order, described, len(body))
    return _Segments(io.BytesIO(body), "")


class _Segments(TiffImagePlugin.TiffImageFile):
    """A TIFF without Pillow's limit of pixels: a photo's size is checked, and here a row is as wide as its bytes."""

    def load_prepare(self) -> None:
        ImageFile.ImageFile.load_prepare(self)


def _directory_bytes(order: str, entries: dict[int, RawEntry], start: int) -> bytes:
    head, long_values = struct.pack(f"{order}H", len(entries)), b""
    values_start = start + 2 + 12 * len(entries) + 4
    for tag, (kind, count, raw) in sorted(entries.items()):
        head += struct.pack(f"{order}HHI", tag, kind, count)
        if len(raw) <= 4:
            head += raw.ljust(4, b"\0")
        else:
            head += struct.pack(f"{order}I", values_start + len(long_values))
            long_values += raw + bytes(len(raw) % 2)
    return head + bytes(4) + long_values


def _place(layout: Layout, segment: int, rows: Part) -> tuple[Part, Part]:
    """Where some rows of a segment lie in the picture; a tile's may lie below it."""
    row = segment // layout.across * layout.segment_height
    column = segment % layout.across * layout.segment_width
    return slice(row + rows.start, row + rows.stop), slice(column, column + layout.segment_width)


def _unpacked(content: Rows, layout: Layout) -> Samples:
    """Some rows of a segment, as bytes, to (rows, width, channels)."""
    shape = (len(content), layout.segment_width, layout.interleaved)
    count = layout.segment_width * layout.interleaved
    if layout.floats:
        return _floats(content, layout).reshape(shape)
    values = _whole_numbers(content, layout.bits, count, layout.order).reshape(shape)
    if layout.predictor == _HORIZONTAL:
        values = np.cumsum(values, axis=1, dtype=values.dtype)
        if layout.bits not in (8, 16, 32):
            values &= (1 << layout.bits) - 1
    return spread(values, layout.bits)


def _whole_numbers(content: Rows, bits: int, count: int, order: str) -> npt.NDArray[Any]:
    if bits in (8, 16, 32):
        values = np.ascontiguousarray(content).view(f"{order}u{bits // 8}")
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    bit = np.unpackbits(content, axis=1, count=count * bits).reshape(len(content), count, bits)
    values = np.zeros((len(content), count), np.uint8 if bits <= 8 else np.uint16)
    for at in range(bits):
        values <<= 1
        values |= bit[..., at]
    return values


def spread(values: npt.NDArray[Any], bits: int) -> Samples:
    """Values of some bits over the whole range of 8 or 16."""
    if bits in (8, 16):
        return values
    if bits > 16:
        return (values >> (bits - 16)).astype(np.uint16)
    full, most = (255, (1 << bits) - 1) if bits < 8 else (65535, (1 << bits) - 1)
    return ((values.astype(np.uint32) * full + most // 2) // most).astype(np.uint8 if bits < 8 else np.uint16)


def _floats(content: Rows, layout: Layout) -> npt.NDArray[np.float32]:
    kind, size, count = FLOAT_BITS[layout.bits], layout.bits // 8, layout.segment_width * layout.interleaved
    if layout.predictor == _FLOATING_POINT:  # Adobe's: differences of bytes, the most telling bytes of a row first
        steps = content.reshape(len(content), -1, layout.interleaved)
        joined = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(content), size, count)
        content, order = np.ascontiguousarray(joined.transpose(0, 2, 1)).reshape(len(content), -1), ">"
    else:
        order = layout.order
    return np.ascontiguousarray(content).view(f"{order}{kind}").astype(np.float32)
