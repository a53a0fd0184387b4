"""Measure networks on photos, always beside leaving the photos grey."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from sdk.contract import HINTS, VIVID_AB
from training.data import INDEX_FILE, EmptyDatasetError, PackedPhotos, decode_rgb, find_photos
from training.kid import KernelDistance
from training.metrics import EVALUATION_SIZE, Network, Rgb, colorize, gain, grey, held_out_truths, measure
from training.perceptual import PerceptualMetrics
from training.run_log import side_by_side

_HEADINGS = {
    "psnr": "PSNR dB",
    "ssim": "SSIM",
    "ciede2000": "CIEDE2000",
    "colourfulness": "colourfulness",
    "colourfulness_ratio": "of the truth's",
    "gain": "gain dB",
    "worst_gain": "worst gain dB",
    "worse_than_grey": "worse than grey",
    "kid": "KID ×1000",
    "lpips": "LPIPS",
    "fid": "FID",
}
_SHEET_PHOTOS = 4


def evaluate(
    networks: dict[str, Network],
    photos: Path,
    *,
    kid: KernelDistance | None = None,
    perceptual: bool = False,
    count: int | None = None,
    sheets: Path | None = None,
) -> dict[str, dict[str, float]]:
    """Colour every photo with every network, by the protocol of `training.metrics`.

    Args:
        networks: Each by the name its row should have.
        photos: Folder of colour photos, tar shards, or what `pack` wrote: of that, the held-out photos.
        kid: Measure the kernel distance too.
        perceptual: Measure LPIPS and FID too.
        count: Of the photos, only the first so many.
        sheets: Folder for a picture of each network's worst, median and best photos.

    Returns:
        Row name to metric to figure: the ground truth, the grey baseline, then the networks.

    Raises:
        EmptyDatasetError: There are no photos.
        PerceptualUnavailable: The networks that LPIPS and FID need cannot be had.
    """
    truths = _truths(photos, count)
    outputs: dict[str, Callable[[Rgb], Rgb]] = {"ground truth": lambda truth: truth, "grey": grey}
    outputs |= {name: partial(colorize, network) for name, network in networks.items()}
    more = PerceptualMetrics() if perceptual else None
    rows = {}
    for name, output in outputs.items():
        pairs = [(output(truth), truth) for truth in tqdm(truths, desc=name, unit="photo")]
        rows[name] = measure(pairs)
        if kid:
            rows[name]["kid"] = kid.measure(pairs)
        if more:
            rows[name] |= more.measure(pairs)
        if sheets and name in networks:
            sheets.mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(worst_median_best(pairs))
            picture.save(sheets / f"{name.strip('/').replace('/', '-')}.jpg", quality=90)
    return rows


def ways(name: str, network: Network, *, vividness: Sequence[float], hints: Sequence[int]) -> dict[str, Network]:
    """A network asked in each way that it knows, by the names of the rows: without hints and faithful, if in no other.

    Args:
        name: Of the network.
        network: What is asked.
        vividness: Blends, for a network with a vivid head.
        hints: How many random true hints, for a network that takes them.
    """
    blends = vividness if VIVID_AB in network.contract.outputs else (0.0,)
    told = hints if HINTS in network.contract.inputs else (0,)
    return {
        name + (f", vividness {blend:g}" if blend else "") + (f", {count} hints" if count else ""): replace(
            network, vividness=blend, hints=count
        )
        for blend, count in product(blends, told)
    }


def _truths(photos: Path, count: int | None) -> list[Rgb]:
    if (photos / INDEX_FILE).exists():
        held_out = PackedPhotos(photos, held_out=True)
        return list(held_out_truths(held_out, count=count or len(held_out)))
    contents = [content for _, content in find_photos(photos)][:count]
    if not contents:
        raise EmptyDatasetError(f"{photos} holds no photo.")
    return [decode_rgb(content, EVALUATION_SIZE) for content in tqdm(contents, desc="decoding", unit="photo")]


def worst_median_best(pairs: list[tuple[Rgb, Rgb]], *, count: int = _SHEET_PHOTOS) -> Rgb:
    """A sheet to look at: by gain over grey, the worst, the median and the best photos, `count` of each."""
    ranked = sorted(pairs, key=lambda pair: gain(*pair))
    if len(ranked) > 3 * count:
        middle = (len(ranked) - count) // 2
        ranked = ranked[:count] + ranked[middle : middle + count] + ranked[-count:]
    return side_by_side(ranked)


def as_json(rows: dict[str, dict[str, float]]) -> str:
    """The rows for programs; null where a figure is no number, as the ground truth's decibels."""
    finite = {
        name: {metric: value if math.isfinite(value) else None for metric, value in figures.items()}
        for name, figures in rows.items()
    }
    return json.dumps(finite, indent=2, allow_nan=False) + "\n"


def as_table(rows: dict[str, dict[str, float]]) -> str:
    """The rows as a Markdown table."""
    metrics = list(next(iter(rows.values())))
    head = ["", *(_HEADINGS[metric] for metric in metrics)]
    return markdown_table(
        [head, *([name, *(f"{figures[metric]:.3f}" for metric in metrics)] for name, figures in rows.items())]
    )


def markdown_table(rows: list[list[str]]) -> str:
    """Rows of cells, the heads first, as a Markdown table: names to the left, figures to the right.

    Raises:
        ValueError: A row has another number of cells than there are heads.
    """
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"A table under {rows[0]} needs as many cells in each row.")
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:]))
