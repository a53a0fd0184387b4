"""The packages for phones hold what their pages say, seen as a reader does: from the released files alone."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import phones
from tests.conftest import PROJECT

LEFT = shutil.ignore_patterns(".venv", "node_modules", "runs", "artifacts")  # large, and in no release
ARTIFACTS = ("manifest.json", "SHA256SUMS", "student-int8.pte", "student-fp16.mlpackage/Manifest.json")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `just release` lays of a clone whose artifacts are a few bytes each, in a folder with nothing else."""
    clone = tmp_path_factory.mktemp("clone") / "project"
    shutil.copytree(PROJECT, clone, symlinks=True, ignore=LEFT)
    for name in ARTIFACTS:
        path = clone / "artifacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    out = tmp_path_factory.mktemp("release")
    subprocess.run(["just", "release-artifacts", out], cwd=clone, check=True, capture_output=True)
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(out.iterdir())]
    (out / "SHA256SUMS").write_text("".join(sums))
    return out


@pytest.fixture
def follow(release: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Does what a page says, in a folder with the released files, and gives back what it unpacked."""

    def followed(page: str) -> Path:
        phones.follow(page, release, tmp_path)
        return tmp_path / "edge-colorizer"

    return followed


def test_the_android_page_ends_with_a_library_and_its_app(follow: Callable[[str], Path], tmp_path: Path) -> None:
    unpacked = follow("docs/android.md")
    assets = unpacked / phones.ASSETS
    assert {path.name for path in assets.iterdir()} == {"manifest.json", "student-int8.pte"}
    assert os.access(unpacked / "android" / "gradlew", os.X_OK)
    for named in ("settings.gradle.kts", "gradle/wrapper/gradle-wrapper.jar", "app/src/main/AndroidManifest.xml"):
        assert (unpacked / "android" / named).is_file()
    if shutil.which("cc"):
        phones.compile_core(unpacked, tmp_path)


def test_the_ios_page_ends_with_a_package_and_its_app(follow: Callable[[str], Path]) -> None:
    unpacked = follow("docs/ios.md")
    (model,) = (unpacked / phones.MODEL).glob("*.mlpackage")
    assert (model / "Manifest.json").is_file()
    manifest = (unpacked / "Package.swift").read_text()
    for target in ("native", "swift/Sources/EdgeColorizer", "swift/Tests/EdgeColorizerTests"):
        assert f'"{target}"' in manifest
        assert (unpacked / target).is_dir()
    assert (unpacked / "examples" / "ios" / "Colorizer.swiftpm" / "Package.swift").is_file()


def test_every_artifact_is_a_file_of_its_own(release: Path) -> None:
    assert {"manifest.json", "student-int8.pte", "student-fp16.mlpackage.zip"} <= {
        path.name for path in release.iterdir()
    }
