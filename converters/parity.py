"""Proof that an artifact does what the trained network does, on real photos."""

from dataclasses import dataclass

import numpy as np

from sdk.color import FloatArray
from training import metrics
from training.metrics import PredictAb, Rgb


@dataclass(frozen=True)
class Bound:
    """How far one figure of one precision may go, and why."""

    figure: str
    limit: float
    at_least: bool
    reason: str

    def holds(self, value: float) -> bool:
        """Whether a measured value is within the bound. NaN never is."""
        return value >= self.limit if self.at_least else value <= self.limit


BOUNDS: dict[str, tuple[Bound, ...]] = {
    "fp32": (Bound("max_error", 1e-3, False, "float32 rounding, reordered: 0.1 of a Lab unit"),),
    "int8": (
        Bound("sqnr_db", 15.0, True, "a network quantized the wrong way falls below 10 dB"),
        Bound("psnr_drop_db", 0.15, False, "what quantization may cost against the photo's true colours"),
        Bound("ciede2000", 1.0, False, "half of what people notice side by side"),
    ),
}


def measure_parity(artifact: PredictAb, eager: PredictAb, photos: list[Rgb]) -> dict[str, float]:
    """Run both networks over the same photos.

    Args:
        artifact: The deployable network.
        eager: The trained network it was made from.
        photos: Each (S, S, 3) sRGB, in colour.

    Returns:
        `max_error`: largest difference in ab, in the contract's units of 110 Lab.
        `sqnr_db`: signal (eager's ab) over noise (the difference), over all photos, in dB.
        `psnr_drop_db`: eager's mean PSNR against the photos less the artifact's.
        `ciede2000`: mean colour difference between the two pictures.
    """
    signal, noise, largest = 0.0, 0.0, 0.0
    drops, differences = [], []
    for truth in photos:
        expected, expected_rgb = _run(eager, truth)
        actual, actual_rgb = _run(artifact, truth)
        error = actual.astype(np.float64) - expected
        signal += float(np.sum(expected.astype(np.float64) ** 2))
        noise += float(np.sum(error**2))
        largest = max(largest, float(np.abs(error).max()))
        drops.append(metrics.psnr(expected_rgb, truth) - metrics.psnr(actual_rgb, truth))
        differences.append(metrics.ciede2000(actual_rgb, expected_rgb))
    return {
        "max_error": largest,
        "sqnr_db": float(10 * np.log10(signal / noise)) if noise else float("inf"),
        "psnr_drop_db": float(np.mean(drops)),
        "ciede2000": float(np.mean(differences)),
    }


def _run(network: PredictAb, truth: Rgb) -> tuple[FloatArray, Rgb]:
    """A network's raw ab for a photo, and the picture it makes of it."""
    outputs: list[FloatArray] = []

    def recording(lightness: FloatArray) -> FloatArray:
        outputs.append(network(lightness))
        return outputs[0]

    picture = metrics.colorize(recording, truth)
    return outputs[0], picture
