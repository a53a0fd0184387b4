"""Photos and networks the tests share."""

import dataclasses
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

# Workers share the cores: one thread each, and in what they start. Before PyTorch is imported, which reads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torchvision

from converters.calibration import PhotoSample
from sdk.color import Uint8Array
from sdk.contract import STANDARD, Tensors
from training.config import Recipe, StudentConfig
from training.data import decode_rgb
from training.models.encoders import ENCODERS
from training.models.unet import UNet

PROJECT = Path(__file__).parents[1]
PHOTOS = Path(__file__).parent / "photos"
STUDENT_RECIPE = Recipe(student=StudentConfig(width=0.35, decoder=(32, 16, 16, 16)), training_data=("made for a test",))
# The team's photo collection, beside the checkout; it is not ours to publish.
SHARED = Path(os.environ.get("EDGE_COLORIZER_SHARED", PROJECT.parent / "shared"))

LONGEST = ("test_export.py", "test_loop.py", "test_tasks.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left alone with one in the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def eval_photos() -> Path:
    folder = SHARED / "eval" / "coco"
    if not folder.is_dir():
        pytest.skip(f"NOT MEASURED: no evaluation photos at {folder}; set EDGE_COLORIZER_SHARED")
    return folder


@pytest.fixture
def photo_rgb() -> Uint8Array:
    return np.asarray(Image.open(PHOTOS / "astronaut.jpg"))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Has a file or folder made by the first worker that asks for it; the others wait, and share it."""
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made_once(name: str, make: Callable[[Path], object]) -> Path:
        path = run / name
        with FileLock(f"{path}.lock"):
            if not path.exists():
                partial = path.with_name(f"partial-{name}")
                make(partial)
                partial.rename(path)
        return path

    return made_once


def archived(photos: Path, shards: Path) -> Path:
    """The same photos in two tar shards, by other names and in another order."""
    shards.mkdir()
    paths = sorted(photos.iterdir(), reverse=True)
    half = len(paths) // 2
    for name, members in (("b.tar", paths[:half]), ("a.tar", paths[half:])):
        with tarfile.open(shards / name, "w") as shard:
            for path in members:
                shard.add(path, f"{path.stem}-renamed{path.suffix}")
    return shards


@pytest.fixture(scope="session")
def packed(once: Once) -> Path:
    return once("training", pack_bundled) / "packed"


def pack_bundled(folder: Path) -> Path:
    """The bundled photos many times over, so that some are held out, packed in a folder in `folder`."""
    from training.data import pack

    photos = folder / "photos"
    photos.mkdir(parents=True)
    for index in range(150):
        original = sorted(PHOTOS.glob("*.jpg"))[index % 4]
        (photos / f"{index:03}.jpg").write_bytes(original.read_bytes() + bytes([index]))  # each is another file
    pack(photos, folder / "packed", side=64)
    return folder / "packed"


@pytest.fixture(scope="session")
def teacher_checkpoint(once: Once) -> Path:
    """A tiny teacher with random weights."""
    from tests.small_runs import TINY_TEACHER
    from training.checkpoint import build_network, save_network

    def make(path: Path) -> None:
        save_network(build_network(TINY_TEACHER).state_dict(), TINY_TEACHER, path)

    return once("teacher.safetensors", make)


@pytest.fixture(scope="session")
def student_checkpoint(once: Once) -> Path:
    """A small student with random weights that answers with vivid chroma: its norms have seen photos."""
    return once("student.safetensors", _save_student)


def _save_student(path: Path) -> None:
    import torch

    from training.checkpoint import save_network
    from training.models.student import Student

    torch.manual_seed(0)
    student = Student(width=0.35, decoder=(32, 16, 16, 16))
    torch.nn.init.normal_(student.heads.get_parameter("ab.weight"), std=0.1)
    torch.nn.init.normal_(student.heads.get_parameter("ab.bias"), std=0.1)
    settle_norms(student, bundled_sample(4).inputs(STANDARD))
    save_network(student.eval().state_dict(), STUDENT_RECIPE, path)


def bundled_sample(count: int) -> PhotoSample:
    """The first of the bundled photos, at the network's size."""
    paths = sorted(PHOTOS.glob("*.jpg"))[:count]
    return PhotoSample([decode_rgb(path.read_bytes(), STANDARD.side) for path in paths], "")


def settle_norms(network: UNet, photos: list[Tensors]) -> None:
    """Show a network photos until its batch norms know them, as training would have."""
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1 - 0.9**30  # one pass over the photos leaves what thirty would
    with torch.no_grad():
        network.train()({name: torch.from_numpy(np.concatenate([p[name] for p in photos])) for name in photos[0]})
    network.eval()


@pytest.fixture(scope="session")
def bundled_fp32(once: Once) -> Path:
    """The bundled student in full precision, for ONNX Runtime."""
    from converters.to_onnx import export_fp32
    from training.checkpoint import load_student
    from training.models.student import OneHead

    student = OneHead(load_student(PROJECT / "training" / "weights" / "student.safetensors").network)
    return once("bundled-fp32.onnx", lambda path: export_fp32(student, student.contract, path))


@pytest.fixture(scope="session")
def student_fp32(once: Once, student_checkpoint: Path) -> Path:
    """The small student in full precision, for ONNX Runtime."""
    from converters.to_onnx import export_fp32
    from training.checkpoint import load_student
    from training.models.student import OneHead

    student = OneHead(load_student(student_checkpoint).network)
    return once("student-fp32.onnx", lambda path: export_fp32(student, student.contract, path))


def take_any_student(patch: pytest.MonkeyPatch) -> None:
    """Export those with random weights too, and with four photos."""
    from converters import budgets, export

    patch.setitem(budgets.budgets(budgets.BUDGETS), budgets.STUDENT, ())
    patch.setattr(export, "LEAST_PHOTOS", 2)


@pytest.fixture
def export_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any student's exports, made in this process: it has imported the toolchain and knows what a test adds."""
    from converters import export
    from converters.build import build

    take_any_student(monkeypatch)
    monkeypatch.setattr(export, "_build", lambda jobs: {b.artifact.path: b for job in jobs for b in build(job)})


@pytest.fixture
def exported_already(export_here: None, student_fp32: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For exports of the small student: its graph is traced once, for all of them."""
    from converters import to_onnx

    monkeypatch.setattr(to_onnx, "export_fp32", lambda _network, _contract, path: shutil.copy(student_fp32, path))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Forty photos in two folders, and three that are none."""
    album = tmp_path / "album"
    (album / "nested [1]").mkdir(parents=True)
    for number in range(40):
        photo = Image.open(sorted(PHOTOS.glob("*.jpg"))[number % 4]).resize((96, 64))
        photo.save(album / ("nested [1]" if number % 2 else "") / f"{number:02}.{('jpg', 'png')[number % 3 == 0]}")
    (album / "broken.jpg").write_bytes(b"not a photo")
    (album / "empty.png").touch()
    (album / "nested [1]" / "missing.jpg").symlink_to(album / "nowhere.jpg")
    (album / "notes.txt").write_text("no photo, and not asked to be one")
    return album


@pytest.fixture
def untrained_mobilenet(monkeypatch: pytest.MonkeyPatch) -> str:
    """An encoder whose published weights are at hand: nobody has trained them."""
    untrained = torchvision.models.mobilenet_v2().state_dict()
    entry = dataclasses.replace(ENCODERS["mobilenet_v2"], published=lambda: untrained)
    monkeypatch.setitem(ENCODERS, "mobilenet_v2", entry)
    return "mobilenet_v2"
