"""Proof that an artifact does what the trained network does, on real photos."""

import statistics
import time

import numpy as np

from converters.rgb import INPUT_NAME, OUTPUT_NAME
from sdk.color import FloatArray
from sdk.contract import Run, Tensors
from training import metrics
from training.metrics import Network, Rgb


def measure_parity(artifact: Network, eager: Network, photos: list[Rgb]) -> dict[str, float]:
    """Run both networks over the same photos.

    Args:
        artifact: The deployable network.
        eager: The trained network it was made from.
        photos: Each (S, S, 3) sRGB, in colour.

    Returns:
        `max_error`: largest difference in any answer, in the contract's units of 110 Lab.
        `sqnr_db`: signal (eager's answers) over noise (the difference), over all photos, in dB.
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


def measure_rgb_parity(artifact: Run, lab: Network, photos: list[Rgb]) -> dict[str, float]:
    """Hold a graph that takes a photo and gives a photo back to the SDK's colour path around its "lab" twin.

    Returns:
        `levels`: largest difference between the two pictures, in levels of 255.
        `beyond_one_share`: of the pixels' channels that differ by more than one level.
    """
    largest, beyond = 0.0, []
    for truth in photos:
        difference = np.abs(run_rgb(artifact, truth).astype(int) - metrics.colorize(lab, truth))
        largest = max(largest, float(difference.max()))
        beyond.append(float(np.mean(difference > 1)))
    return {"levels": largest, "beyond_one_share": float(np.mean(beyond))}


def run_rgb(artifact: Run, photo: Rgb) -> Rgb:
    """An "rgb" artifact on (S, S, 3) sRGB."""
    planes = np.ascontiguousarray(photo.transpose(2, 0, 1)[None], np.float32)
    return artifact({INPUT_NAME: planes})[OUTPUT_NAME][0].transpose(1, 2, 0).astype(np.uint8)


def latency_ratio(int8: Run, fp32: Run, inputs: Tensors, *, runs: int = 15) -> float:
    """Median time of one network over the other's, run in turns so that a busy machine slows both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs + 2):
        for network, seconds in zip((int8, fp32), times, strict=True):
            start = time.perf_counter()
            network(inputs)
            seconds.append(time.perf_counter() - start)
    # The first two runs warm up caches and thread pools.
    return statistics.median(times[0][2:]) / statistics.median(times[1][2:])


def _run(network: Network, truth: Rgb) -> tuple[FloatArray, Rgb]:
    """A network's raw answers for a photo, in one row, and the picture it makes of it."""
    answers = network.run(network.contract.encode(truth))
    picture = metrics.paint(truth, network.contract.chroma(answers, vividness=network.vividness))
    return np.concatenate([answers[spec.name].ravel() for spec in network.contract.outputs]), picture
