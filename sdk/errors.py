"""Everything the SDK raises on purpose. Catch `ColorizerError` to catch them all."""

from typing import ClassVar


class ColorizerError(Exception):
    """Base of the family; its message is one sentence that says what to do.

    Attributes:
        exit_code: What the `colorize` command ends with: 2 where a photo, an output or an option is unusable, 3 where
            something that belongs to the installation is missing or altered.
    """

    exit_code: ClassVar[int] = 3


class PhotoError(ColorizerError, ValueError):
    """A photo cannot be read, is not a photo, or holds values no photo has."""

    exit_code = 2


class OptionError(ColorizerError, ValueError):
    """An option has a value that it cannot have."""

    exit_code = 2


class OutputError(ColorizerError, OSError):
    """A coloured photo cannot be written where it was asked to go."""

    exit_code = 2


class BackendUnavailable(ColorizerError, ImportError):
    """A backend is unknown, or its runtime is not installed; the message names what to install."""


class PageUnavailable(ColorizerError):
    """This installation has no web page to serve; the message says how to build it."""


class ModelIntegrityError(ColorizerError):
    """A model is not what its manifest says, or was not made for this version of the SDK."""
