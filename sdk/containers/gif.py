"""GIF (89a): its blocks, read here, and each frame's pixels, which Pillow unpacks.

Pillow lays frames on one another, too, but carries one frame's disposal on to the next that names none.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from PIL import GifImagePlugin

from sdk.containers.frames import After, Decoded, Frame, composed
from sdk.containers.picture import Container, Picture, Samples
from sdk.containers.pillow import array_of, looked_up
from sdk.notes import Notes

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_HAS_TABLE, _INTERLACED, _CLEAR = 0x80, 0x40, 0x01
_LOOPING: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_XMP: Final = b"XMP DataXMP"
_XMP_TRAILER: Final = 257  # bytes that lead whoever reads the packet as blocks out of it
_AFTER: Final[dict[int, After]] = {2: "clear", 3: "restore"}


@dataclass
class _Read:
    """What a file's blocks have told so far; `control` is of the frame that comes next."""

    frames: list[Frame] = field(default_factory=list[Frame])
    control: tuple[int, int, int] = (0, 0, 0)  # flags, hundredths of a second, the transparent colour
    loops: int = 1
    comment: bytes = b""
    xmp: bytes = b""


def open_gif(content: bytes) -> Container:
    """Open a GIF file, animated or not.

    Raises:
        ValueError: It holds no picture.
    """
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + _table_bytes(flags)
    read = _Read()
    while at < len(content) and content[at] != _END:
        if content[at] in (_EXTENSION, _IMAGE):
            at = (_extension if content[at] == _EXTENSION else _image)(content, at, read)
        else:
            at += 1  # what some writers leave between blocks
    if not read.frames:
        raise ValueError("it holds no picture")
    first = read.frames[0]
    size = (max(width, first.left + first.size[0]), max(height, first.top + first.size[1]))
    notes = Notes(xmp=read.xmp, comment=read.comment)
    pages = composed(size, read.frames, lambda samples, alpha: Picture(samples, "rgb", alpha, notes=notes))
    return Container("GIF", pages, loops=read.loops)


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & _HAS_TABLE else 0


def _extension(content: bytes, at: int, read: _Read) -> int:
    """Note what an extension tells. Returns where the next block is."""
    label, blocks = content[at + 1], list(_blocks(content, at + 2))
    end = blocks[-1].stop + 1 if blocks else at + 3
    told = [content[block] for block in blocks] or [b""]
    if label == _CONTROL and len(told[0]) >= 4:
        read.control = struct.unpack_from("<BHB", told[0])
    elif label == _COMMENT:
        read.comment = b"\n".join(filter(None, [read.comment, b"".join(told)]))
    elif label == _APPLICATION and told[0] in _LOOPING and len(told) > 1 and len(told[1]) >= 3 and told[1][0] == 1:
        (again,) = struct.unpack_from("<H", told[1], 1)
        read.loops = again + 1 if again else 0
    elif label == _APPLICATION and told[0] == _XMP:
        read.xmp = content[blocks[0].stop : end - _XMP_TRAILER]
    return end


def _image(content: bytes, at: int, read: _Read) -> int:
    """Note a frame. Returns where the next block is."""
    left, top, width, height, flags = struct.unpack_from("<4HB", content, at + 1)
    pixels = at + 10 + _table_bytes(flags)
    end = max((block.stop for block in _blocks(content, pixels + 1)), default=pixels + 1) + 1
    shared = content[13 : 13 + _table_bytes(content[10])]
    table = content[at + 10 : pixels] or shared
    told, hundredths, clear = read.control
    read.control = (0, 0, 0)
    decode = partial(_decoded, (width, height), flags, content[pixels:end], table, clear if told & _CLEAR else None)
    after = _AFTER.get(told >> 2 & 7, "keep")
    # A frame with transparency leaves that behind; another one the file's background, as most programs have it.
    ground = shared[3 * content[11] :][:3] if not told & _CLEAR else b""
    read.frames.append(
        Frame((width, height), left, top, hundredths / 100, after, True, decode, (*ground, 255) if ground else (0,))
    )
    return end


def _blocks(content: bytes, at: int) -> Iterator[slice]:
    """Where the contents of a chain of blocks are."""
    while at < len(content) and content[at]:
        yield slice(at + 1, at + 1 + content[at])
        at += 1 + content[at]


def _decoded(size: tuple[int, int], flags: int, pixels: bytes, table: bytes, clear: int | None) -> Decoded:
    """A frame's colours and transparency; its pixels are shown to Pillow as a file of their own."""
    if not all(size):
        return np.zeros((size[1], size[0], 3), np.uint8), None
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0, 0, 0)
    image = b"," + struct.pack("<4HB", 0, 0, *size, flags & _INTERLACED)
    indices = array_of(GifImagePlugin.GifImageFile(io.BytesIO(head + image + pixels + b";")))
    colours = np.frombuffer((table or _greys()).ljust(3 * 256, b"\0"), np.uint8).reshape(256, 3)
    return looked_up(colours, indices), _transparency(indices, clear)


def _greys() -> bytes:
    return bytes(level for level in range(256) for _ in range(3))


def _transparency(indices: Samples, clear: int | None) -> Samples | None:
    return None if clear is None else np.where(indices == clear, 0, 255).astype(np.uint8)
