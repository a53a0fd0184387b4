"""How far a hint spreads: `python -m benchmarks.objects ../shared/eval/coco docs/benchmarks/objects.json`.

Ten photos have an object that `objects.toml` outlines. Each is coloured without a hint and with one inside its object;
the figure is how much of the change of chroma falls inside the outline.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from sdk import Colorizer, Hint
from sdk.color import FloatArray, Uint8Array, rgb_to_lab

OBJECTS = Path(__file__).with_suffix(".toml")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write. Returns the exit code: 2 where a photo is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.objects", description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of the evaluation photos")
    parser.add_argument("out", type=Path, help="the JSON file to write")
    options = parser.parse_args(arguments)
    objects = tomllib.loads(OBJECTS.read_text())["objects"]
    missing = [entry["photo"] for entry in objects if not (options.photos / entry["photo"]).exists()]
    if missing:
        print(f"benchmarks.objects: {options.photos} has no {', '.join(missing)}", file=sys.stderr)
        return 2
    with Colorizer.load() as colorizer:
        rows = [measure(colorizer, options.photos / entry["photo"], entry) for entry in objects]
    means = {key: round(float(np.mean([row[key] for row in rows])), 3) for key in ("share_inside", "area")}
    text = json.dumps({"mean": means, "photos": rows}, indent=2)
    options.out.write_text(text + "\n")
    print(text)
    return 0


def measure(colorizer: Colorizer, path: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """How much of a hint's change falls inside its object.

    Returns:
        `share_inside` of all that changes, `area` of the photo that the object covers, and the mean change of chroma
        `inside` and `outside`, in Lab units.
    """
    grey = Image.open(path).convert("L").convert("RGB")
    x, y = entry["hint"]
    plain, hinted = (
        np.asarray(colorizer.colorize(grey, hints=hints))
        for hints in ([], [Hint(x=f"{x}%", y=f"{y}%", color=entry["color"])])
    )
    changes, inside = _changes(plain, hinted), outlined(entry["outline"], grey.size)
    return {
        "photo": entry["photo"],
        "object": entry["object"],
        "share_inside": round(float(changes[inside].sum() / changes.sum()), 3),
        "area": round(float(inside.mean()), 3),
        "inside": round(float(changes[inside].mean()), 2),
        "outside": round(float(changes[~inside].mean()), 2),
    }


def outlined(outline: list[list[float]], size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(height, width): whether a pixel lies in a polygon of x and y in per cent of `size`, (width, height)."""
    mask = Image.new("1", size)
    ImageDraw.Draw(mask).polygon([(x / 100 * size[0], y / 100 * size[1]) for x, y in outline], fill=1)
    return np.asarray(mask)


def _changes(plain: Uint8Array, hinted: Uint8Array) -> FloatArray:
    return np.linalg.norm(rgb_to_lab(hinted)[..., 1:] - rgb_to_lab(plain)[..., 1:], axis=-1)


if __name__ == "__main__":
    sys.exit(main())
