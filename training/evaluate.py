"""Measure networks on photos, always beside leaving the photos grey."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from training.data import EmptyDatasetError, decode_rgb, find_photos
from training.metrics import EVALUATION_SIZE, Network, Rgb, colorize, grey, measure
from training.perceptual import PerceptualMetrics

_HEADINGS = {
    "psnr": "PSNR dB",
    "ssim": "SSIM",
    "ciede2000": "CIEDE2000",
    "colourfulness": "colourfulness",
    "lpips": "LPIPS",
    "fid": "FID",
}


def evaluate(networks: dict[str, Network], photos: Path, *, perceptual: bool = False) -> dict[str, dict[str, float]]:
    """Colour every photo with every network, by the protocol of `training.metrics`.

    Args:
        networks: Each by the name its row should have.
        photos: Folder of colour photos, or tar shards.
        perceptual: Measure LPIPS and FID too.

    Returns:
        Row name to metric to mean: the ground truth, the grey baseline, then the networks.

    Raises:
        EmptyDatasetError: There are no photos.
        PerceptualUnavailable: The networks that LPIPS and FID need cannot be had.
    """
    truths = [decode_rgb(content, EVALUATION_SIZE) for _, content in tqdm(find_photos(photos), desc="decoding")]
    if not truths:
        raise EmptyDatasetError(f"{photos} holds no photo.")
    outputs: dict[str, Callable[[Rgb], Rgb]] = {"ground truth": lambda truth: truth, "grey": grey}
    outputs |= {name: partial(colorize, network) for name, network in networks.items()}
    more = PerceptualMetrics() if perceptual else None
    rows = {}
    for name, output in outputs.items():
        pairs = [(output(truth), truth) for truth in tqdm(truths, desc=name, unit="photo")]
        rows[name] = measure(pairs) | (more.measure(pairs) if more else {})
    return rows


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
