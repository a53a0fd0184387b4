"""What every container is opened into: pages, each of samples and of what says how to see them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

from sdk.notes import Notes

Samples = npt.NDArray[Any]
Space = Literal["grey", "rgb", "cmyk", "lab"]


@dataclass(frozen=True)
class Picture:
    """One page's samples, as the file holds them: not yet turned, nor in sRGB.

    Attributes:
        samples: (height, width) grey, otherwise (height, width, 3 or 4); uint8 or uint16 over their whole range.
            Lab is L over [0, 100], then a and b offset by half of the range, as ICC encodes them.
        space: What the channels are.
        alpha: (height, width) transparency of the same dtype, where the file has one.
        profile: The ICC profile that describes the channels, or one made of what the file says instead.
        orientation: EXIF's, 1 to 8.
        notes: What else the file carries.
        seconds: How long a frame of an animation is shown.
        stands_in: Whether it is no frame, but what programs show that know no animations.
    """

    samples: Samples
    space: Space
    alpha: Samples | None = None
    profile: bytes = b""
    orientation: int = 1
    notes: Notes = field(default_factory=Notes)
    seconds: float = 0.0
    stands_in: bool = False


@dataclass(frozen=True)
class Page:
    """A page or frame that is not decoded yet.

    Attributes:
        size: Its width and height, as they lie in the file.
        decode: Makes the picture; an animation's are made in order, each once.
    """

    size: tuple[int, int]
    decode: Callable[[], Picture]


@dataclass(frozen=True)
class Container:
    """An opened file.

    Attributes:
        name: Its format, as `sdk.formats` names it.
        pages: At least one.
        loops: How often an animation is shown; 0 is for ever.
    """

    name: str
    pages: list[Page]
    loops: int = 0
