"""A photo in memory: its pixels, and what is needed to give it back as it came."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdk.color import RgbArray
from sdk.notes import Notes
from sdk.profiles import srgb_profile
from sdk.samples import to_uint8


@dataclass(frozen=True)
class Photo:
    """A photo's pixels, and what is needed to give it back as it came.

    Attributes:
        rgb: (height, width, 3) sRGB: uint8, uint16, or float32 in [0, 1].
        alpha: (height, width) transparency, if it had one, uint8 or uint16 or float32 like `rgb`.
        array_dtype: Of the array the photo came as; None for files and PIL images.
        notes: What the file carried beside its pixels.
        seconds: How long a frame of an animation is shown.
        stands_in: Whether it is no frame of its animation, but what programs show that know none.
        loops: How often the animation is shown; 0 is for ever.
        is_coloured: Whether a network has coloured it.
    """

    rgb: RgbArray
    alpha: npt.NDArray[np.integer[Any] | np.floating[Any]] | None = None
    array_dtype: np.dtype[Any] | None = None
    notes: Notes = field(default_factory=Notes)
    seconds: float = 0.0
    stands_in: bool = False
    loops: int = 0
    is_coloured: bool = False

    def as_given(self) -> Image.Image | npt.NDArray[Any]:
        """An array for an array, otherwise a PIL image of 8 bits: Pillow holds no 16-bit RGB."""
        if self.array_dtype is None:
            return self.as_image()
        rgb = self.rgb if self.alpha is None else np.dstack([self.rgb, self.alpha])
        return rgb.astype(self.array_dtype, copy=False)

    def as_image(self) -> Image.Image:
        """A PIL image, RGB or RGBA, tagged as sRGB."""
        picture = Image.fromarray(to_uint8(self.rgb))
        if self.alpha is not None:
            picture.putalpha(Image.fromarray(to_uint8(self.alpha)))
        picture.info["icc_profile"] = srgb_profile().tobytes()
        if self.notes.exif:
            picture.info["exif"] = self.notes.exif
        return picture
