"""Grey photographs into colour, on the device, with a model of about 2 MB.

>>> from sdk import Colorizer
>>> Colorizer.load("onnx").colorize("grandmother.jpg").save("grandmother-colour.jpg")
"""

from sdk.colorizer import Colorizer
from sdk.errors import BackendUnavailable, ColorizerError, ModelIntegrityError, OutputError, PhotoError

__all__ = [
    "BackendUnavailable",
    "Colorizer",
    "ColorizerError",
    "ModelIntegrityError",
    "OutputError",
    "PhotoError",
]
