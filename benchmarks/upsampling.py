"""Does chroma bleed over edges? `python -m benchmarks.upsampling PHOTOS` compares ways of upsampling it.

Each way turns the network's small ab into full-size ab; figures are against the colour photo at full resolution.
"Edges" is the tenth of its pixels with the steepest chroma. A photo with next to no chroma is left out.
"""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.ndimage import uniform_filter
from skimage.color import deltaE_ciede2000
from skimage.filters import sobel
from tqdm import tqdm

from sdk import color, image, merging, resizing
from sdk.backends import open_backend
from sdk.color import FloatArray, Uint8Array
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from training.metrics import psnr

LEAST_CHROMA = 3.0  # mean, in Lab units
REGULARIZATION = 25.0  # squared Lab units of L


def blur(planes: FloatArray, radius: int) -> FloatArray:
    """Box means over the last two axes."""
    return uniform_filter(planes, size=2 * radius + 1, mode="nearest", axes=(-2, -1))


def slope(ab: FloatArray, lightness: FloatArray, radius: int) -> FloatArray:
    """Least-squares slope of ab over L in each window (He et al., Guided Image Filtering, equation 5)."""
    mean = blur(lightness, radius)
    covariance = blur(ab * lightness, radius) - blur(ab, radius) * mean
    return covariance / (blur(lightness**2, radius) - mean**2 + REGULARIZATION)


def upsample(way: str, ab: FloatArray, small: FloatArray, full: FloatArray) -> FloatArray:
    """(2, h, w) ab and (h, w) L to (2, height, width) ab, for (height, width) L."""
    if way == "bilinear":
        return resizing.resize_ab(ab, *full.shape)
    if way == "blur 9×9, bilinear":
        return resizing.resize_ab(blur(ab, 4), *full.shape)
    radius = 1 if "3×3" in way else 4
    slopes = slope(ab, small, radius)
    rest = ab - slopes * small
    if way.startswith("guided"):
        rest = blur(blur(ab, radius) - slopes * blur(small, radius), radius)
        slopes = blur(slopes, radius)
    return resizing.resize_ab(slopes, *full.shape) * full + resizing.resize_ab(rest, *full.shape)


WAYS = ("bilinear", "slope 3×3", "guided 3×3", "guided 9×9", "blur 9×9, bilinear")


def measure(rgb: Uint8Array, predicted: FloatArray, true: FloatArray, small: FloatArray) -> list[list[float]]:
    """One row a way: PSNR, CIEDE2000 and at edges with predicted chroma; the same with true; seconds."""
    lab = color.rgb_to_lab(rgb)
    steepness = sobel(lab[..., 1]) + sobel(lab[..., 2])
    edges = steepness >= np.quantile(steepness, 0.9)
    rows: list[list[float]] = []
    for way in WAYS:
        row: list[float] = []
        seconds = 0.0
        for ab in (predicted, true):
            start = perf_counter()
            full = upsample(way, ab, small, lab[..., 0])
            seconds += (perf_counter() - start) / 2
            coloured = merging.merge(rgb, full.astype(np.float32)).astype(np.uint8)
            difference = deltaE_ciede2000(lab, color.rgb_to_lab(coloured))
            row += [psnr(coloured, rgb), float(difference.mean()), float(difference[edges].mean())]
        rows.append([*row, seconds])
    return rows


def main(folder: Path) -> None:
    """Print a Markdown table of means over the folder's photos."""
    manifest = load_manifest(BUNDLED_MODEL)
    backend = open_backend("onnx", manifest.verify(manifest.find_artifact("onnx", None)), manifest.tensors)
    side = manifest.tensors.side
    figures: list[list[list[float]]] = []
    for path in tqdm(sorted(folder.glob("*.jpg"))):
        rgb = image.read(path).rgb.astype(np.uint8)
        copy = resizing.resize(rgb, side)
        lab = color.rgb_to_lab(copy).reshape(side // 2, 2, side // 2, 2, 3).mean(axis=(1, 3))
        true = np.moveaxis(lab[..., 1:], -1, 0)
        if np.hypot(*true).mean() < LEAST_CHROMA:
            continue
        predicted = manifest.tensors.chroma(backend.run(manifest.tensors.encode(copy)))
        figures.append(measure(rgb, predicted, true, lab[..., 0]))
    means = np.mean(figures, axis=0)
    print(f"{len(figures)} photos; PSNR, CIEDE2000, at edges; the same for true chroma; time over bilinear's")
    for way, row in zip(WAYS, means, strict=True):
        print(f"| {way} | {' | '.join(f'{value:.3f}' for value in (*row[:-1], row[-1] / means[0][-1]))} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
