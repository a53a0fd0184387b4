"""Grey photographs into colour, on the device, with a model of about 2 MB.

>>> from sdk import Colorizer
>>> Colorizer.load().colorize("grandmother.jpg").save("grandmother-colour.jpg")
"""

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

__all__ = [
    "BackendUnavailable",
    "Colorizer",
    "ColorizerError",
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
]
