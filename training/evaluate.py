"""Measure networks on photos, always beside leaving the photos grey."""

from pathlib import Path

from tqdm import tqdm

from training.data import EmptyDatasetError, decode_rgb, find_photos
from training.metrics import EVALUATION_SIZE, METRICS, PredictAb, colorize, grey, measure


def evaluate(networks: dict[str, PredictAb], photos: Path) -> dict[str, dict[str, float]]:
    """Colour every photo with every network, by the protocol of `training.metrics`.

    Args:
        networks: Each by the name its row should have.
        photos: Folder of colour photos, or tar shards.

    Returns:
        Row name to metric to mean: the ground truth, the grey baseline, then the networks.

    Raises:
        EmptyDatasetError: There are no photos.
    """
    truths = [decode_rgb(content, EVALUATION_SIZE) for _, content in tqdm(find_photos(photos), desc="decoding")]
    if not truths:
        raise EmptyDatasetError(f"{photos} holds no photo.")
    rows = {
        "ground truth": measure((truth, truth) for truth in truths),
        "grey": measure((grey(truth), truth) for truth in truths),
    }
    for name, predict_ab in networks.items():
        progress = tqdm(truths, desc=name, unit="photo")
        rows[name] = measure((colorize(predict_ab, truth), truth) for truth in progress)
    return rows


def as_table(rows: dict[str, dict[str, float]]) -> str:
    """The rows as a Markdown table."""
    lines = [["", "PSNR dB", "SSIM", "CIEDE2000", "colourfulness"], ["---", *["---:"] * len(METRICS)]]
    lines += [[name, *(f"{figures[metric]:.3f}" for metric in METRICS)] for name, figures in rows.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
