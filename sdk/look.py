"""How a photo is to be coloured: every option of that kind, described and checked in this file alone.

A new option is a field of `Look`, its type in `LookOptions`, and the line that uses it: the calls, the streams, the
folders and the command hand looks on without knowing what is in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypedDict, get_args

from sdk.contract import VIVID_ALONE
from sdk.errors import OptionError
from sdk.hints import MOST_HINTS, Hint, parse_hint, read_hints
from sdk.options import as_argument

OnColor = Literal["recolor", "keep", "error"]
_ON_COLOR: Final[tuple[str, ...]] = get_args(OnColor)
DEFAULT_VIVIDNESS: Final = VIVID_ALONE


class LookOptions(TypedDict, total=False):
    """The keyword options of everything that colours. Each is explained, with its default, in `Look`."""

    strength: float
    vividness: float
    hints: Sequence[Hint]
    on_color: OnColor


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a photo is to be coloured.

    Attributes:
        strength: Chroma is multiplied by this: 0 is grey, 1 as the network says, 2 twice as strong.
        vividness: From 0, the colours with the least error, to 1, livelier ones that are more often wrong. A model
            without a vivid head is faithful always.
        hints: Colours that somebody knows, at most `sdk.hints.MOST_HINTS`; where they overlap, the later one counts.
        on_color: What to do with a photo of more than one hue: "recolor" uses its lightness alone, "keep" gives it
            back as it is, "error" raises `PhotoError`. A grey or sepia photo is always coloured.

    Raises:
        OptionError: One of them has a value it cannot have.
    """

    strength: float = field(
        default=1.0,
        metadata={"--strength": {"type": float, "help": "0 is grey, 1 as predicted, 2 twice as strong (default: 1)"}},
    )
    vividness: float = field(
        default=DEFAULT_VIVIDNESS,
        metadata={
            "--vividness": {
                "type": float,
                "help": f"0 has the least error, 1 is livelier and more often wrong (default: {DEFAULT_VIVIDNESS})",
            }
        },
    )
    hints: Sequence[Hint] = field(
        default=(),
        metadata={
            "--hint": {
                "action": "append",
                "type": as_argument(parse_hint),
                "metavar": "X,Y,COLOR",
                "help": "a colour that you know, at a place in pixels or %%, such as 40%%,25%%,teal; may be repeated",
            },
            "--hints": {
                "action": "extend",
                "type": as_argument(lambda path: read_hints(Path(path))),
                "metavar": "FILE",
                "help": "such colours from a JSON file, as the page saves them",
            },
        },
    )
    on_color: OnColor = field(
        default="recolor",
        metadata={
            "--on-color": {
                "choices": _ON_COLOR,
                "help": "a photo that has colours: replace them, keep it as it is, or fail (default: recolor)",
            }
        },
    )

    def __post_init__(self) -> None:
        if not 0 <= self.strength < float("inf"):
            raise OptionError(f"strength must be zero or more, not {self.strength}.")
        if not 0 <= self.vividness <= 1:
            raise OptionError(f"vividness must lie in [0, 1], not {self.vividness}.")
        if len(self.hints) > MOST_HINTS:
            raise OptionError(f"A photo takes at most {MOST_HINTS} hints, not {len(self.hints)}.")
        if self.on_color not in _ON_COLOR:
            raise OptionError(f"on_color must be one of {', '.join(_ON_COLOR)}, not {self.on_color!r}.")
