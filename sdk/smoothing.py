"""A film's chroma from frame to frame: calmed within a scene, never carried over a cut."""

from typing import Final

import numpy as np

from sdk import color
from sdk.color import FloatArray, Uint8Array
from sdk.errors import OptionError
from sdk.resizing import resize

# Frames are compared at this side: small enough that grain and a moving head change little.
_SIDE: Final = 16
# Mean change of L, beside that of the whole frame's light, that another scene makes. Taking motion for a cut costs one
# frame's smoothing, no more.
_CUT: Final = 11.0


class Smoothing:
    """Remembers the chroma before.

    Args:
        share: Of the previous frame's chroma in the next one's, in [0, 1).

    Raises:
        OptionError: It lies elsewhere.
    """

    def __init__(self, share: float) -> None:
        if not 0 <= share < 1:
            raise OptionError(f"smoothing must lie in [0, 1), not {share}.")
        self._share = share
        self._ab: FloatArray | None = None
        self._scene: FloatArray | None = None

    def smooth(self, ab: FloatArray | None, small: Uint8Array) -> FloatArray | None:
        """A frame's chroma with some of the previous one's in it.

        Args:
            ab: (2, h, w) as predicted; None for a frame that keeps its colours, which ends what was remembered.
            small: (S, S, 3) sRGB, the frame.
        """
        scene = color.rgb_to_lightness(resize(small, _SIDE))
        if ab is None or self._ab is None or self._scene is None or is_cut(self._scene, scene):
            smoothed = ab
        else:
            smoothed = self._share * self._ab + (1 - self._share) * ab
        self._ab, self._scene = smoothed, scene
        return smoothed


def is_cut(before: FloatArray, after: FloatArray) -> bool:
    """Whether two frames' lightness, (h, w) each, are of two scenes; the whole frame's light may flicker and fade."""
    change = after - before
    return float(np.abs(change - change.mean()).mean()) > _CUT
