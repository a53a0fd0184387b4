"""The colour path for apps, in C, is Pillow's and the Python SDK's."""

import base64
import ctypes
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from goldens import FOLDER
from sdk import color, merging, resizing
from sdk.color import FloatArray, RgbArray, Uint8Array
from sdk.contract import LIGHTNESS
from tests.conftest import PHOTOS, PROJECT

NATIVE = PROJECT / "native"
ANDROID = PROJECT / "examples" / "android" / "app" / "src" / "main"
JVM = PROJECT / "tests" / "jvm"
IOS = PROJECT / "examples" / "ios" / "Sources" / "CEdgeColorizer"
GOLDENS = json.loads((FOLDER / "color.json").read_text())
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O2")
IMPLEMENTATION = '#define EDGE_COLORIZER_IMPLEMENTATION\n#include "edge_colorizer.h"\n'
# What a C program and numpy may round differently in lightness, in the contract's units of 50 L.
LIGHTNESS_TOLERANCE = 1e-5


def compiled(source: str, path: Path, *flags: str) -> Path:
    """A C program or library made from text, without a single warning."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("NOT MEASURED: the C colour path; no C compiler (cc) is installed")
    command = [compiler, *STRICT, f"-I{NATIVE}", *flags, "-x", "c", "-", "-o", str(path), "-lm"]
    subprocess.run(command, input=source, text=True, check=True)
    return path


class Photo(ctypes.Structure):
    """`ec_photo`."""

    _fields_ = (
        ("levels", ctypes.c_void_p),
        ("row_bytes", ctypes.c_size_t),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("pixel_bytes", ctypes.c_int32),
    )


class Chroma(ctypes.Structure):
    """`ec_chroma`."""

    _fields_ = (("ab", ctypes.c_void_p), ("width", ctypes.c_int32), ("height", ctypes.c_int32))


@dataclass
class Native:
    """The library, called with arrays."""

    library: ctypes.CDLL

    def __post_init__(self) -> None:
        for name in ("ec_tables_bytes", "ec_resize_scratch_bytes"):
            self.library[name].restype = ctypes.c_size_t
        self.tables = ctypes.create_string_buffer(self.library.ec_tables_bytes())
        self.library.ec_tables_init(self.tables)

    def resize(self, rgb: Uint8Array, side: int) -> Uint8Array:
        small = np.empty((side, side, 3), np.uint8)
        height, width = rgb.shape[:2]
        scratch = ctypes.create_string_buffer(self.library.ec_resize_scratch_bytes(width, height, side))
        self.library.ec_resize(ctypes.byref(_photo(rgb)), side, _pointer(small), scratch)
        return small

    def lightness(self, rgb: Uint8Array) -> FloatArray:
        lightness = np.empty(rgb.size // 3, np.float32)
        pixels = ctypes.c_size_t(lightness.size)
        self.library.ec_lightness(self.tables, _pointer(rgb), pixels, _pointer(lightness))
        return lightness

    def merge(self, rgb: Uint8Array, ab: FloatArray, *, strength: float = 1.0, rows: int | None = None) -> Uint8Array:
        """`ab` in Lab units, as `sdk.merging.merge` takes it; (height, width, 3 or 4), in strips of `rows`."""
        merged, answer = rgb.copy(), np.ascontiguousarray(ab / np.float32(color.CHROMA_SCALE))
        chroma = Chroma(_pointer(answer), ab.shape[2], ab.shape[1])
        height = len(rgb)
        for top in range(0, height, rows or height):
            end = min(top + (rows or height), height)
            self.library.ec_merge(
                self.tables,
                ctypes.byref(_photo(merged)),
                ctypes.byref(chroma),
                ctypes.c_float(strength),
                top,
                end,
            )
        return merged


def _pointer(array: np.ndarray[Any, Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def _photo(pixels: Uint8Array) -> Photo:
    assert pixels.flags.c_contiguous
    return Photo(_pointer(pixels), pixels.strides[0], pixels.shape[1], pixels.shape[0], pixels.shape[2])


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    path = tmp_path_factory.mktemp("native") / "edge_colorizer.so"
    return Native(ctypes.CDLL(str(compiled(IMPLEMENTATION, path, "-shared", "-fPIC"))))


def _levels(encoded: str) -> Uint8Array:
    return np.frombuffer(base64.b64decode(encoded), np.uint8)


def _off(one: RgbArray, other: RgbArray) -> int:
    """The most that two pictures differ by, in levels."""
    return int(np.abs(one.astype(int).ravel() - other.astype(int).ravel()).max())


def test_the_constants_are_sdk_colors(tmp_path: Path) -> None:
    source = """
        #include <stdio.h>
        #include "edge_colorizer.h"
        int main(void) {
            const double m[3][3] = EC_XYZ_FROM_RGB;
            printf("[%.17g, %.17g, [", EC_LIGHTNESS_SCALE, EC_CHROMA_SCALE);
            for (int i = 0; i < 3; i++)
                printf("%s[%.17g, %.17g, %.17g]", i ? ", " : "", m[i][0], m[i][1], m[i][2]);
            printf("]]");
            return 0;
        }"""
    answer = subprocess.run([compiled(source, tmp_path / "constants")], capture_output=True, check=True).stdout
    assert json.loads(answer) == [color.LIGHTNESS_SCALE, color.CHROMA_SCALE, color.XYZ_FROM_RGB.tolist()]


@pytest.mark.parametrize("golden", GOLDENS["lightness"])
def test_lightness_is_pythons(native: Native, golden: dict[str, Any]) -> None:
    ours = native.lightness(_levels(golden["rgb"]))
    np.testing.assert_allclose(ours, golden["lightness"], atol=LIGHTNESS_TOLERANCE)


@pytest.mark.parametrize("golden", GOLDENS["resize"])
def test_the_small_copy_is_pillows_to_the_bit(native: Native, golden: dict[str, Any]) -> None:
    rgb = _levels(golden["rgb"]).reshape(golden["height"], golden["width"], 3)
    np.testing.assert_array_equal(native.resize(rgb, golden["side"]).ravel(), _levels(golden["small"]))


@pytest.mark.parametrize("golden", GOLDENS["merge"])
def test_the_golden_photos_are_merged_as_python_does(native: Native, golden: dict[str, Any]) -> None:
    rgb = _levels(golden["rgb"]).reshape(golden["height"], golden["width"], 3)
    chroma = golden["chroma"]
    ab = np.array(chroma["ab"], np.float32).reshape(2, chroma["height"], chroma["width"])
    assert _off(native.merge(rgb, ab), _levels(golden["merged"])) <= 1
    assert _off(native.merge(rgb, ab, strength=0.5), _levels(golden["half"])) <= 1


# Of a photo: a pixel, odd, a line, tall, the network's own, blocks of several sizes, one axis alone much larger.
SIZES = ((1, 1), (7, 3), (1, 500), (345, 300), (256, 256), (767, 1535), (769, 2305), (2600, 301))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_real_photos_of_any_size_take_the_same_way(native: Native, height: int, width: int) -> None:
    photo = Image.open(PHOTOS / "coffee.jpg").convert("RGB")
    rgb = np.asarray(photo.resize((width, height), Image.Resampling.BICUBIC))
    small = native.resize(rgb, 256)
    np.testing.assert_array_equal(small, resizing.resize(rgb, 256))

    expected = LIGHTNESS.normalize(color.rgb_to_lightness(small)[None])
    np.testing.assert_allclose(native.lightness(small), expected.ravel(), atol=LIGHTNESS_TOLERANCE)

    ab = resizing.resize_ab(np.moveaxis(color.rgb_to_lab(small[..., ::-1])[..., 1:], -1, 0), 128, 128) * np.float32(1.5)
    merged = native.merge(rgb, ab)
    assert _off(merged, merging.merge(rgb, ab)) <= 1
    np.testing.assert_array_equal(native.merge(rgb, ab, rows=5), merged)


def test_a_byte_of_transparency_changes_nothing_and_stays(native: Native, photo_rgb: Uint8Array) -> None:
    ab = np.random.default_rng(0).normal(0, 30, (2, 8, 8)).astype(np.float32)
    alpha = np.random.default_rng(1).integers(0, 256, photo_rgb.shape[:2], np.uint8)
    rgba = np.dstack([photo_rgb, alpha])
    np.testing.assert_array_equal(native.resize(rgba, 64), native.resize(photo_rgb, 64))
    np.testing.assert_array_equal(native.merge(rgba, ab), np.dstack([native.merge(photo_rgb, ab), alpha]))


@pytest.mark.parametrize("flags", [(), ("-ffp-contract=fast", "-march=native")], ids=["plain", "fused"])
def test_without_chroma_every_grey_stays_exactly_itself(tmp_path: Path, flags: tuple[str, ...]) -> None:
    library = compiled(IMPLEMENTATION, tmp_path / "grey.so", "-shared", "-fPIC", *flags)
    greys = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    merged = Native(ctypes.CDLL(str(library))).merge(greys, np.zeros((2, 1, 1), np.float32))
    np.testing.assert_array_equal(merged, greys)


# Every public function, on buffers not a byte larger than it may touch.
SANITIZED = """
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    const int sizes[][3] = {{1, 1, 256}, {3, 7, 256}, {255, 257, 16}, {95, 191, 16}, {96, 301, 16}, {1, 2000, 8}};
    ec_tables *tables = malloc(ec_tables_bytes());
    ec_tables_init(tables);
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        int width = sizes[at][0], height = sizes[at][1], side = sizes[at][2], half = side / 2;
        uint8_t *levels = malloc(3 * width * height), *small = malloc(3 * side * side);
        float *lightness = malloc(side * side * sizeof(float)), *ab = malloc(2 * half * half * sizeof(float));
        void *scratch = malloc(ec_resize_scratch_bytes(width, height, side));
        for (int i = 0; i < 3 * width * height; i++) levels[i] = (uint8_t)rand();
        for (int i = 0; i < 2 * half * half; i++) ab[i] = rand() / (float)RAND_MAX * 4 - 2;
        ec_photo photo = {levels, 3 * width, width, height, 3};
        ec_chroma chroma = {ab, half, half};
        ec_resize(&photo, side, small, scratch);
        ec_lightness(tables, small, side * side, lightness);
        ec_merge(tables, &photo, &chroma, 3, 0, height);
        free(levels), free(small), free(lightness), free(ab), free(scratch);
    }
    free(tables);
    puts("clean");
    return 0;
}
"""


def test_no_byte_is_touched_that_is_not_the_callers(tmp_path: Path) -> None:
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
    try:
        program = compiled(IMPLEMENTATION + SANITIZED, tmp_path / "sanitized", *flags)
    except subprocess.CalledProcessError:
        pytest.skip("NOT MEASURED: memory errors of the C colour path; this compiler has no sanitizers")
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "clean\n"


def test_the_swift_packages_c_target_compiles(tmp_path: Path) -> None:
    source = (IOS / "CEdgeColorizer.c").read_text()
    Native(ctypes.CDLL(str(compiled(source, tmp_path / "swift.so", f"-I{IOS / 'include'}", "-shared", "-fPIC"))))


def _the_apps_way_is_pythons(folder: Path, classes: list[Path], compiler: str, photo_rgb: Uint8Array) -> None:
    """Compile `classes` and Check.java beside the app's JNI library, and hold what they make of a photo to `sdk`."""
    java = shutil.which("javac")
    if not java:
        pytest.skip("NOT MEASURED: the Android app's JNI library; no JDK (javac) is installed")
    home = Path(java).resolve().parents[1] / "include"
    if not home.is_dir():
        pytest.skip(f"NOT MEASURED: the Android app's JNI library; {home} has no jni.h")
    headers = [f"-I{path.parent}" for path in home.rglob("jni*.h")]
    source = (ANDROID / "c" / "edge_colorizer_jni.c").read_text()
    compiled(source, folder / "libedge_colorizer.so", *headers, "-shared", "-fPIC")
    subprocess.run([compiler, "-d", folder, *classes], check=True, capture_output=True)
    subprocess.run([java, "-cp", folder, "-d", folder, JVM / "Check.java"], check=True)

    height, width = photo_rgb.shape[:2]
    ab = np.random.default_rng(0).normal(0, 0.3, (2, 128, 128)).astype(np.float32)
    (folder / "photo.rgba").write_bytes(np.dstack([photo_rgb, np.full((height, width), 255, np.uint8)]).tobytes())
    (folder / "ab.f32").write_bytes(ab.astype("<f4").tobytes())
    command = ["java", f"-Djava.library.path={folder}", "-cp", folder, "Check", folder, str(width), str(height)]
    subprocess.run(command, check=True)

    lightness = np.frombuffer((folder / "lightness.f32").read_bytes(), "<f4")
    expected = LIGHTNESS.normalize(color.rgb_to_lightness(resizing.resize(photo_rgb, 256))[None])
    np.testing.assert_allclose(lightness, expected.ravel(), atol=LIGHTNESS_TOLERANCE)
    merged = np.frombuffer((folder / "merged.rgba").read_bytes(), np.uint8).reshape(height, width, 4)
    assert _off(merged[..., :3], merging.merge(photo_rgb, ab * np.float32(color.CHROMA_SCALE))) <= 1
    assert (merged[..., 3] == 255).all()


def test_the_android_apps_jni_library_on_this_jvm(tmp_path: Path, photo_rgb: Uint8Array) -> None:
    _the_apps_way_is_pythons(tmp_path, [JVM / "ColorPath.java"], "javac", photo_rgb)


@pytest.mark.slow
def test_the_android_apps_kotlin_calls_it_by_the_same_names(tmp_path: Path, photo_rgb: Uint8Array) -> None:
    compiler = shutil.which("kotlinc")
    if not compiler:
        pytest.skip("NOT MEASURED: ColorPath.kt; no Kotlin compiler (kotlinc) is installed")
    kotlin = ANDROID / "kotlin" / "org" / "edgecolorizer" / "ColorPath.kt"
    _the_apps_way_is_pythons(tmp_path, [kotlin], compiler, photo_rgb)
