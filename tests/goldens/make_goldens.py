"""Writes the golden vectors that the browser's colour path is held to, from `sdk` itself.

    python -m tests.goldens.make_goldens

`color.json` holds small arrays for the colour code and the resize. `photos/` holds each sample photo's decoded
pixels and what `Colorizer.load("onnx")` makes of them, both lossless, beside the colour original; the page's
"check this device" compares itself with these. `photos/expected.json` names the model they were made with.
"""

import base64
import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from sdk import Colorizer, color, merging, resizing
from sdk.color import Uint8Array
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import LIGHTNESS
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT, psnr

FOLDER: Final = Path(__file__).parent
SAMPLES: Final = ("astronaut", "cat", "coffee")

# (height, width) of photos resized to `SIDE`: enlarged, unchanged on one axis, shrunk, averaged first, averaged on one
# axis alone; tall where Pillow 13 alone would begin with the height, enlarged on one axis, averaged to 52⅔ rows, which
# single and double precision tell apart.
RESIZES: Final = ((7, 13), (16, 40), (50, 70), (150, 203), (31, 290), (85, 50), (40, 13), (158, 21))
SIDE: Final = 16
# (height, width) of a photo and (height, width) of its chroma.
MERGES: Final = (((24, 37), (8, 8)), ((9, 5), (16, 16)), ((1, 64), (3, 2)))


def color_vectors() -> dict[str, Any]:
    """Inputs and answers of `sdk.color` and `sdk.resizing.resize`; bytes as base64, floats as lists."""
    random = np.random.default_rng(8)
    return {
        "lightness": [_lightness(random.integers(0, 256, (64, 3), np.uint8))],
        "resize": [_resize(random.integers(0, 256, (*shape, 3), np.uint8), SIDE) for shape in RESIZES],
        "merge": [_merge(random, photo, chroma) for photo, chroma in MERGES],
    }


def _lightness(rgb: Uint8Array) -> dict[str, Any]:
    lightness = LIGHTNESS.normalize(color.rgb_to_lightness(rgb)[None])
    return {"rgb": _base64(rgb), "lightness": _floats(lightness)}


def _resize(rgb: Uint8Array, side: int) -> dict[str, Any]:
    height, width = rgb.shape[:2]
    small = resizing.resize(rgb, side)
    return {"height": height, "width": width, "side": side, "rgb": _base64(rgb), "small": _base64(small)}


def _merge(random: np.random.Generator, photo: tuple[int, int], chroma: tuple[int, int]) -> dict[str, Any]:
    rgb = random.integers(0, 256, (*photo, 3), np.uint8)
    ab = random.uniform(-110, 110, (2, *chroma)).astype(np.float32).round(2)  # much of it outside the gamut
    return {
        "height": photo[0],
        "width": photo[1],
        "rgb": _base64(rgb),
        "chroma": {"height": chroma[0], "width": chroma[1], "ab": _floats(ab)},
        "merged": _base64(merging.merge(rgb, ab)),
        "half": _base64(merging.merge(rgb, ab * np.float32(0.5))),
    }


def _base64(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _floats(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 6) for value in values.ravel()]


def coloured_samples() -> dict[str, tuple[Uint8Array, Uint8Array, Uint8Array]]:
    """Each sample's decoded grey pixels, Python's colours for them, and the original's pixels."""
    with Colorizer.load("onnx") as colorizer:
        samples = {}
        for name in SAMPLES:
            grey = _pixels(PROJECT / "examples" / "photos" / f"{name}.jpg")
            samples[name] = (grey, colorizer.colorize(grey), _pixels(PHOTOS / f"{name}.jpg"))
    return samples


def expected(samples: dict[str, tuple[Uint8Array, Uint8Array, Uint8Array]]) -> dict[str, Any]:
    """What the device check shows beside its own figures: PSNR against the original photo, in dB."""
    return {
        "model_sha256": load_manifest(BUNDLED_MODEL).find_artifact("onnx", None).sha256,
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
    (FOLDER / "color.json").write_text(json.dumps(color_vectors(), indent=1) + "\n", encoding="utf-8")
    photos = FOLDER / "photos"
    photos.mkdir(exist_ok=True)
    samples = coloured_samples()
    for name, pictures in samples.items():
        for kind, rgb in zip(("grey", "python", "original"), pictures, strict=True):
            (photos / f"{name}-{kind}.webp").write_bytes(_lossless(rgb))
    (photos / "expected.json").write_text(json.dumps(expected(samples), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
