"""Make docs/gallery.md and its pictures: `python docs/gallery.py`.

Colours photos whose true colours are known, those it helps most first. With --photos, a gallery of a folder of yours.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from sdk import Colorizer, image, resizing
from training.metrics import EVALUATION_SIZE, colourfulness, grey, psnr

PROJECT = Path(__file__).parents[1]
PHOTOS = (PROJECT / "tests" / "photos", PROJECT / "docs" / "gallery" / "photos")
SOURCES = "The photos' [sources and licences](gallery/photos/README.md)."
_GAP = 8


def main() -> None:
    """Write the page, and a strip for each photo into the folder of its name."""
    options = _parser().parse_args()
    paths = sorted(path for folder in options.photos for path in folder.iterdir() if path.suffix in (".jpg", ".png"))
    strips = options.out.with_suffix("")
    strips.mkdir(parents=True, exist_ok=True)
    with Colorizer.load() as colorizer:
        rows = [_row(colorizer, path, strips) for path in paths]
    rows.sort(reverse=True)
    helped = [text for gain, text in rows if gain > 0]
    misled = [text for gain, text in rows if gain <= 0]
    options.out.write_text(
        "\n\n".join(
            [
                "# Gallery",
                "Made by `python docs/gallery.py` with the bundled model. Each strip: what the network was given, what "
                "it made of it, and what was true. The figure is PSNR at 256×256 pixels, by the protocol of "
                "`training/metrics.py`, beside that of leaving the photo grey.",
                *([SOURCES] if options.photos == PHOTOS else []),
                "## Nearer to the truth than grey",
                *(helped or ["None."]),
                "## Farther from the truth than grey",
                *(misled or ["None of these photos."]),
            ]
        )
        + "\n"
    )


def _row(colorizer: Colorizer, path: Path, strips: Path) -> tuple[float, str]:
    """The gain over grey in dB, and the photo's Markdown; its strip is written beside."""
    truth = np.asarray(image.read(path).rgb, np.uint8)
    coloured = np.asarray(colorizer.colorize(truth))
    gap = np.full((len(truth), _GAP, 3), 255, np.uint8)
    strip = Image.fromarray(np.hstack([grey(truth), gap, coloured, gap, truth]))
    strip.thumbnail((1200, 400))
    strip.save(strips / f"{path.stem}.jpg", quality=88)
    small = resizing.resize(truth, EVALUATION_SIZE)
    ours, left = colorizer.colorize(small), psnr(grey(small), small)
    text = (
        f"![{path.stem}: grey, coloured, true]({strips.name}/{path.stem}.jpg)\n\n**{path.stem}**: "
        f"{psnr(ours, small):.1f} dB, left grey {left:.1f} dB; colourfulness "
        f"{colourfulness(ours):.0f}, in truth {colourfulness(small):.0f}."
    )
    return psnr(ours, small) - left, text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, nargs="+", default=PHOTOS, help="folders of colour photos")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "gallery.md", help="the page to write")
    return parser


if __name__ == "__main__":
    main()
