"""How fast and how well this device colours: every backend it has, on three photos whose colours are known.

    pip install '.[bench]'
    python examples/device_check.py --model artifacts --json check.json --most-ms 100 --least-psnr 20

Prints a table, a row a backend: latency of the network and its lightness, peak memory of the process so far, PSNR and
SSIM to the original photos, and how near the pictures are to those made on the machine that exported the model. Exit
code 1: a limit is not kept; 2: there is no backend. `colorize serve` has the same check for browsers,
and `python -m examples.device_check_adb` is one for Android devices.
"""

import argparse
import json
import platform
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from sdk import BackendUnavailable, Colorizer, ModelIntegrityError
from sdk.backends import BACKENDS
from sdk.colorizer import BUNDLED_MODEL

PHOTOS = Path(__file__).parent.parent / "goldens" / "photos"
HIGHEST_AGREEMENT_DB = 99.0  # stands for equal pictures, whose ratio is infinite


def main(arguments: list[str] | None = None) -> int:
    """Check, print, write. Returns the exit code."""
    options = _parser().parse_args(arguments)
    rows, reasons = [], []
    for backend in BACKENDS:
        try:
            with Colorizer.load(backend, model_dir=options.model) as colorizer:
                rows.append(check(colorizer, options.runs))
        except (BackendUnavailable, ModelIntegrityError) as error:
            reasons.append(f"{backend}: {error}")
    for reason in reasons:
        print(reason, file=sys.stderr)
    if not rows:
        return 2
    print(table(rows))
    failures = [line for row in rows for line in beyond(row, options)]
    for failure in failures:
        print(failure, file=sys.stderr)
    if options.json:
        machine = {"machine": platform.machine(), "system": platform.platform(), "python": platform.python_version()}
        options.json.write_text(json.dumps({**machine, "backends": rows, "failures": failures}, indent=2) + "\n")
    return 1 if failures else 0


def check(colorizer: Colorizer, runs: int) -> dict[str, Any]:
    """One backend's figures, the means over the photos."""
    quality = []
    for path in sorted(PHOTOS.glob("*-grey.webp")):
        grey, original, golden = (
            np.asarray(Image.open(path.with_name(path.name.replace("grey", kind))).convert("RGB"))
            for kind in ("grey", "original", "python")
        )
        ours = colorizer.colorize(grey)
        same = np.array_equal(ours, golden)
        quality.append(
            (
                peak_signal_noise_ratio(original, ours),
                structural_similarity(original, ours, channel_axis=-1),
                HIGHEST_AGREEMENT_DB if same else peak_signal_noise_ratio(golden, ours),
            )
        )
    seconds = []
    for _ in range(runs):
        start = perf_counter()
        colorizer.warmup()
        seconds.append(perf_counter() - start)
    psnr, ssim, agreement = np.mean(quality, axis=0)
    info = colorizer.info()
    return {
        "backend": info.backend,
        "precision": info.precision,
        "sha256": info.sha256,
        "median_ms": float(np.median(seconds)) * 1000,
        "p95_ms": float(np.percentile(seconds, 95)) * 1000,
        "peak_mb": peak_mb(),
        "psnr_db": float(psnr),
        "ssim": float(ssim),
        "agreement_db": float(agreement),
    }


def peak_mb() -> float | None:
    """The most memory this process held so far, in 10⁶ bytes; None on Windows, where Python cannot ask."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def table(rows: list[dict[str, Any]]) -> str:
    """The rows for a terminal."""
    heads = [head for head in rows[0] if head != "sha256"]
    cells = [[_cell(row[head]) for head in heads] for row in rows]
    return "\n".join("".join(f"{cell:>14}" for cell in line) for line in [heads, *cells])


def _cell(value: str | float | None) -> str:
    return "not measured" if value is None else value if isinstance(value, str) else f"{value:.2f}"


def beyond(row: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """A line for each limit that a backend does not keep."""
    bounds = [
        ("p95_ms", options.most_ms, -1),
        ("psnr_db", options.least_psnr, 1),
        ("agreement_db", options.least_agreement, 1),
    ]
    return [
        f"{row['backend']}: {figure} is {row[figure]:.2f}, must be at {'least' if sign > 0 else 'most'} {limit:g}"
        for figure, limit, sign in bounds
        if limit is not None and sign * row[figure] < sign * limit
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", type=Path, default=BUNDLED_MODEL, help="folder of artifacts (default: the bundled one)"
    )
    parser.add_argument("--runs", type=int, default=30, help="runs to time (default 30)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--most-ms", type=float, help="95 %% of the runs may take no longer")
    parser.add_argument("--least-psnr", type=float, help="dB to the original photos")
    parser.add_argument("--least-agreement", type=float, default=45.0, help="dB to the golden pictures (default 45)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
