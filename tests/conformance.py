"""Photos that we have not made, against two decoders that are not ours.

    python -m tests.conformance FOLDER... [--json FILE]

Every file is read by the SDK, by libvips (with its profile applied) and by OpenCV. Where those two agree within
2 units of L on average, the SDK must agree with one of them; what is transparent need not. It prints what became of
each folder's files, each refusal's reason with how many files have it, and each picture that differs; the exit code is
1 if one does.
"""

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pyvips

from sdk import PhotoError, color, formats, image
from sdk.image import DEFAULT_LIMITS

AGREED: Final = 2.0  # mean difference of L
OUTCOMES: Final = (
    AGREES := "as the two have it",
    ALONE := "read, without two references",
    UNDECIDED := "read, where the two disagree or cannot judge",
    REFUSED := "refused, as by one of the two at least",
    REFUSED_ALONE := "refused, though both read it",
    WRONG := "wrong",
)
# libvips and OpenCV read none of these, so they cannot judge them.
_UNKNOWN_TO_BOTH: Final = (b"gAMA", b"cHRM", b"cICP")


def by_vips(path: Path) -> npt.NDArray[Any] | None:
    """Lightness by libvips, upright and in sRGB."""
    try:
        opened = pyvips.Image.new_from_file(str(path)).autorot()
        if opened.width * opened.height > DEFAULT_LIMITS.pixels:
            return None
        if opened.get_typeof("icc-profile-data"):
            opened = opened.icc_transform("srgb")
        elif b"iCCP" in path.read_bytes():  # a printer's, which it leaves out
            return None
        opened = opened.colourspace("srgb")
        opened = opened.extract_band(0, n=3) if opened.bands > 3 else opened
        return lightness(opened.cast("uchar").numpy())
    except pyvips.Error:
        return None


def by_opencv(path: Path) -> npt.NDArray[Any] | None:
    """Lightness by OpenCV, upright; it applies no profile."""
    try:
        found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # too large for it
        return None
    return None if found is None or found[..., 0].size > DEFAULT_LIMITS.pixels else lightness(found[..., ::-1])


def lightness(rgb: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(height, width) or (height, width, 1 or 3) sRGB of 8 bits to L."""
    deep = rgb if rgb.ndim == 3 else rgb[..., None]
    return color.rgb_to_lightness(np.ascontiguousarray(np.broadcast_to(deep, (*deep.shape[:2], 3))))


def differ(one: npt.NDArray[Any], other: npt.NDArray[Any], alpha: npt.NDArray[Any] | None = None) -> float:
    """How far two pictures' lightness is apart, on average, where it shows; infinite where their sizes differ."""
    if one.shape != other.shape:
        return float("inf")
    off = np.abs(one - other)
    return float(off.mean()) if alpha is None else float(off[alpha > 0].sum() / off.size)


def judge(path: Path) -> tuple[str, str]:
    """What became of a file, and what is to be said of it."""
    references = [by_vips(path), by_opencv(path)]
    try:
        photo = next(image.read_pages(path)[1])
    except PhotoError as error:
        reason = re.sub(r"\d[\d,.×/]*|\(.*\)", "…", str(error).removeprefix(f"{path}: "))
        return (REFUSED_ALONE if all(ref is not None for ref in references) else REFUSED), reason
    vips, opencv = references
    if vips is None or opencv is None:
        return ALONE, ""
    content = path.read_bytes()
    if differ(vips, opencv, photo.alpha) > AGREED or any(chunk in content for chunk in _UNKNOWN_TO_BOTH):
        return UNDECIDED, ""
    ours = lightness(np.asarray(photo.as_image().convert("RGB")))
    off = min(differ(ours, reference, photo.alpha) for reference in (vips, opencv))
    return (AGREES, "") if off <= AGREED else (WRONG, f"{path}: {off:.1f} of L")


def main() -> int:
    """Judge every photo of the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    judged = {str(folder): list(map(judge, photos_of(folder))) for folder in options.folders}
    outcomes = {name: Counter(outcome for outcome, _ in found) for name, found in judged.items()}
    everything = [told for found in judged.values() for told in found]
    reasons = Counter(said for outcome, said in everything if outcome.startswith("refused"))
    wrong = [said for outcome, said in everything if outcome == WRONG]
    print(f"| folder | {' | '.join(OUTCOMES)} |\n|---|{'---:|' * len(OUTCOMES)}")
    for name, counts in outcomes.items():
        print(f"| {name} | {' | '.join(str(counts[outcome]) for outcome in OUTCOMES)} |")
    print("\n| refused because | files |\n|---|---:|")
    for name, count in reasons.most_common():
        print(f"| {name} | {count} |")
    print(*wrong, sep="\n")
    if options.json:
        options.json.write_text(json.dumps({"outcomes": outcomes, "reasons": reasons, "wrong": wrong}, indent=1))
    return 1 if wrong else 0


def photos_of(folder: Path) -> list[Path]:
    """The photos of a folder, in alphabetical order."""
    return sorted(path for path in folder.rglob("*") if formats.is_photo(path) and path.is_file())


if __name__ == "__main__":
    sys.exit(main())
