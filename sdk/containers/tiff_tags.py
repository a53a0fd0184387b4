"""TIFF's directories of tags (TIFF 6.0, and BigTIFF), read as far as they make sense.

A photo's first directory must be whole. Pointers to further ones, and tags nobody asks for, may be anything.
"""

import struct
from dataclasses import dataclass
from typing import Final

# Bytes of a value, and its letter in `struct`, by TIFF's types.
_TYPES: Final = {
    **{1: (1, "B"), 2: (1, "s"), 3: (2, "H"), 4: (4, "I"), 5: (8, "II"), 6: (1, "b"), 7: (1, "s"), 8: (2, "h")},
    **{9: (4, "i"), 10: (8, "ii"), 11: (4, "f"), 12: (8, "d"), 13: (4, "I"), 16: (8, "Q"), 17: (8, "q"), 18: (8, "Q")},
}
_MOST_ENTRIES: Final = 4096
_MOST_PAGES: Final = 10_000


class Tag:
    """The numbers of the tags that say how a page's samples lie in the file."""

    SUBFILE_TYPE = 254
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
    FILL_ORDER, STRIP_OFFSETS, ORIENTATION, CHANNELS, ROWS_PER_STRIP = 266, 273, 274, 277, 278
    STRIP_BYTES, PLANAR, PAGE_NUMBER, PREDICTOR, COLOUR_MAP = 279, 284, 297, 317, 320
    TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, SUB_IFDS = 322, 323, 324, 325, 330
    INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 332, 338, 339, 347
    OLD_SUBFILE_TYPE, FAX3_OPTIONS, FAX4_OPTIONS = 255, 292, 293
    YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, YCBCR_POSITIONING, REFERENCE_BLACK_WHITE = 529, 530, 531, 532
    XMP, IPTC, PHOTOSHOP, PROFILE = 700, 33723, 34377, 34675


@dataclass(frozen=True)
class Entry:
    """A tag's values, still in the file."""

    kind: int
    count: int
    start: int


@dataclass(frozen=True)
class Directory:
    """One page's tags.

    Attributes:
        content: The whole file.
        order: "<" or ">", the file's byte order.
        entries: Tag to where its values are.
        start: Where the directory lies.
    """

    content: bytes
    order: str
    entries: dict[int, Entry]
    start: int

    def numbers(self, tag: int) -> tuple[int, ...]:
        """A tag's values; none where it is absent, or is no list of whole numbers."""
        entry = self.entries.get(tag)
        if entry is None or len(_TYPES[entry.kind][1]) != 1 or _TYPES[entry.kind][1] in "sfd":
            return ()
        return struct.unpack_from(f"{self.order}{entry.count}{_TYPES[entry.kind][1]}", self.content, entry.start)

    def number(self, tag: int, default: int = 0) -> int:
        """A tag's first value."""
        values = self.numbers(tag)
        return values[0] if values else default

    def raw(self, tag: int) -> bytes:
        """A tag's values as bytes."""
        entry = self.entries.get(tag)
        return b"" if entry is None else self.content[entry.start : entry.start + entry.count * _TYPES[entry.kind][0]]

    @property
    def big(self) -> bool:
        """Whether the file is a BigTIFF."""
        return struct.unpack_from(f"{self.order}H", self.content, 2)[0] == 43


def directories(content: bytes) -> list[Directory]:
    """A file's chain of directories.

    Raises:
        ValueError: The first one is damaged.
    """
    order = "<" if content[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", content, 2)[0] == 43
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)
    found: list[Directory] = []
    while at and len(found) < _MOST_PAGES and at not in {directory.start for directory in found[-100:]}:
        try:
            directory, at = _directory(content, order, big, at)
        except (struct.error, ValueError):
            break  # a pointer to nowhere
        found.append(directory)
    if not found:
        raise ValueError("its first directory is damaged")
    return found


def inner_directories(outer: Directory) -> list[Directory]:
    """The directories that a page's own tag points to."""
    found: list[Directory] = []
    for at in outer.numbers(Tag.SUB_IFDS)[:100]:
        try:
            found.append(_directory(outer.content, outer.order, outer.big, at)[0])
        except (struct.error, ValueError):
            continue
    return found


def _directory(content: bytes, order: str, big: bool, at: int) -> tuple[Directory, int]:
    """A directory, and where the next one lies."""
    number, inline = ("Q", 8) if big else ("I", 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), content, at)
    if not 0 < count <= _MOST_ENTRIES:
        raise ValueError(f"it has {count} tags")
    position = at + (8 if big else 2)
    entries: dict[int, Entry] = {}
    for _ in range(count):
        tag, kind, length = struct.unpack_from(f"{order}HH{number}", content, position)
        value = position + 4 + inline
        if kind in _TYPES:
            size = _TYPES[kind][0] * length
            (start,) = (value,) if size <= inline else struct.unpack_from(order + number, content, value)
            if start + size <= len(content):
                entries.setdefault(tag, Entry(kind, length, start))
        position += 4 + 2 * inline
    following = struct.unpack_from(order + number, content, position) if position + inline <= len(content) else (0,)
    if not {Tag.WIDTH, Tag.HEIGHT} <= entries.keys():
        raise ValueError("it has no size")
    return Directory(content, order, entries, at), following[0]
