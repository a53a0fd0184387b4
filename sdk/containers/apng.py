"""The frames of an animated PNG (W3C PNG, third edition, 11.3.2)."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from sdk.containers.frames import After, Decoded, Frame

Chunk = tuple[bytes, int, int]
"""Kind, and where its content starts and ends in the file."""
# Behind a sequence number: size, place, delay and its unit, what comes after, how the frame lies.
_CONTROL: Final = struct.Struct(">4x4I2H2B")
_AFTER: Final[dict[int, After]] = {1: "clear", 2: "restore"}
_HUNDREDTHS: Final = 100
_MOST_FRAMES: Final = 1 << 31


def is_animated(content: bytes, chunks: list[Chunk]) -> bool:
    """Whether a PNG says so where it must, before its pixels, and of how many frames."""
    kinds = [kind for kind, _, _ in chunks]
    if b"IDAT" not in kinds or b"acTL" not in kinds[: kinds.index(b"IDAT")] or b"fcTL" not in kinds:
        return False
    return 0 < _count(content, chunks) <= _MOST_FRAMES


def _count(content: bytes, chunks: list[Chunk]) -> int:
    (count,) = next(struct.unpack_from(">I", content, start) for kind, start, _ in chunks if kind == b"acTL")
    return count


def shows_all(chunks: list[Chunk]) -> bool:
    """Whether an animation's picture for programs that show none is its first frame, too."""
    kinds = [kind for kind, _, _ in chunks]
    return kinds.index(b"fcTL") < kinds.index(b"IDAT")


def frames_of(content: bytes, chunks: list[Chunk], decode: Callable[[tuple[int, int], bytes], Decoded]) -> list[Frame]:
    """An animation's frames.

    Args:
        content: The file.
        chunks: All of its chunks, in order.
        decode: Makes samples of a frame's size and its compressed pixels.

    Raises:
        ValueError: There are fewer than the file says, or one lies outside the picture.
    """
    count = _count(content, chunks)
    width, height = struct.unpack_from(">2I", content, chunks[0][1])
    frames: list[Frame] = []
    for start, pixels in islice(_packed(content, chunks), count):
        across, down, left, top, delay, unit, after, over = _CONTROL.unpack_from(content, start)
        if not (0 < across <= width - left and 0 < down <= height - top):
            raise ValueError("one of its frames lies outside the picture")
        size, seconds, then = (across, down), delay / (unit or _HUNDREDTHS), _AFTER.get(after, "keep")
        frames.append(Frame(size, left, top, seconds, then, over == 1, partial(decode, size, pixels)))
    if len(frames) < count:
        raise ValueError(f"{len(frames)} of its {count} frames are there")
    return frames


def _packed(content: bytes, chunks: list[Chunk]) -> Iterator[tuple[int, bytes]]:
    """Of each frame, where its control chunk's content starts, and its compressed pixels."""
    control, pixels = None, list[bytes]()
    for kind, start, end in [*chunks, (b"fcTL", 0, 0)]:
        if kind == b"fcTL":
            if control is not None and pixels:
                yield control, b"".join(pixels)
            control, pixels = start, []
        elif kind in (b"IDAT", b"fdAT") and control is not None:
            pixels.append(content[start + 4 * (kind == b"fdAT") : end])
