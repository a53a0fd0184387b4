"""The page: photos that nothing but their colours tells apart, and a key that stays elsewhere."""

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from sdk import Colorizer, OutputError, PhotoError, image
from sdk.color import Uint8Array, has_hues
from sdk.formats import is_photo

TEMPLATE = Path(__file__).with_name("page.html")
LONGEST_SIDE = 640  # a phone's width or more, and small enough to be loaded before the first photo is shown
JPEG_QUALITY = 95
RANDOM = random.SystemRandom()


def make(folder: Path, out: Path, key: Path, *, seconds: float, count: int) -> int:
    """Write a page of at most `count` photos, half of them coloured by the bundled model, and its key.

    Args:
        folder: True colour photos, searched recursively; those without colours are left out.
        out: The page's folder; it appears whole or not at all.
        key: JSON: which page, and for each photo its name in `folder` and whether it was generated.
        seconds: How long a photo is shown.
        count: At least 2.

    Returns:
        How many photos the page has.

    Raises:
        PhotoError: A photo cannot be read, or there are fewer than two in colour.
        OutputError: `out` or `key` exists, or the key would lie in the page.
        ValueError: `seconds` or `count` is too small.
    """
    if not seconds > 0 or count < 2:
        raise ValueError("A test needs at least 2 photos, shown for more than 0 seconds.")
    for path in (out, key):
        if path.exists():
            raise OutputError(f"{path} exists already; choose another name.")
    if key.resolve().is_relative_to(out.resolve()):
        raise OutputError(f"{key} would lie in the page, for every viewer to read; choose another place.")
    names = list(islice(_coloured_photos(folder), count))
    if len(names) < 2:
        raise PhotoError(f"{folder} holds fewer than two photos in colour.")
    generated = [number < len(names) // 2 for number in range(len(names))]
    RANDOM.shuffle(generated)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".human-eval-") as temporary:
        page, answers = Path(temporary) / "page", Path(temporary) / "key.json"
        photos = _write_photos(page / "photos", folder, dict(zip(names, generated, strict=True)))
        trial = {"page": _new_id(), "seconds": seconds}
        listing = json.dumps({**trial, "photos": sorted(photos)})
        (page / "index.html").write_text(TEMPLATE.read_text("utf-8").replace("{{trial}}", listing), "utf-8")
        answers.write_text(json.dumps({**trial, "photos": photos}, indent=2) + "\n", "utf-8")
        shutil.move(answers, key)
        page.rename(out)
    return len(photos)


def _coloured_photos(folder: Path) -> Iterator[str]:
    """Names of the folder's photos, in random order, without those that show no hues."""
    paths = sorted(path for path in folder.rglob("*") if is_photo(path))
    RANDOM.shuffle(paths)
    return (str(path.relative_to(folder)) for path in paths if has_hues(_small(path)))


def _write_photos(target: Path, folder: Path, generated: dict[str, bool]) -> dict[str, dict[str, str | bool]]:
    """Write each photo, coloured anew or as it is; returns the key's entry for each id."""
    target.mkdir(parents=True)
    entries: dict[str, dict[str, str | bool]] = {}
    now = time.time()
    with Colorizer.load() as colorizer:
        for name, is_generated in tqdm(generated.items(), desc="photos", unit="photo"):
            rgb = _small(folder / name)
            shown = np.asarray(colorizer.colorize(rgb)) if is_generated else rgb
            path = target / f"{_new_id()}.jpg"
            # From bare pixels, so that no profile or note comes along; nor may times tell which took longer.
            Image.fromarray(shown).save(path, quality=JPEG_QUALITY)
            os.utime(path, (now, now))
            entries[path.stem] = {"photo": name, "generated": is_generated}
    return entries


def _small(path: Path) -> Uint8Array:
    """A photo in 8-bit sRGB, its longest side at most `LONGEST_SIDE`."""
    picture = image.read(path).as_image().convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _new_id() -> str:
    return f"{RANDOM.getrandbits(64):016x}"
