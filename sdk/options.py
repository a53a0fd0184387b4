"""Options that are described once: each a field of a frozen dataclass, and a flag of the command.

A field's `metadata` maps its flags to what argparse is told of them.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

from sdk.errors import OptionError

if TYPE_CHECKING:
    from argparse import _ArgumentGroup  # pyright: ignore[reportPrivateUsage] - argparse has no other name for it

Options: TypeAlias = "ArgumentParser | _ArgumentGroup"


def add_options(parser: Options, described: type[Any]) -> None:
    """Give a command every option of a dataclass."""
    for option in fields(described):
        for flag, arguments in option.metadata.items():
            parser.add_argument(flag, dest=option.name, **arguments)
    parser.set_defaults(**{option.name: None for option in fields(described)})


def given_options(options: Namespace, *described: type[Any]) -> Any:
    """What a command was given of `add_options`, checked; a `TypedDict` of the same names takes it.

    Raises:
        OptionError: As the dataclasses do.
    """
    names = {option.name for kind in described for option in fields(kind)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    split_options(given, *described)
    return given


def split_options(options: Any, *described: Any) -> Any:
    """Keyword options as one object of each dataclass.

    Raises:
        OptionError: As the dataclasses do.
        TypeError: An option that none of them has.
    """
    names = [{option.name for option in fields(kind)} for kind in described]
    if unknown := options.keys() - set[str]().union(*names):
        raise TypeError(f"There is no option {', '.join(sorted(unknown))}.")
    return [
        kind(**{name: value for name, value in options.items() if name in own})
        for kind, own in zip(described, names, strict=True)
    ]


def as_argument(parse: Callable[[str], object]) -> Callable[[str], object]:
    """A parser whose errors argparse shows as they are."""

    def parsed(text: str) -> object:
        try:
            return parse(text)
        except OptionError as error:
            raise ArgumentTypeError(str(error)) from error

    return parsed


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers within bounds, for argparse."""

    def parsed(text: str) -> int:
        number = int(text) if text.strip().isdecimal() else -1
        if number < least or (most is not None and number > most):
            bounds = f"between {least} and {most}" if most is not None else f"of at least {least}"
            raise ArgumentTypeError(f"must be a whole number {bounds}, not {text}")
        return number

    return parsed
