"""Make the README's picture: `python docs/before_after.py` colours the sample photos and lays them side by side."""

from pathlib import Path

from PIL import Image

from sdk import Colorizer

PROJECT = Path(__file__).parents[1]
HEIGHT, GAP = 300, 8


def main() -> None:
    """Write docs/before-after.jpg."""
    colorizer = Colorizer.load()
    columns = [(Image.open(path), colorizer.colorize(path)) for path in sorted(PROJECT.glob("examples/photos/*.jpg"))]
    widths = [round(grey.width * HEIGHT / grey.height) for grey, _ in columns]
    sheet = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), 2 * HEIGHT + GAP), "white")
    left = 0
    for column, width in zip(columns, widths, strict=True):
        for row, picture in enumerate(column):
            sheet.paste(picture.convert("RGB").resize((width, HEIGHT)), (left, row * (HEIGHT + GAP)))
        left += width + GAP
    sheet.save(Path(__file__).parent / "before-after.jpg", quality=88)


if __name__ == "__main__":
    main()
