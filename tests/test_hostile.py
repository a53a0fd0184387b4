"""Damaged and malicious files: a typed error or a picture, soon, and nothing else."""

import dataclasses
import io
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdk import Colorizer, ModelIntegrityError, PhotoError, color
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import Contract
from sdk.manifest import load_manifest, sha256
from sdk.testing import FakeBackend
from tests.conftest import PHOTOS, PROJECT
from tests.samples import png

LONGEST_SECONDS = 5
SECONDS_A_MEGAPIXEL = 0.05  # for what does come out, which may be as large as the limit allows
COLORIZER = Colorizer(FakeBackend(), contract=Contract(side=16))


def seeds() -> list[bytes]:
    """One small file of each format and depth."""
    rgb = Image.open(PHOTOS / "cat.jpg").resize((48, 36))
    variants: list[tuple[Image.Image, str, dict[str, object]]] = [
        (rgb, "JPEG", {}),
        (rgb, "JPEG", {"progressive": True}),
        (rgb.convert("CMYK"), "JPEG", {}),
        (rgb, "PNG", {}),
        (rgb.convert("P"), "PNG", {}),
        (rgb.convert("LA"), "PNG", {}),
        (Image.fromarray(np.asarray(rgb.convert("L"), np.uint16) * 257), "PNG", {}),
        (rgb, "TIFF", {"compression": "tiff_lzw"}),
        (rgb, "TIFF", {}),
        (rgb, "WEBP", {}),
        (rgb.convert("P"), "GIF", {}),
        (rgb, "BMP", {}),
        (rgb, "PPM", {}),
    ]
    files: list[bytes] = []
    for picture, file_format, options in variants:
        file = io.BytesIO()
        picture.save(file, file_format, **options)
        files.append(file.getvalue())
    wide = np.asarray(rgb, np.uint16) * np.uint16(257)
    grey = wide[..., 1]
    scans: list[tuple[Any, dict[str, Any]]] = [
        (wide, {"photometric": "rgb"}),
        (wide, {"photometric": "rgb", "compression": "zlib", "predictor": True, "tile": (16, 16)}),
        (wide, {"photometric": "rgb", "planarconfig": "separate", "bigtiff": True, "byteorder": ">"}),
        (np.dstack([grey, grey]), {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
        ((wide / 65535).astype(np.float32), {"photometric": "rgb", "compression": "zlib", "predictor": True}),
    ]
    for samples, options in scans:
        file = io.BytesIO()
        tifffile.imwrite(file, samples, metadata=None, **options)
        files.append(file.getvalue())
    files.append(png(np.dstack([wide, grey]), 6, 16))
    return files


def mutated(files: list[bytes], random: np.random.Generator) -> bytes:
    content = bytearray(files[random.integers(len(files))])
    kind = random.integers(3)
    if kind == 0:
        for _ in range(random.integers(1, 20)):
            content[random.integers(len(content))] = random.integers(256)
    elif kind == 1:
        del content[random.integers(len(content)) :]
    else:
        other = files[random.integers(len(files))]
        cut = int(random.integers(4, 200))
        content[:cut] = other[:cut]
    return bytes(content)


def survive(count: int, seed: int) -> int:
    """Colour `count` mutated files; returns how many were pictures still."""
    files, random, read = seeds(), np.random.default_rng(seed), 0
    small = Colorizer(FakeBackend(), contract=Contract(side=16))
    for number in range(count):
        content = mutated(files, random)
        start, longest = process_time(), LONGEST_SECONDS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                picture = small.colorize(content)
                longest += picture.width * picture.height / 1e6 * SECONDS_A_MEGAPIXEL
                read += 1
            except PhotoError:
                pass
        assert process_time() - start < longest, f"file {number} of seed {seed}"
    return read


def test_mutated_files_end_in_typed_errors() -> None:
    assert 0 < survive(1000, seed=0) < 1000


@pytest.mark.slow
def test_twenty_thousand_mutated_files_end_in_typed_errors() -> None:
    assert 0 < survive(20_000, seed=1) < 20_000


@pytest.mark.clock
def test_a_decompression_bomb_is_refused_soon_and_in_little_memory() -> None:
    program = """
import struct, time, zlib
from sdk import Colorizer, PhotoError
from sdk.contract import Contract
from sdk.testing import FakeBackend
from tests.peak import peak_bytes
def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
bomb = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
bomb += chunk(b"IDAT", zlib.compress(bytes(50_000_000)))
before, start = peak_bytes(), time.perf_counter()
try:
    Colorizer(FakeBackend(), contract=Contract(side=16)).colorize(bomb)
except PhotoError as error:
    assert "60000×60000" in str(error), error
else:
    raise AssertionError("a bomb was decoded")
assert time.perf_counter() - start < 1
assert peak_bytes() - before < 100e6
"""
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)


@pytest.mark.parametrize("size", [(3_000_000, 2), (2, 3_000_000)])
def test_a_photo_longer_than_any_is_refused(size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.new("L", size).save(file, "PNG")
    with pytest.raises(PhotoError, match="side has at most 1,000,000"):
        COLORIZER.colorize(file.getvalue())


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_mutated_artifacts_are_refused_without_a_crash(count: int, tmp_path: Path) -> None:
    """In a process of its own, where a crash would show; hashes made to match, so that the runtime sees them."""
    program = f"""
import json, pathlib, shutil, sys
import numpy as np
from sdk import Colorizer, ModelIntegrityError
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import sha256
random, refused = np.random.default_rng(0), 0
folder = pathlib.Path(sys.argv[1]) / "model"
for turn in range({count}):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BUNDLED_MODEL, folder)
    (artifact,) = folder.glob("*.onnx")
    content = bytearray(artifact.read_bytes())
    if turn % 2:
        del content[random.integers(len(content)):]
    else:
        for _ in range(50):
            content[random.integers(4000)] = random.integers(256)
    artifact.write_bytes(content)
    try:
        Colorizer.load("onnx", model_dir=folder)
        raise AssertionError("an altered artifact was opened")
    except ModelIntegrityError:
        pass
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"][0]["sha256"] = sha256(artifact)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    try:
        Colorizer.load("onnx", model_dir=folder).close()
    except ModelIntegrityError:
        refused += 1
assert refused > 0
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, check=True, timeout=300)


def test_mutated_programs_are_refused_before_executorch_sees_them(tmp_path: Path) -> None:
    """ExecuTorch verifies a program's header, not its every offset, so an altered file must never reach it."""
    pytest.importorskip("executorch", reason="NOT MEASURED: ExecuTorch is not installed")
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED_MODEL, folder)
    manifest = load_manifest(folder)
    random, program = np.random.default_rng(0), bytearray(np.random.default_rng(1).bytes(5000))
    (folder / "student.pte").write_bytes(program)
    described = dataclasses.replace(
        manifest.artifacts[0], backend="executorch", path="student.pte", sha256=sha256(folder / "student.pte")
    )
    dataclasses.replace(manifest, artifacts=[described]).save()
    for _ in range(50):
        altered = bytearray(program)
        altered[random.integers(len(altered))] ^= 1 << int(random.integers(8))
        (folder / "student.pte").write_bytes(altered)
        with pytest.raises(ModelIntegrityError, match="not the file its manifest describes"):
            Colorizer.load("executorch", model_dir=folder)


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3])),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    chroma=st.tuples(st.floats(-110, 110), st.floats(-110, 110)),
    seed=st.integers(0, 99),
)
def test_lightness_stays_and_the_type_too(
    shape: tuple[int, int, int], dtype: type, chroma: tuple[float, float], seed: int
) -> None:
    random = np.random.default_rng(seed).random(shape)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    photo = (random * top).astype(dtype)
    rgb = photo.repeat(3, axis=2) if shape[2] == 1 else photo
    given_photo = photo[..., 0] if shape[2] == 1 else photo
    ab = np.array(chroma, np.float32)[None, :, None, None] / np.float32(color.CHROMA_SCALE)
    coloured = Colorizer(FakeBackend(ab), contract=Contract(side=16)).colorize(given_photo)
    assert (coloured.dtype, coloured.shape) == (photo.dtype, rgb.shape)
    assert np.abs(color.rgb_to_lightness(coloured) - color.rgb_to_lightness(rgb)).max() <= 0.6


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"]),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    profile=st.one_of(st.none(), st.binary(max_size=200)),
)
def test_every_mode_and_profile_gives_a_picture_of_its_size(
    mode: str, height: int, width: int, profile: bytes | None
) -> None:
    photo = Image.new("RGBA", (width, height), (90, 120, 60, 128)).convert(mode)
    if profile is not None:
        photo.info["icc_profile"] = profile
    assert COLORIZER.colorize(photo).size == (width, height)
