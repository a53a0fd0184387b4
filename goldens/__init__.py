"""The golden vectors that every other implementation of the colour path is held to: the browser's, C, Swift, Kotlin.

    python -m goldens

writes them all anew, from `sdk` itself. `color.json` holds small arrays for the colour code and the resize,
`contract.json` for hints and vividness. `photos/` holds each sample photo's decoded pixels and what
`Colorizer.load("onnx")` makes of them, both lossless, beside the colour original; the page's "check this device"
compares itself with these. `photos/expected.json` names the model they were made with.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SAMPLES: Final = ("astronaut", "cat", "coffee")
