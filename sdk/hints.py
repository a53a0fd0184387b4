"""Colours that somebody knows: where in a photo, and which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from sdk import color
from sdk.color import FloatArray
from sdk.contract import HINTS, Contract

# Of the photo's longer side, where a hint names no radius: about three cells of the network's grid.
_DEFAULT_RADIUS = 1 / 85


@dataclass(frozen=True)
class Hint:
    """A disc of a photo whose colour is known. Only the colour's hue and chroma count: lightness stays the photo's.

    Attributes:
        x: Its centre, in pixels from the photo's left edge.
        y: Its centre, in pixels from the photo's top edge.
        color: A name or notation that Pillow knows, such as "teal" or "#88aacc".
        radius: In pixels; by default a 85th of the photo's longer side.
    """

    x: float
    y: float
    color: str
    radius: float | None = None

    def ab(self) -> FloatArray:
        """The colour's a and b, (2,) float32 in Lab units."""
        return color.rgb_to_lab(np.array(ImageColor.getrgb(self.color)[:3], np.uint8))[1:]


def place_hints(hints: Sequence[Hint], contract: Contract, *, height: int, width: int) -> FloatArray:
    """Lay hints on the network's grid: each cell whose centre a hint's disc covers, and the cell its centre lies in.

    Where hints overlap, the later one counts.

    Args:
        hints: In the photo's own pixels.
        contract: Of the network.
        height: The photo's, in pixels.
        width: The photo's, in pixels.

    Returns:
        (3, S/2, S/2) float32: a, b and mask, zero where there is no hint.
    """
    placed = np.zeros(contract.shape(HINTS)[1:], np.float32)
    cells = placed.shape[-1]
    y, x = ((np.arange(cells) + 0.5) * (length / cells) for length in (height, width))
    for hint in hints:
        radius = max(height, width) * _DEFAULT_RADIUS if hint.radius is None else hint.radius
        covered = (y[:, None] - hint.y) ** 2 + (x - hint.x) ** 2 <= radius**2
        covered[int(hint.y * cells / height), int(hint.x * cells / width)] = True
        placed[:, covered] = np.append(hint.ab(), 1)[:, None]
    return placed
