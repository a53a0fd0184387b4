"""Colour a film, and keep its sound; `colorize film.mp4` does the same from a terminal.

pip install -e '.[video]'
python examples/video.py old-film.mp4 coloured.mp4
"""

import sys

from tqdm import tqdm

from sdk import Colorizer
from sdk.film import colorize_film

film, out = sys.argv[1:]
with Colorizer.load() as colorizer, tqdm(unit="frame") as bar:
    colorize_film(colorizer, film, out, smoothing=0.7, on_frame=lambda _: bar.update())
