"""Grey photographs into colour, on the device, with a model of about 2.5 MB.

>>> from sdk import Colorizer
>>> Colorizer.load().colorize("grandmother.jpg").save("grandmother-colour.jpg")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sdk.colorizer import Colorizer
    from sdk.errors import (
        BackendUnavailable,
        ColorizerError,
        ModelIntegrityError,
        OptionError,
        OutputError,
        PageUnavailable,
        PhotoError,
    )
    from sdk.hints import Hint
    from sdk.image import Limits
    from sdk.info import Info
    from sdk.look import Look, LookOptions
    from sdk.saving import FileOptions, SaveOptions, Saving

    __version__: str

__all__ = [
    "BackendUnavailable",
    "Colorizer",
    "ColorizerError",
    "FileOptions",
    "Hint",
    "Info",
    "Limits",
    "Look",
    "LookOptions",
    "ModelIntegrityError",
    "OptionError",
    "OutputError",
    "PageUnavailable",
    "PhotoError",
    "SaveOptions",
    "Saving",
]

_ROOMS: Final = ("errors", "hints", "image", "info", "look", "saving", "colorizer")


def _imported(name: str) -> object:
    """What is named here, imported when it is first asked for: `import sdk` and `colorize --help` cost nothing."""
    if name == "__version__":
        return import_module("sdk.info").find_version("edge-colorizer")
    if name in __all__:
        for room in _ROOMS:
            if found := vars(import_module(f"sdk.{room}")).get(name):
                globals()[name] = found
                return found
    raise AttributeError(f"module 'sdk' has no attribute {name!r}")


if not TYPE_CHECKING:  # a checker would take it for any name
    __getattr__ = _imported
