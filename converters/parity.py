"""Proof that an artifact does what the trained network does, on real photos."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from converters.calibration import PhotoSample
from converters.formats.base import COLOURED, PHOTO
from sdk.color import Uint8Array
from sdk.contract import LIGHTNESS, Run, Tensors
from training import metrics
from training.metrics import Network

SAMPLES = 4
_EQUAL_DB = 200.0  # stands for equal answers, whose ratio is infinite
_WORST = {"sqnr_db": min}  # of all other figures, more is worse

Figures = dict[str, float]


@dataclass(frozen=True)
class Parity:
    """What was measured.

    Attributes:
        figures: Name to value.
        pictures: Of each photo, by the artifact: (S, S, 3) sRGB.
    """

    figures: Figures
    pictures: list[Uint8Array]


def measure_parity(artifact: Network, eager: Network, photos: PhotoSample) -> Parity:
    """Run both networks over the same photos.

    Args:
        artifact: The deployable network.
        eager: The trained network it was made from.
        photos: In colour.

    Returns:
        `max_error`: largest difference in any answer, in the contract's units of 110 Lab.
        `error_q999`: what 999 of 1000 differences do not exceed, which no single photo decides.
        `sqnr_db`: signal (eager's answers) over noise (the differences), over all photos, in dB.
        `psnr_drop_db`: eager's mean PSNR against the photos less the artifact's.
        `ciede2000`: mean colour difference between the two pictures.
        The last three also as `_worst`: of the disjoint samples that the photos are cut into.
    """
    rows, errors, pictures = [], [], []
    for truth, inputs in zip(photos.rgb, photos.inputs(eager.contract), strict=True):
        expected, actual = eager.run(inputs), artifact.run(inputs)
        signal = np.concatenate([answer.ravel() for answer in expected.values()]).astype(np.float64)
        error = signal - np.concatenate([actual[name].ravel() for name in expected])
        errors.append(np.abs(error).astype(np.float32))
        expected_rgb, actual_rgb = (metrics.paint(truth, eager.contract.chroma(a)) for a in (expected, actual))
        drop = metrics.psnr(expected_rgb, truth) - metrics.psnr(actual_rgb, truth)
        rows.append((np.sum(signal**2), np.sum(error**2), drop, metrics.ciede2000(actual_rgb, expected_rgb)))
        pictures.append(actual_rgb)
    largest = {"max_error": float(np.max(errors)), "error_q999": float(np.quantile(np.stack(errors), 0.999))}
    return Parity(largest | _with_worst(np.array(rows), _means), pictures)


def measure_rgb_parity(artifact: Run, lab: Network, photos: PhotoSample) -> Parity:
    """Hold a graph that takes a photo and gives a photo back to the SDK's colour path around its "lab" twin.

    Returns:
        `levels`: largest difference between the two pictures, in levels of 255.
        `beyond_one_share`: of the pixels' channels that differ by more than one level; `_worst` as above.
    """
    rows, pictures = [], []
    for truth, inputs in zip(photos.rgb, photos.inputs(lab.contract), strict=True):
        picture = run_rgb(artifact, truth, inputs)
        difference = np.abs(picture.astype(int) - metrics.paint(truth, lab.contract.chroma(lab.run(inputs))))
        rows.append((difference.max(), np.mean(difference > 1)))
        pictures.append(picture)
    shares = _with_worst(np.array(rows), lambda part: {"beyond_one_share": float(part[:, 1].mean())})
    return Parity({"levels": float(np.max(rows, axis=0)[0])} | shares, pictures)


def _means(rows: npt.NDArray[np.float64]) -> Figures:
    signal, noise, drop, difference = rows.sum(axis=0)
    return {
        "sqnr_db": min(float(10 * np.log10(signal / noise)), _EQUAL_DB) if noise else _EQUAL_DB,
        "psnr_drop_db": float(drop / len(rows)),
        "ciede2000": float(difference / len(rows)),
    }


def _with_worst(rows: npt.NDArray[np.float64], figures: Callable[[npt.NDArray[np.float64]], Figures]) -> Figures:
    """Figures over all photos, and the worst of each over disjoint samples of them."""
    samples = [figures(part) for part in np.array_split(rows, min(SAMPLES, len(rows)))]
    worst = {name: _WORST.get(name, max)(sample[name] for sample in samples) for name in samples[0]}
    return figures(rows) | {f"{name}_worst": value for name, value in worst.items()}


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
