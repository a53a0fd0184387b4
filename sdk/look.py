"""How a photo is to be coloured: every option of that kind, described and checked in this file alone.

A new option is a field of `Look`, its type in `LookOptions`, and the line that uses it: the calls, the streams, the
folders and the command hand looks on without knowing what is in them.
"""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, TypedDict, get_args

from sdk.errors import OptionError

OnColor = Literal["recolor", "keep", "error"]
_ON_COLOR: Final[tuple[str, ...]] = get_args(OnColor)


class LookOptions(TypedDict, total=False):
    """The keyword options of everything that colours. Each is explained, with its default, in `Look`."""

    strength: float
    on_color: OnColor


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a photo is to be coloured.

    Attributes:
        strength: Chroma is multiplied by this: 0 is grey, 1 as the network says, 2 twice as vivid.
        on_color: What to do with a photo of more than one hue: "recolor" uses its lightness alone, "keep" gives it
            back as it is, "error" raises `PhotoError`. A grey or sepia photo is always coloured.

    Raises:
        OptionError: One of them has a value it cannot have.
    """

    # `metadata` is the option on the command line, in argparse's words.
    strength: float = field(
        default=1.0, metadata={"type": float, "help": "0 is grey, 1 as predicted, 2 twice as vivid (default: 1)"}
    )
    on_color: OnColor = field(
        default="recolor",
        metadata={
            "choices": _ON_COLOR,
            "help": "a photo that has colours: replace them, keep it as it is, or fail (default: recolor)",
        },
    )

    def __post_init__(self) -> None:
        if not 0 <= self.strength < float("inf"):
            raise OptionError(f"strength must be zero or more, not {self.strength}.")
        if self.on_color not in _ON_COLOR:
            raise OptionError(f"on_color must be one of {', '.join(_ON_COLOR)}, not {self.on_color!r}.")


def add_options(parser: ArgumentParser) -> None:
    """Give a command every option of a look."""
    for option in fields(Look):
        arguments: dict[str, Any] = dict(option.metadata)
        parser.add_argument(f"--{option.name.replace('_', '-')}", default=option.default, **arguments)


def given_options(options: Namespace) -> LookOptions:
    """What a command was given of `add_options`, checked.

    Raises:
        OptionError: As `Look`.
    """
    given: Any = {option.name: getattr(options, option.name) for option in fields(Look)}
    Look(**given)
    return given
