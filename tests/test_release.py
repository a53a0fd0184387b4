"""What a release holds is whole, its wheel works with each extra and with none, and its workflows are well formed."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from tests.conftest import PROJECT

TOOLS = Path(sys.executable).parent
LARGEST_WHEEL = 12_000_000
EXTRAS = {
    "executorch": "from sdk import Colorizer; import executorch.runtime",
    "coreml": "import coremltools",
    "litert": "import ai_edge_litert.interpreter",
    "completion": "import shtab",
    "video": "import av, sdk.film",
    "heif": "import pillow_heif",
    "jxl": "import pillow_jxl",
    "train": "import accelerate, safetensors, skimage, tensorboard, torch, torchvision",
    "perceptual": "import torchmetrics.image",
    "convert": "import executorch.exir, onnx, onnxscript, torchao",
    "bench": "import cv2, matplotlib",
    "examples": "import av, flask, scipy",
    "cluster": "import fsspec, pyarrow, ray.data",
    "docs": "import mkdocs, mkdocstrings",
}


def run(*command: object, cwd: Path = PROJECT) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "release"
    run("just", "release", folder)
    return folder


def install(release: Path, folder: Path, extra: str) -> Path:
    (wheel,) = release.glob("*.whl")
    run("uv", "venv", "--quiet", folder)
    python = folder / "bin" / "python"
    run("uv", "pip", "install", "--quiet", "-c", "constraints.txt", "--python", python, f"{wheel}{extra}")
    return python


def test_checksums_cover_every_file(release: Path) -> None:
    lines = [line.split("  ") for line in (release / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in lines} == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    for digest, name in lines:
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


def test_a_folder_that_is_there_is_left_alone(release: Path) -> None:
    before = (release / "SHA256SUMS").read_bytes()
    done = subprocess.run(["just", "release", release], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "name a new folder" in done.stderr
    assert (release / "SHA256SUMS").read_bytes() == before


def test_the_bill_of_materials_names_what_is_installed(release: Path) -> None:
    bill = (release / "sbom.cdx.json").read_text()
    assert "file:" not in bill, "a path of the machine that made it"
    components = json.loads(bill)["components"]
    assert {"edge-colorizer", "numpy", "onnxruntime", "pillow", "tqdm"} <= {part["name"].lower() for part in components}


def test_the_page_has_its_own_bill_where_the_wheel_holds_it(release: Path) -> None:
    bill = release / "sbom-page.cdx.json"
    assert bill.exists() == (PROJECT / "sdk" / "page" / "index.html").exists()
    if bill.exists():
        components = json.loads(bill.read_text())["components"]
        assert {"@litertjs/core", "utif2", "libheif-js"} <= {part["name"] for part in components}


def test_the_wheel_holds_the_model_its_proof_and_its_licence(release: Path) -> None:
    (wheel,) = release.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "sdk/models/student-int8.onnx",
        "sdk/models/student-int8.tflite",
        "sdk/models/manifest.json",
        "sdk/py.typed",
        "licenses/LICENSE",
    ):
        assert any(found.endswith(name) for found in names), name
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sdk", "edge_colorizer"}


def test_the_wheel_is_small(release: Path) -> None:
    """With the page, where npm has built it; without the page it is small installed, too."""
    (wheel,) = release.glob("*.whl")
    assert wheel.stat().st_size <= LARGEST_WHEEL
    sizes = {file.filename: file.file_size for file in zipfile.ZipFile(wheel).infolist()}
    sizes.pop("sdk/page.tar.xz", None)
    assert sum(sizes.values()) <= LARGEST_WHEEL


def test_the_wheel_alone_colours_a_photo(release: Path, tmp_path: Path) -> None:
    python = install(release, tmp_path / "environment", "")
    cat = PROJECT / "examples" / "photos" / "cat.jpg"
    run(python.with_name("colorize"), cat, "-o", tmp_path / "cat.png", cwd=tmp_path)
    assert (tmp_path / "cat.png").stat().st_size > 10_000
    run(python, "-c", "import sdk, sys; assert not {'torch', 'onnxruntime'} & set(sys.modules)", cwd=tmp_path)


def test_every_extra_is_tried() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS) | {"dev"} == set(extras)  # README's command installs "dev"


@pytest.mark.slow
@pytest.mark.parametrize("extra", EXTRAS)
def test_the_wheel_works_with_one_extra(extra: str, release: Path, tmp_path: Path) -> None:
    python = install(release, tmp_path / "environment", f"[{extra}]")
    run(python, "-c", EXTRAS[extra], cwd=tmp_path)
    cat = PROJECT / "examples" / "photos" / "cat.jpg"
    run(python.with_name("colorize"), cat, "-o", tmp_path / "cat.png", cwd=tmp_path)
    if extra in {artifact.backend for artifact in load_manifest(BUNDLED_MODEL).artifacts} - {"coreml"}:
        run(python.with_name("colorize"), cat, "-o", tmp_path / "by-it.png", "--backend", extra, cwd=tmp_path)


OPENING = """
import sys
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {tensor.name: np.zeros(tensor.shape, np.float32) for tensor in session.get_inputs()})
"""


@pytest.mark.slow
def test_the_oldest_runtime_that_is_named_opens_the_model_and_the_one_before_refuses_it(tmp_path: Path) -> None:
    artifact = load_manifest(BUNDLED_MODEL).find_artifact("onnx", "int8")
    package, oldest = artifact.minimum_runtime.split()
    major, minor = map(int, oldest.split("."))

    def answers(version: str) -> bool:
        environment = tmp_path / version
        run("uv", "venv", "--quiet", "--python", "3.11", environment)  # old and new runtimes have wheels for it
        python = environment / "bin" / "python"
        run("uv", "pip", "install", "--quiet", "--python", python, f"{package}=={version}.*", "numpy<2")
        command = [python, "-c", OPENING, BUNDLED_MODEL / artifact.path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "Unsupported model IR version" in done.stderr, done.stderr
        return done.returncode == 0

    assert answers(oldest)
    assert not answers(f"{major}.{minor - 1}")


def test_issue_forms_are_well_formed() -> None:
    forms = PROJECT / ".github" / "ISSUE_TEMPLATE"
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-issue-config", forms / "config.yml")
    written = sorted(set(forms.glob("*.yml")) - {forms / "config.yml"})
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *written)


def test_a_release_ends_where_any_bundled_artifact_is_not_the_one_just_exported() -> None:
    workflow = yaml.safe_load((PROJECT / ".github" / "workflows" / "release.yml").read_text())
    (compared,) = re.findall(
        r"git diff --exit-code -- (\S+)\n",
        "\n".join(step.get("run", "") + "\n" for step in workflow["jobs"]["release"]["steps"]),
    )
    bundled = {path for path in BUNDLED_MODEL.iterdir() if path.stem.startswith("student")}
    assert {artifact.path for artifact in load_manifest(BUNDLED_MODEL).artifacts} == {path.name for path in bundled}
    assert set(PROJECT.glob(compared)) == bundled


def test_workflows_are_well_formed_safe_and_call_what_exists() -> None:
    workflows = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    run(TOOLS / "zizmor", "--offline", "--quiet", PROJECT / ".github")
    commands = set(run("just", "--summary").split())
    steps = [
        step
        for path in workflows
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for step in job.get("steps", ())
    ]
    called = {name for step in steps for name in re.findall(r"\bjust ([a-z]\S*)", step.get("run", ""))}
    assert called
    assert called <= commands
