"""The Android library, on this machine's JVM, colours as the Python SDK does."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from sdk import merging, resizing
from sdk.color import Uint8Array
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract, Tensors
from sdk.hints import Hint, place_hints
from sdk.manifest import Artifact, Manifest, Model, sha256
from tests.conftest import PROJECT
from tests.native import compiled, off

LIBRARY: Final = PROJECT / "android" / "colorizer-android" / "src" / "main"
JVM: Final = PROJECT / "tests" / "jvm"
CONTRACT: Final = Contract(inputs=(LIGHTNESS, HINTS), outputs=(AB, VIVID_AB))
STRENGTH, VIVIDNESS, HINT = 0.8, 0.5, Hint(30, 20, "#008080")  # as Check.java and Whole.kt ask for them
# Where Debian and the Kotlin compiler keep what Android brings, or the library depends on.
JSON: Final = Path("/usr/share/java/json-android.jar")
COROUTINES: Final = "kotlinx-coroutines-core-jvm.jar"


@pytest.fixture
def jvm(tmp_path: Path) -> Path:
    """A folder with the JNI library, and with stand-ins for as much of Android and ExecuTorch as ours uses."""
    java = shutil.which("javac")
    if not java:
        pytest.skip("NOT MEASURED: the Android library; no JDK (javac) is installed")
    home = Path(java).resolve().parents[1] / "include"
    if not home.is_dir():
        pytest.skip(f"NOT MEASURED: the Android library; {home} has no jni.h")
    headers = [f"-I{path.parent}" for path in home.rglob("jni*.h")]
    source = (LIBRARY / "c" / "edge_colorizer_jni.c").read_text()
    compiled(source, tmp_path / "libedge_colorizer.so", *headers, f"-I{JVM / 'include'}", "-shared", "-fPIC")
    stand_ins = [path for package in ("android", "org") for path in (JVM / package).rglob("*.java")]
    subprocess.run(["javac", "-d", tmp_path, *stand_ins], check=True)
    return tmp_path


@pytest.fixture
def photo(jvm: Path, photo_rgb: Uint8Array) -> Uint8Array:
    """A photo as Android keeps it, its colours multiplied by an opacity that grows to the right; in the folder, too."""
    opacity = np.broadcast_to(np.linspace(40, 255, photo_rgb.shape[1]).astype(np.uint8), photo_rgb.shape[:2])
    rgba = np.asarray(Image.fromarray(np.dstack([photo_rgb, opacity])).convert("RGBa"))
    (jvm / "photo.rgba").write_bytes(rgba.tobytes())
    return rgba


def network(inputs: Tensors) -> Tensors:
    """What tests/jvm's Module computes."""
    level, hints = inputs["lightness"][:, :, ::2, ::2], inputs["hints"][:, :2]
    return {"ab": 0.25 * level + hints, "vivid_ab": -0.5 * level + hints}


def in_python(photo: Uint8Array) -> tuple[Tensors, Uint8Array]:
    """What the network is given, and the coloured photo."""
    opacity = photo[..., 3:].astype(int)
    straight = np.minimum((photo[..., :3].astype(int) * 255 + opacity // 2) // opacity, 255).astype(np.uint8)
    hints = place_hints([HINT], CONTRACT, height=len(photo), width=photo.shape[1])
    inputs = CONTRACT.encode(resizing.resize(straight, CONTRACT.side), hints=hints)
    ab = CONTRACT.chroma(network(inputs), vividness=VIVIDNESS) * np.float32(STRENGTH)
    coloured = np.dstack([merging.merge(straight, ab), photo[..., 3]]).astype(np.uint8)
    return inputs, np.asarray(Image.fromarray(coloured).convert("RGBa"))


def run(jvm: Path, program: str, photo: Uint8Array, *classes: str) -> Uint8Array:
    height, width = photo.shape[:2]
    path = ":".join([str(jvm), *classes])
    command = ["java", f"-Djava.library.path={jvm}", "-Xcheck:jni", "-cp", path, program, jvm, str(width), str(height)]
    subprocess.run(command, check=True)
    return np.frombuffer((jvm / "coloured.rgba").read_bytes(), np.uint8).reshape(photo.shape)


def test_the_jni_library_step_by_step(jvm: Path, photo: Uint8Array) -> None:
    subprocess.run(["javac", "-cp", jvm, "-d", jvm, JVM / "ColorPath.java", JVM / "Check.java"], check=True)
    coloured = run(jvm, "Check", photo)
    inputs, expected = in_python(photo)
    for name, values in inputs.items():
        ours = np.frombuffer((jvm / f"{name}.f32").read_bytes(), "<f4")
        np.testing.assert_allclose(ours, values.ravel(), atol=1e-5)
    assert off(coloured, expected) <= 1


@pytest.mark.slow
def test_the_whole_library_in_kotlin(jvm: Path, photo: Uint8Array) -> None:
    compiler = shutil.which("kotlinc")
    if not compiler or not JSON.exists():
        pytest.skip(f"NOT MEASURED: the Android library's Kotlin; there is no kotlinc, or no {JSON}")
    coroutines = Path(compiler).resolve().parents[1] / "lib" / COROUTINES
    command = [compiler, "-Werror", "-cp", f"{jvm}:{coroutines}:{JSON}", "-include-runtime", "-d", jvm / "whole.jar"]
    subprocess.run([*command, *(LIBRARY / "kotlin").rglob("*.kt"), JVM / "Whole.kt"], check=True)
    _lay_model(jvm / "assets" / "edge-colorizer")
    coloured = run(jvm, "WholeKt", photo, str(jvm / "whole.jar"), str(coroutines), str(JSON))
    assert off(coloured, in_python(photo)[1]) <= 1


def _lay_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "model.pte").write_bytes(b"never opened: tests/jvm's Module computes by itself")
    artifact = Artifact(
        backend="executorch",
        path="model.pte",
        sha256=sha256(folder / "model.pte"),
        bytes=(folder / "model.pte").stat().st_size,
        variant="lab",
        precision="int8",
        quantization="qat",
        calibration=None,
        tools={},
        minimum_runtime="1.5",
        parity={},
    )
    model = Model(name="test", version="0", commit="", licence="Apache-2.0", training_data=[])
    Manifest(folder=folder, created="2026-11-27", model=model, tensors=CONTRACT, artifacts=[artifact]).save()
