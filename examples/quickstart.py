"""Colour one photo.

    pip install .
    python examples/quickstart.py examples/photos/cat.jpg

Writes cat-colour.png here and says which model did it.
"""

import sys
from pathlib import Path

from sdk import Colorizer

photo = Path(sys.argv[1])
with Colorizer.load() as colorizer:
    colorizer.colorize(photo).save(f"{photo.stem}-colour.png")
    print(f"{photo.stem}-colour.png, by {colorizer.info().model} on {colorizer.info().backend}")
