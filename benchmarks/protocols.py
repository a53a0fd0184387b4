"""Why published figures disagree: `python -m benchmarks.protocols --photos ../shared/eval/coco`.

Measures the bundled model, and leaving photos grey, on the same photos by several conventions, and writes the table
that docs/evaluation.md includes.
"""

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from sdk import Colorizer, color
from training.data import find_photos
from training.evaluate import markdown_table
from training.metrics import EVALUATION_SIZE, Rgb, grey

Errors = npt.NDArray[np.float64]
_LAB_TO_BYTES = np.array([255 / 100, 1, 1])  # 8-bit Lab as OpenCV stores it: L over all levels, a and b shifted


def rgb_error(rgb: Rgb, truth: Rgb) -> float:
    """Mean squared error over the three channels, in squared levels."""
    return float(np.mean((rgb.astype(np.float64) - truth) ** 2))


def lab_error(rgb: Rgb, truth: Rgb) -> float:
    """The same in 8-bit Lab."""
    return float(np.mean(((color.rgb_to_lab(rgb) - color.rgb_to_lab(truth)) * _LAB_TO_BYTES) ** 2))


def ab_error(rgb: Rgb, truth: Rgb) -> float:
    """The same over a and b alone."""
    return float(np.mean((color.rgb_to_lab(rgb) - color.rgb_to_lab(truth))[..., 1:] ** 2))


def mean_of_decibels(errors: Errors) -> float:
    """PSNR of each photo, then the mean; the largest level is 255."""
    return float(np.mean(10 * np.log10(255**2 / errors)))


def decibels_of_mean(errors: Errors) -> float:
    """The mean error of all photos, then PSNR."""
    return float(10 * np.log10(255**2 / np.mean(errors)))


def stretch(photo: Image.Image, side: int = EVALUATION_SIZE) -> Rgb:
    """A square of the whole photo."""
    return np.asarray(photo.resize((side, side), Image.Resampling.BICUBIC))


def crop(photo: Image.Image) -> Rgb:
    """The square in the middle."""
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return stretch(photo.crop((left, top, left + side, top + side)))


CONVENTIONS: dict[str, tuple[Callable[[Image.Image], Rgb], Callable[[Rgb, Rgb], float], Callable[[Errors], float]]] = {
    "ours: stretched to 256×256, RGB, mean of the photos' dB": (stretch, rgb_error, mean_of_decibels),
    "dB of the photos' mean error": (stretch, rgb_error, decibels_of_mean),
    "middle square instead of stretched": (crop, rgb_error, mean_of_decibels),
    "coloured and compared at 64×64": (lambda photo: stretch(photo, 64), rgb_error, mean_of_decibels),
    "compared at full size": (np.asarray, rgb_error, mean_of_decibels),
    "L, a and b instead of RGB": (stretch, lab_error, mean_of_decibels),
    "a and b alone": (stretch, ab_error, mean_of_decibels),
}


def measure(photos: list[bytes], colorizer: Colorizer) -> dict[str, tuple[float, float]]:
    """Convention to PSNR of grey and of the coloured photo, in dB."""
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in CONVENTIONS}
    for content in tqdm(photos, unit="photo"):
        photo = Image.open(io.BytesIO(content)).convert("RGB")
        for name, (prepare, error, _) in CONVENTIONS.items():
            truth = prepare(photo)
            errors[name].append((error(grey(truth), truth), error(colorizer.colorize(truth), truth)))
    return {
        name: (average(np.array(errors[name])[:, 0]), average(np.array(errors[name])[:, 1]))
        for name, (*_, average) in CONVENTIONS.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure, write and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.protocols", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of colour photos, or tar shards")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/protocols.md"), help="the table to write")
    options = parser.parse_args(arguments)
    photos = [content for _, content in find_photos(options.photos)]
    if not photos:
        parser.error(f"{options.photos} holds no photo")
    with Colorizer.load() as colorizer:
        figures = measure(photos, colorizer)
    rows = [[name, f"{left:.2f}", f"{ours:.2f}", f"{ours - left:+.2f}"] for name, (left, ours) in figures.items()]
    table = markdown_table([[f"PSNR dB, {len(photos)} photos", "left grey", "bundled model", "gain"], *rows])
    options.out.write_text(table + "\n", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
