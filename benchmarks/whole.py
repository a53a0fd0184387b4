"""What an app sees: the start, a 12-megapixel JPEG from file to file, and a folder on one worker and on two."""

import io
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.timing import Duration, ProcessCost, cost_of, interleave
from sdk import Colorizer
from sdk.color import Uint8Array

HEIGHT, WIDTH = 3000, 4000
FOLDER_PHOTOS = 160  # with 48, loading the model was a tenth of the time of two workers

_STARTS = {
    "the interpreter": "",
    "with numpy": "import numpy",
    "with ONNX Runtime": "import onnxruntime",
    "import sdk": "import sdk",
    "first coloured photo": "import sys\nfrom sdk import Colorizer\nColorizer.load('onnx').colorize(sys.argv[1])",
}


def mosaic(photos: list[Path], height: int, width: int) -> Uint8Array:
    """Real photos side by side at their own resolution, (height, width, 3): as many bits a pixel as a camera's JPEG."""
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(photos)]
    side = min(min(picture.shape[:2]) for picture in pictures)
    rows = [
        np.hstack([pictures[(row + column) % len(pictures)][:side, :side] for column in range(-(-width // side))])
        for row in range(-(-height // side))
    ]
    return np.ascontiguousarray(np.vstack(rows)[:height, :width])


def measure_photo(photos: list[Path], *, rounds: int) -> dict[str, Duration]:
    """A 12-megapixel JPEG: Pillow's decoding and encoding, and all that is ours between them.

    In a process of its own, as an app's is: sessions of other networks keep threads that spin, and memory.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measure_photo, photos, rounds).result()


def _measure_photo(photos: list[Path], rounds: int) -> dict[str, Duration]:
    rgb = mosaic(photos, HEIGHT, WIDTH)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=90)
    jpeg = file.getvalue()
    with Colorizer.load("onnx") as colorizer:
        return interleave(
            {
                "decode": lambda: np.asarray(Image.open(io.BytesIO(jpeg))),
                "network, resizing and merge": lambda: colorizer.colorize(rgb),
                "encode": lambda: Image.fromarray(rgb).save(io.BytesIO(), "JPEG", quality=90),
            },
            rounds=rounds,
        )


def measure_start(photo: Path) -> dict[str, ProcessCost]:
    """Processes that do ever more, from an interpreter that does nothing to a first coloured photo."""
    return {name: cost_of(program, str(photo), runs=5) for name, program in _STARTS.items()}


def measure_folder(photos: list[Path], *, rounds: int) -> dict[str, float]:
    """Photos a second of the command line over a folder of one-megapixel JPEGs, medians for one worker and two."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photos"
        source.mkdir()
        rgb = mosaic(photos, 1000, 1000)
        for number in range(FOLDER_PHOTOS):
            Image.fromarray(np.roll(rgb, number * 20, axis=1)).save(source / f"{number}.jpg", quality=90)

        def colour(workers: int) -> None:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                arguments = [str(source), "-o", f"{out}/coloured", "--workers", str(workers), "--backend", "onnx"]
                command = [sys.executable, "-m", "sdk", *arguments]
                subprocess.run(command, check=True, capture_output=True)

        turns = interleave({"1": lambda: colour(1), "2": lambda: colour(2)}, rounds=rounds)
    # The start, model included, is paid once, whatever the number of photos.
    start = cost_of("import sdk.commands.photos\nfrom sdk import Colorizer\nColorizer.load('onnx')").seconds
    return {workers: FOLDER_PHOTOS / (turn.seconds - start) for workers, turn in turns.items()}
