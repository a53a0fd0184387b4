"""Writes the golden vectors: `python -m goldens`."""

import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from goldens import FOLDER, SAMPLES
from goldens.vectors import color_vectors, contract_vectors
from sdk import Colorizer
from sdk.color import Uint8Array
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from training.metrics import psnr

PROJECT: Final = FOLDER.parent
Pictures = tuple[Uint8Array, Uint8Array, Uint8Array]


def coloured_samples() -> dict[str, Pictures]:
    """Each sample's decoded grey pixels, Python's colours for them, and the original's pixels."""
    with Colorizer.load("onnx") as colorizer:
        samples = {}
        for name in SAMPLES:
            grey = _pixels(PROJECT / "examples" / "photos" / f"{name}.jpg")
            samples[name] = (grey, colorizer.colorize(grey), _pixels(PROJECT / "tests" / "photos" / f"{name}.jpg"))
    return samples


def expected(samples: dict[str, Pictures]) -> dict[str, Any]:
    """What the device check shows beside its own figures: PSNR against the original photo, in dB."""
    return {
        # Of the artifact that browsers run: made of the same network as Python's own.
        "model_sha256": load_manifest(BUNDLED_MODEL).find_artifact("litert", None).sha256,
        "photos": [
            {"name": name, "psnr_db": round(psnr(python, original), 2), "grey_psnr_db": round(psnr(grey, original), 2)}
            for name, (grey, python, original) in samples.items()
        ],
    }


def _pixels(path: Path) -> Uint8Array:
    return np.asarray(Image.open(path).convert("RGB"))


def _lossless(rgb: Uint8Array) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "WEBP", lossless=True, quality=100, method=6)
    return buffer.getvalue()


def main() -> None:
    """Write them all."""
    for name, vectors in (("color", color_vectors()), ("contract", contract_vectors())):
        (FOLDER / f"{name}.json").write_text(json.dumps(vectors, indent=1) + "\n", encoding="utf-8")
    photos = FOLDER / "photos"
    photos.mkdir(exist_ok=True)
    samples = coloured_samples()
    for name, pictures in samples.items():
        for kind, rgb in zip(("grey", "python", "original"), pictures, strict=True):
            (photos / f"{name}-{kind}.webp").write_bytes(_lossless(rgb))
    (photos / "expected.json").write_text(json.dumps(expected(samples), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
