"""The pages for phones, followed from a release's files alone, as far as this machine has the tools.

    python -m tests.phones RELEASE

Does what docs/android.md and docs/ios.md say in a folder that holds nothing but the released files, compiles the C of
both packages, and colours a photo with the model that lies in each. Prints what was done and what was not; anything
that fails ends it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from sdk import Colorizer
from sdk.manifest import load_manifest, sha256
from tests.conftest import PROJECT
from tests.test_docs import BLOCKS

ASSETS: Final = Path("android/colorizer-android/src/main/assets/edge-colorizer")
MODEL: Final = Path("swift/Sources/EdgeColorizer/Model")
PHOTO: Final = PROJECT / "examples" / "photos" / "cat.jpg"
LEAST_PSNR: Final = 30.0
"""Of a phone's picture beside ONNX Runtime's int8; two runtimes round in different places."""
# What a page's command needs beside a shell.
TOOLS: Final[dict[str, Callable[[], bool]]] = {
    "./gradlew": lambda: "ANDROID_HOME" in os.environ,
    "swift": lambda: shutil.which("swift") is not None,
}


def follow(page: str, release: Path, folder: Path) -> list[str]:
    """Do what a page says, in a folder with the released files; returns the commands there are no tools for."""
    for path in release.iterdir():
        shutil.copy(path, folder)
    left: list[str] = []
    for block in (block for block in BLOCKS if block.page == page):
        program = block.text.splitlines()[-1].split()[0]
        if TOOLS.get(program, lambda: True)():
            subprocess.run(["bash", "-euo", "pipefail", "-c", block.text], cwd=folder, check=True)
        else:
            left.append(block.text.splitlines()[-1])
    return left


def compile_core(package: Path, folder: Path) -> None:
    """Compile the C of an unpacked package."""
    source = package / "native" / "edge_colorizer.c"
    subprocess.run(["cc", "-Wall", "-Werror", "-c", source, "-o", folder / "edge_colorizer.o"], check=True)


class Interpreted:
    """The backend of an `.mlpackage` on a machine without Core ML."""

    name = "coreml, interpreted"

    def __init__(self, package: Path) -> None:
        from converters.mil import MilProgram

        self.run = MilProgram(package).run

    def close(self) -> None:
        """Nothing is held."""


def colour(page: str, release: Path, package: Path) -> Iterator[tuple[str, Colorizer]]:
    """What was released for a page's phones, opened as far as this machine can."""
    if page == "docs/android.md":
        yield "the library's model, in ExecuTorch", Colorizer.load("executorch", model_dir=package / ASSETS)
        yield "student-int8.tflite, in LiteRT", Colorizer.load("litert", model_dir=release, precision="int8")
        return
    manifest = load_manifest(release)
    (model,) = (package / MODEL).glob("*.mlpackage")
    (artifact,) = (artifact for artifact in manifest.artifacts if artifact.path == model.name)
    if sha256(model) != artifact.sha256:
        raise SystemExit(f"{model} is not the one that the manifest describes.")
    yield f"the package's {model.name}, interpreted", Colorizer(Interpreted(model), contract=manifest.tensors)


def psnr(one: Image.Image, other: Image.Image) -> float:
    """How near two pictures are, in decibels."""
    error = np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def main() -> int:
    """Follow both pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path, help="the folder that `just release` made")
    release: Path = parser.parse_args().release.resolve()
    expected = Colorizer.load("onnx", model_dir=release, precision="int8").colorize(PHOTO)
    for page in ("docs/android.md", "docs/ios.md"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            left = follow(page, release, folder)
            package = folder / "edge-colorizer"
            compile_core(package, folder)
            print(f"{page}: unpacked as it says, and its C compiled")
            for what, colorizer in colour(page, release, package):
                near = psnr(colorizer.colorize(PHOTO), expected)
                print(f"{page}: a photo coloured by {what}; {near:.1f} dB from ONNX Runtime's int8")
                if near < LEAST_PSNR:
                    return 1
            for command in left:
                print(f"NOT MEASURED: {page}: {command} (no tools for it here)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
