"""Before and after, side by side, in one picture."""

from pathlib import Path
from typing import Final

from PIL import Image

from sdk import image

_HEIGHT: Final = 300
_GAP: Final = 8
_PAIRS_A_ROW: Final = 3


def contact_sheet(pairs: list[tuple[Path, Path]]) -> Image.Image:
    """A picture of photos: above as they came, below as they were coloured.

    Args:
        pairs: Each a photo's path and its coloured one's; at least one. Of several pages the first is shown.

    Raises:
        PhotoError: One of them cannot be read.
    """
    columns = [(_thumbnail(before), _thumbnail(after)) for before, after in pairs]
    rows = [columns[start : start + _PAIRS_A_ROW] for start in range(0, len(columns), _PAIRS_A_ROW)]
    row_height = 2 * _HEIGHT + _GAP
    width = max(sum(before.width + _GAP for before, _ in row) - _GAP for row in rows)
    sheet = Image.new("RGB", (width, len(rows) * (row_height + 2 * _GAP) - 2 * _GAP), "white")
    for number, row in enumerate(rows):
        left, top = 0, number * (row_height + 2 * _GAP)
        for before, after in row:
            sheet.paste(before, (left, top))
            sheet.paste(after, (left, top + _HEIGHT + _GAP))
            left += before.width + _GAP
    return sheet


def _thumbnail(path: Path) -> Image.Image:
    picture = next(image.read_pages(path)[1]).as_image().convert("RGB")
    return picture.resize((max(1, round(picture.width * _HEIGHT / picture.height)), _HEIGHT), reducing_gap=3.0)
