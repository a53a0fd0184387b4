"""Make the README's picture: `python docs/before_after.py` colours the sample photos and lays them side by side."""

import tempfile
from pathlib import Path

from sdk import Colorizer
from sdk.compare import contact_sheet

PROJECT = Path(__file__).parents[1]


def main() -> None:
    """Write docs/before-after.jpg."""
    photos = sorted(PROJECT.glob("examples/photos/*.jpg"))
    colorizer = Colorizer.load()
    with tempfile.TemporaryDirectory() as folder:
        coloured = [Path(folder) / f"{photo.stem}.png" for photo in photos]
        for photo, path in zip(photos, coloured, strict=True):
            colorizer.colorize_file(photo, path)
        contact_sheet(list(zip(photos, coloured, strict=True))).save(PROJECT / "docs" / "before-after.jpg", quality=88)


if __name__ == "__main__":
    main()
