"""Colours that somebody knows: where in a photo, and which."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from PIL import ImageColor

from sdk import color
from sdk.color import FloatArray
from sdk.contract import HINTS, Contract
from sdk.errors import OptionError

MOST_HINTS: Final = 1000
"""Of one photo: as many as anybody places by hand, few enough to be laid on the grid in no time."""
SUFFIX: Final = ".hints.json"
"""After a photo's whole name: the file of its hints."""
# Of the photo's longer side, where a hint names no radius: about three cells of the network's grid.
_DEFAULT_RADIUS: Final = 1 / 85
_FIELDS: Final = frozenset(["x", "y", "color", "radius"])


@dataclass(frozen=True)
class Hint:
    """A disc of a photo whose colour is known. Only the colour's hue and chroma count: lightness stays the photo's.

    Attributes:
        x: Its centre from the photo's left edge, in the photo's own pixels, or as text such as "40%".
        y: Its centre from the photo's top edge, likewise.
        color: A name or notation that Pillow knows, such as "teal" or "#88aacc".
        radius: In pixels; by default an 85th of the photo's longer side.

    Raises:
        OptionError: A place is no number, the colour is unknown, or the radius is not above zero.
    """

    x: float | str
    y: float | str
    color: str
    radius: float | None = None

    def __post_init__(self) -> None:
        pixels(self.x, 1)
        pixels(self.y, 1)
        if self.radius is not None and not (isinstance(self.radius, int | float) and 0 < self.radius < math.inf):  # pyright: ignore[reportUnnecessaryIsInstance] - files hold anything
            raise OptionError(f"A hint's radius must be above zero, not {self.radius!r}.")
        self.ab()

    def ab(self) -> FloatArray:
        """The colour's a and b, (2,) float32 in Lab units."""
        try:
            rgb = ImageColor.getrgb(self.color)[:3]
        except (ValueError, AttributeError, TypeError) as error:
            raise OptionError(f'{self.color!r} is no colour; name one such as "teal" or "#88aacc".') from error
        return color.rgb_to_lab(np.array(rgb, np.uint8))[1:]


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

    Raises:
        OptionError: A hint lies outside the photo.
    """
    placed = np.zeros(contract.shape(HINTS)[1:], np.float32)
    cells = placed.shape[-1]
    y, x = ((np.arange(cells) + 0.5) * (length / cells) for length in (height, width))
    for hint in hints:
        hint_x, hint_y = pixels(hint.x, width), pixels(hint.y, height)
        if not (0 <= hint_x < width and 0 <= hint_y < height):
            raise OptionError(f"The hint at ({hint.x}, {hint.y}) is outside the photo of {width}×{height} pixels.")
        radius = max(height, width) * _DEFAULT_RADIUS if hint.radius is None else hint.radius
        covered = (y[:, None] - hint_y) ** 2 + (x - hint_x) ** 2 <= radius**2
        covered[int(hint_y * cells / height), int(hint_x * cells / width)] = True
        placed[:, covered] = np.append(hint.ab(), 1)[:, None]
    return placed


def parse_hint(text: str) -> Hint:
    """A hint from "X,Y,COLOR".

    Raises:
        OptionError: It is none.
    """
    x, _, rest = text.partition(",")
    y, comma, name = rest.partition(",")
    if not comma:
        raise OptionError(f"A hint is X,Y,COLOR, such as 120,80,teal or 40%,25%,#88aacc, not {text!r}.")
    return Hint(x.strip(), y.strip(), name.strip())


def read_hints(path: Path) -> tuple[Hint, ...]:
    """A photo's hints from a JSON file: a list of objects with x, y, color and perhaps radius.

    Raises:
        OptionError: The file cannot be read or holds something else.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise OptionError(f"{path} holds no hints: it is no JSON.") from error
    if not isinstance(entries, list):
        raise OptionError(f"{path} holds no hints: it is not a list.")
    return tuple(
        _hint_of(entry, f"{path}, hint {number}") for number, entry in enumerate(cast("list[Any]", entries), 1)
    )


def _hint_of(entry: Any, name: str) -> Hint:
    """One entry of a file of hints."""
    if not isinstance(entry, dict) or not {"x", "y", "color"} <= cast("dict[str, Any]", entry).keys() <= _FIELDS:
        raise OptionError(f"{name}: it must be an object of x, y, color and perhaps radius.")
    try:
        return Hint(**cast("dict[str, Any]", entry))
    except OptionError as error:
        raise OptionError(f"{name}: {error}") from error


def hints_beside(photo: Path) -> tuple[Hint, ...]:
    """The hints in `PHOTO.hints.json` beside a photo; none where there is no such file.

    Raises:
        OptionError: As `read_hints`.
    """
    path = photo.with_name(photo.name + SUFFIX)
    return read_hints(path) if path.exists() else ()


def pixels(given: float | str, length: int) -> float:
    """Pixels from pixels, or from a share such as "40%" of a length."""
    is_share = isinstance(given, str) and given.endswith("%")
    try:
        place = float(str(given).removesuffix("%")) * (length / 100 if is_share else 1)
    except ValueError:
        place = math.nan
    if not math.isfinite(place):
        raise OptionError(f"A hint's place is pixels or a share such as 40%, not {given!r}.")
    return place
