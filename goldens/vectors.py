"""Small arrays for the colour path, and what `sdk` answers."""

import base64
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from sdk import color, merging, resizing
from sdk.color import Uint8Array
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract
from sdk.hints import Hint, place_hints

# (height, width) of photos resized to `SIDE`: enlarged, unchanged on one axis, shrunk, averaged first, averaged on one
# axis alone; tall where Pillow 13 alone would begin with the height, enlarged on one axis, averaged to 52⅔ rows, which
# single and double precision tell apart.
RESIZES: Final = ((7, 13), (16, 40), (50, 70), (150, 203), (31, 290), (85, 50), (40, 13), (158, 21))
SIDE: Final = 16
# (height, width) of a photo and (height, width) of its chroma.
MERGES: Final = (((24, 37), (8, 8)), ((9, 5), (16, 16)), ((1, 64), (3, 2)))
# (height, width) of a photo and hints on it: none, one at a far corner by its default radius, overlapping ones.
HINTED: Final[tuple[tuple[tuple[int, int], tuple[Hint, ...]], ...]] = (
    ((40, 60), ()),
    ((480, 640), (Hint(639.5, 479.5, "#cc3311"),)),
    ((301, 97), (Hint(20, 30, "#3366aa", 25), Hint(40.25, 60, "#88aa22", 30.5), Hint("0%", 0, "#808080", 0.5))),
)


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


def contract_vectors() -> dict[str, Any]:
    """Inputs and answers of `sdk.hints` and of `Contract.chroma`, for networks of `SIDE`."""
    contract = Contract(side=2 * SIDE, inputs=(LIGHTNESS, HINTS), outputs=(AB, VIVID_AB))
    return {
        "side": contract.side,
        "hints": [_hints(contract, shape, hints) for shape, hints in HINTED],
        "blend": [_blend(contract, vividness) for vividness in (0.0, 0.3, 0.9, 1.0)],
    }


def _hints(contract: Contract, shape: tuple[int, int], hints: tuple[Hint, ...]) -> dict[str, Any]:
    height, width = shape
    placed = HINTS.normalize(place_hints(hints, contract, height=height, width=width))
    return {"height": height, "width": width, "hints": [asdict(hint) for hint in hints], "placed": _floats(placed)}


def _blend(contract: Contract, vividness: float) -> dict[str, Any]:
    random = np.random.default_rng(5)
    answers = {
        spec.name: random.uniform(-1, 1, contract.shape(spec)).astype(np.float32).round(3) for spec in contract.outputs
    }
    chroma = contract.chroma(answers, vividness=vividness)
    return {
        "vividness": vividness,
        "answers": {name: _floats(values) for name, values in answers.items()},
        "chroma": _floats(chroma),
    }


def _base64(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _floats(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(value), 6) for value in values.ravel()]
