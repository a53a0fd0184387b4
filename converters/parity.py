"""Proof that an artifact does what the trained network does, on real photos."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from converters.calibration import PhotoSample
from converters.formats.base import COLOURED, PHOTO
from sdk.color import Uint8Array
from sdk.contract import LIGHTNESS, Run, Tensors
from training import metrics
from training.metrics import Network


@dataclass(frozen=True)
class Parity:
    """What was measured.

    Attributes:
        figures: Name to value.
        pictures: Of each photo, by the artifact: (S, S, 3) sRGB.
    """

    figures: dict[str, float]
    pictures: list[Uint8Array]


def measure_parity(artifact: Network, eager: Network, photos: PhotoSample) -> Parity:
    """Run both networks over the same photos.

    Args:
        artifact: The deployable network.
        eager: The trained network it was made from.
        photos: In colour.

    Returns:
        `max_error`: largest difference in any answer, in the contract's units of 110 Lab.
        `sqnr_db`: signal (eager's answers) over noise (the differences), over all photos, in dB.
        `psnr_drop_db`: eager's mean PSNR against the photos less the artifact's.
        `ciede2000`: mean colour difference between the two pictures.
    """
    signal, noise, largest = 0.0, 0.0, 0.0
    drops, differences, pictures = [], [], []
    for truth, inputs in zip(photos.rgb, photos.inputs(eager.contract), strict=True):
        expected, actual = eager.run(inputs), artifact.run(inputs)
        for name, answer in expected.items():
            error = actual[name].astype(np.float64) - answer
            signal += float(np.sum(answer.astype(np.float64) ** 2))
            noise += float(np.sum(error**2))
            largest = max(largest, float(np.abs(error).max()))
        expected_rgb, actual_rgb = (metrics.paint(truth, eager.contract.chroma(a)) for a in (expected, actual))
        drops.append(metrics.psnr(expected_rgb, truth) - metrics.psnr(actual_rgb, truth))
        differences.append(metrics.ciede2000(actual_rgb, expected_rgb))
        pictures.append(actual_rgb)
    figures = {
        "max_error": largest,
        "sqnr_db": float(10 * np.log10(signal / noise)) if noise else float("inf"),
        "psnr_drop_db": float(np.mean(drops)),
        "ciede2000": float(np.mean(differences)),
    }
    return Parity(figures, pictures)


def measure_rgb_parity(artifact: Run, lab: Network, photos: PhotoSample) -> Parity:
    """Hold a graph that takes a photo and gives a photo back to the SDK's colour path around its "lab" twin.

    Returns:
        `levels`: largest difference between the two pictures, in levels of 255.
        `beyond_one_share`: of the pixels' channels that differ by more than one level.
    """
    largest, beyond, pictures = 0.0, [], []
    for truth, inputs in zip(photos.rgb, photos.inputs(lab.contract), strict=True):
        picture = run_rgb(artifact, truth, inputs)
        difference = np.abs(picture.astype(int) - metrics.paint(truth, lab.contract.chroma(lab.run(inputs))))
        largest = max(largest, float(difference.max()))
        beyond.append(float(np.mean(difference > 1)))
        pictures.append(picture)
    return Parity({"levels": largest, "beyond_one_share": float(np.mean(beyond))}, pictures)


def run_rgb(artifact: Run, photo: Uint8Array, inputs: Tensors) -> Uint8Array:
    """An "rgb" artifact on (S, S, 3) sRGB, and on what its network is given beside the lightness."""
    planes = np.ascontiguousarray(photo.transpose(2, 0, 1)[None], np.float32)
    given = {PHOTO.name if name == LIGHTNESS.name else name: values for name, values in inputs.items()}
    return artifact(given | {PHOTO.name: planes})[COLOURED.name][0].transpose(1, 2, 0).astype(np.uint8)


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
