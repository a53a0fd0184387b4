"""The colour path for apps, in C, is Pillow's and the Python SDK's."""

import base64
import ctypes
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from goldens import FOLDER
from sdk import color, merging, resizing
from sdk.color import Uint8Array
from sdk.contract import LIGHTNESS
from sdk.hints import Hint
from tests.conftest import PHOTOS
from tests.native import C11, IMPLEMENTATION, NATIVE, Native, compiled, off

GOLDENS = json.loads((FOLDER / "color.json").read_text())
CONTRACT = json.loads((FOLDER / "contract.json").read_text())
# What a C program and numpy may round differently in lightness, in the contract's units of 50 L.
LIGHTNESS_TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    path = tmp_path_factory.mktemp("native") / "edge_colorizer.so"
    return Native(ctypes.CDLL(str(compiled(IMPLEMENTATION, path, "-shared", "-fPIC"))))


COMPILERS = {
    "gcc C99": ("gcc", "-std=c99", "-x", "c"),
    "gcc C11": ("gcc", "-std=c11", "-x", "c"),
    "gcc C++17": ("g++", "-std=c++17", "-x", "c++"),
    "clang C99": ("clang", "-std=c99", "-x", "c"),
    "clang C11": ("clang", "-std=c11", "-x", "c"),
    "clang C++17": ("clang++", "-std=c++17", "-x", "c++"),
}


@pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS)
def test_it_compiles_without_a_warning(compiler: tuple[str, ...], tmp_path: Path) -> None:
    source = (NATIVE / "edge_colorizer.c").read_text()
    compiled(source, tmp_path / "edge_colorizer.so", "-shared", "-fPIC", compiler=compiler)


def _levels(encoded: str) -> Uint8Array:
    return np.frombuffer(base64.b64decode(encoded), np.uint8)


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
    assert off(native.merge(rgb, ab), _levels(golden["merged"])) <= 1
    assert off(native.merge(rgb, ab, strength=0.5), _levels(golden["half"])) <= 1


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
    assert off(merged, merging.merge(rgb, ab)) <= 1
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


@pytest.mark.parametrize("strength", [0.0, 1.0, 1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("value", [0.0, 1e30, -1e38, float("inf"), float("-inf"), float("nan")])
def test_no_chroma_and_no_strength_is_too_strange(
    native: Native, photo_rgb: Uint8Array, value: float, strength: float
) -> None:
    merged = native.merge(photo_rgb, np.full((2, 4, 4), value, np.float32), strength=strength)
    luminance = np.abs(color.rgb_to_lightness(merged) - color.rgb_to_lightness(photo_rgb))
    assert luminance.max() < 2  # in colours outside sRGB, 8 bits keep L as well as that


def test_where_chroma_is_no_number_the_photo_turns_grey(native: Native, photo_rgb: Uint8Array) -> None:
    nothing = np.zeros((2, 4, 4), np.float32)
    np.testing.assert_array_equal(native.merge(photo_rgb, nothing * np.nan), native.merge(photo_rgb, nothing))


@pytest.mark.parametrize("golden", CONTRACT["blend"])
def test_two_heads_are_blended_as_python_does(native: Native, golden: dict[str, Any]) -> None:
    faithful, vivid = (np.array(golden["answers"][name], np.float32) for name in ("ab", "vivid_ab"))
    blended = native.blend(faithful, vivid, golden["vividness"]) * np.float32(color.CHROMA_SCALE)
    np.testing.assert_allclose(blended, golden["chroma"], atol=1e-4)


@pytest.mark.parametrize("golden", CONTRACT["hints"])
def test_hints_are_placed_as_python_does(native: Native, golden: dict[str, Any]) -> None:
    hints = [Hint(**hint) for hint in golden["hints"]]
    placed = native.place_hints(hints, golden["width"], golden["height"], cells=CONTRACT["side"] // 2)
    np.testing.assert_allclose(placed, golden["placed"], atol=1e-6)


def _every_level_and_opacity() -> Uint8Array:
    level, opacity = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    return np.stack([level, level, level, opacity], axis=-1)


def test_colours_multiplied_by_their_opacity_are_pillows(native: Native) -> None:
    straight = _every_level_and_opacity()
    expected = np.asarray(Image.fromarray(straight).convert("RGBa"))
    np.testing.assert_array_equal(native.premultiply(straight), expected)


def test_dividing_by_opacity_and_multiplying_again_changes_nothing(native: Native) -> None:
    possible = _every_level_and_opacity()
    possible = possible[possible[..., 0] <= possible[..., 3]][None]
    np.testing.assert_array_equal(native.premultiply(native.unpremultiply(possible)), possible)


# Some thousands of inputs for native/fuzz.c, always the same; `just fuzz` looks for worse ones.
FUZZ = """
#include "fuzz.c"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
int main(void) {
    const float strange[] = {NAN, INFINITY, -INFINITY, FLT_MAX};
    uint8_t bytes[256];
    srand(26);
    for (int run = 0; run < 2000; run++) {
        for (size_t at = 0; at < sizeof bytes; at++) bytes[at] = (uint8_t)rand();
        for (int some = run % 4; some > 0; some--) memcpy(bytes + rand() % 64 * 4, strange + rand() % 4, sizeof(float));
        LLVMFuzzerTestOneInput(bytes, sizeof bytes - (size_t)(run % 64));
    }
    puts("clean");
    return 0;
}
"""


def test_no_byte_is_touched_that_is_not_the_callers(tmp_path: Path) -> None:
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
    try:
        program = compiled(FUZZ, tmp_path / "sanitized", *flags)
    except subprocess.CalledProcessError:
        pytest.skip("NOT MEASURED: memory errors of the C colour path; this compiler has no sanitizers")
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "clean\n"


# Photo, chroma and strength from stdin; small copy, lightness and coloured photo to stdout.
FILTER = """
#include <stdio.h>
#include <stdlib.h>
#include "edge_colorizer.h"
static void *received(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory || fread(memory, 1, bytes, stdin) != bytes) exit(1);
    return memory;
}
int main(void) {
    int32_t *sizes = received(3 * sizeof *sizes), width = sizes[0], height = sizes[1], side = sizes[2];
    size_t pixels = (size_t)(side * side);
    uint8_t *levels = received((size_t)(3 * width * height)), *small = malloc(3 * pixels);
    float *ab = received(2 * pixels * sizeof *ab), *lightness = malloc(pixels * sizeof *lightness);
    ec_tables *tables = malloc(ec_tables_bytes());
    ec_photo photo = {levels, (size_t)(3 * width), width, height, 3};
    ec_chroma chroma = {ab, side, side};
    ec_tables_init(tables);
    ec_resize(&photo, side, small, malloc(ec_resize_scratch_bytes(width, height, side)));
    ec_lightness(tables, small, pixels, lightness);
    ec_merge(tables, &photo, &chroma, 0.8f, 0, height);
    fwrite(small, 3, pixels, stdout);
    fwrite(lightness, sizeof *lightness, pixels, stdout);
    fwrite(levels, 3, (size_t)(width * height), stdout);
    return 0;
}
"""


def test_a_phones_processor_gives_the_same_picture(native: Native, tmp_path: Path, photo_rgb: Uint8Array) -> None:
    emulator = shutil.which("qemu-aarch64")
    if not emulator:
        pytest.skip("NOT MEASURED: the C colour path on arm64; qemu-aarch64 is not installed")
    arm = ("aarch64-linux-gnu-gcc", *C11[1:])
    program = compiled(IMPLEMENTATION + FILTER, tmp_path / "filter", "-static", compiler=arm)
    side, (height, width) = 32, photo_rgb.shape[:2]
    ab = np.random.default_rng(0).normal(0, 0.4, (2, side, side)).astype("<f4")
    photo = np.array([width, height, side], "<i4").tobytes() + photo_rgb.tobytes() + ab.tobytes()
    answer = subprocess.run([emulator, program], input=photo, capture_output=True, check=True).stdout

    small, lightness, merged = np.split(np.frombuffer(answer, np.uint8), [3 * side**2, 7 * side**2])
    here = native.resize(photo_rgb, side)
    np.testing.assert_array_equal(small, here.ravel())
    np.testing.assert_allclose(lightness.view("<f4"), native.lightness(here), atol=LIGHTNESS_TOLERANCE)
    assert off(merged, native.merge(photo_rgb, ab * np.float32(color.CHROMA_SCALE), strength=0.8)) <= 1
