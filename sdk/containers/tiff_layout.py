"""How a TIFF page's samples lie in the file."""

from dataclasses import dataclass, replace
from typing import Final, Self

from sdk.containers.tiff_tags import Directory, Tag
from sdk.errors import PhotoError

_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
FLOAT_BITS: Final = {16: "f2", 32: "f4", 64: "f8"}
_WHOLE_BITS: Final = (*range(1, 17), 32)
_MOST_CHANNELS: Final = 16


@dataclass(frozen=True)
class Layout:
    """How a page's samples lie: in segments, which are strips or tiles, of one or all channels."""

    width: int
    height: int
    channels: int
    bits: int
    floats: bool
    planes: int
    tiled: bool
    segment_width: int
    segment_height: int
    offsets: tuple[int, ...]
    lengths: tuple[int, ...]
    order: str
    predictor: int

    @classmethod
    def of(cls, page: Directory) -> Self:
        """The layout that a page's tags describe.

        Raises:
            PhotoError: It is one that is not read, or makes no sense.
        """
        width, height = page.number(Tag.WIDTH), page.number(Tag.HEIGHT)
        channels, depths = page.number(Tag.CHANNELS, 1), set(page.numbers(Tag.BITS) or (1,))
        kinds = set(page.numbers(Tag.SAMPLE_FORMAT) or (_UNSIGNED,))
        floats, bits = kinds == {_FLOAT}, min(depths)
        if len(depths) > 1 or not (bits in FLOAT_BITS if floats else bits in _WHOLE_BITS):
            raise PhotoError(
                f"its samples have {_listed(depths)} bits{' as floats' if floats else ''}, which is not read."
            )
        if not (floats or kinds <= {_UNSIGNED, _UNDEFINED}):
            raise PhotoError("its samples are signed or complex numbers, whose range nobody knows; save them unsigned.")
        if not 1 <= channels <= _MOST_CHANNELS:
            raise PhotoError(f"it has {channels} channels; at most {_MOST_CHANNELS} are read.")
        # Some writers say where tiles are as if they were strips.
        tiled = {Tag.TILE_WIDTH, Tag.TILE_HEIGHT} <= page.entries.keys()
        places, sizes = (Tag.STRIP_OFFSETS, Tag.STRIP_BYTES)
        if tiled and Tag.TILE_OFFSETS in page.entries:
            places, sizes = Tag.TILE_OFFSETS, Tag.TILE_BYTES
        rows = min(page.number(Tag.ROWS_PER_STRIP, height) or height, height)
        layout = cls(
            width=width,
            height=height,
            channels=channels,
            bits=bits,
            floats=floats,
            planes=channels if page.number(Tag.PLANAR, 1) == 2 else 1,
            tiled=tiled,
            segment_width=page.number(Tag.TILE_WIDTH) if tiled else width,
            segment_height=page.number(Tag.TILE_HEIGHT) if tiled else rows,
            offsets=page.numbers(places),
            lengths=page.numbers(sizes),
            order=page.order,
            predictor=page.number(Tag.PREDICTOR, 1),
        )
        needed = layout.across * layout.down * layout.planes if layout.segment_width and layout.segment_height else 1
        if len(layout.offsets) == 1 and layout.lengths in ((), (0,)):  # writers of old left it out
            layout = replace(layout, lengths=(len(page.content) - layout.offsets[0],))
        if min(len(layout.offsets), len(layout.lengths)) < needed:
            raise PhotoError("it is damaged: it does not say where all of its pixels are.")
        return layout

    @property
    def across(self) -> int:
        """Segments side by side."""
        return -(-self.width // self.segment_width)

    @property
    def down(self) -> int:
        """Segments one below the other."""
        return -(-self.height // self.segment_height)

    @property
    def interleaved(self) -> int:
        """Channels in one segment."""
        return self.channels // self.planes

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a segment."""
        return -(-self.segment_width * self.interleaved * self.bits // 8)

    def rows_of(self, segment: int) -> int:
        """Rows of one segment: the last strip may be shorter, a tile never is."""
        row = segment // self.across * self.segment_height
        return self.segment_height if self.tiled else min(self.segment_height, self.height - row)


def _listed(values: set[int]) -> str:
    return " and ".join(str(value) for value in sorted(values))
