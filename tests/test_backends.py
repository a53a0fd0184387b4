"""One contract for every backend: the same shapes, the same pictures from many threads, the same refusals."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time, sleep
from typing import Any

import numpy as np
import pytest

from sdk import BackendUnavailable, Colorizer, ColorizerError, ModelIntegrityError
from sdk.backends import Backend, open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import AB, LIGHTNESS, STANDARD, Contract, Tensors
from sdk.manifest import load_manifest
from sdk.testing import FakeBackend

NAMES = ["onnx", "executorch", "coreml", "litert", "fake"]


def tiny_network() -> Any:
    """One that meets the tensor contract."""
    torch = pytest.importorskip("torch", reason="NOT MEASURED: PyTorch is not installed")

    class Tiny(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, stride=2, padding=1), torch.nn.Tanh())

        def forward(self, inputs: Any) -> Any:
            return {AB.name: self.layers(inputs[LIGHTNESS.name])}

    return Tiny().eval()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network as an ExecuTorch program."""
    torch = pytest.importorskip("torch", reason="NOT MEASURED: PyTorch is not installed")
    exir = pytest.importorskip("executorch.exir", reason="NOT MEASURED: ExecuTorch is not installed")
    from converters.tracing import example

    exported = torch.export.export(tiny_network(), (example(STANDARD),))
    path = tmp_path_factory.mktemp("program") / "tiny.pte"
    path.write_bytes(exir.to_edge(exported).to_executorch().buffer)
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network as a Core ML package."""
    pytest.importorskip("coremltools", reason="NOT MEASURED: coremltools is not installed")
    network = tiny_network()
    from converters import to_coreml

    path = tmp_path_factory.mktemp("package") / "tiny.mlpackage"
    to_coreml.save(to_coreml.convert(network, STANDARD), path, version="1")
    return path


@pytest.fixture(scope="module")
def lite_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model as a LiteRT program."""
    for needed in ("onnx", "ai_edge_litert"):
        pytest.importorskip(needed, reason=f"NOT MEASURED: {needed} is not installed")
    import onnx

    from converters.litert import from_onnx

    manifest = load_manifest(BUNDLED_MODEL)
    path = tmp_path_factory.mktemp("lite") / "bundled.tflite"
    path.write_bytes(from_onnx(onnx.load(manifest.verify(manifest.find_artifact("onnx", None)))))
    return path


@pytest.fixture(params=NAMES)
def artifact(request: pytest.FixtureRequest) -> tuple[str, Path]:
    name = request.param
    if name == "executorch":
        return name, request.getfixturevalue("program")
    if name == "litert":
        return name, request.getfixturevalue("lite_program")
    if name == "coreml" and os.uname().sysname == "Darwin":
        return name, request.getfixturevalue("package")
    manifest = load_manifest(BUNDLED_MODEL)
    return name, manifest.verify(manifest.find_artifact("onnx", None))


@pytest.fixture
def contract(artifact: tuple[str, Path]) -> Contract:
    """The bundled model's for its files, one tensor in and one out for the tiny network."""
    return load_manifest(BUNDLED_MODEL).tensors if artifact[0] in ("onnx", "litert") else STANDARD


@pytest.fixture
def backend(artifact: tuple[str, Path], contract: Contract) -> Iterator[Backend]:
    name, path = artifact
    if name == "fake":
        yield FakeBackend(lambda lightness: np.tanh(lightness[:, :, ::2, ::2]).repeat(2, axis=1))
        return
    try:
        opened = open_backend(name, path, contract)
    except BackendUnavailable as error:
        pytest.skip(f"NOT MEASURED: {error}")
    yield opened
    opened.close()


def inputs(seed: int, contract: Contract) -> Tensors:
    """Any lightness, and no hints."""
    some = {tensor.name: np.zeros(contract.shape(tensor), np.float32) for tensor in contract.inputs}
    shape = contract.shape(LIGHTNESS)
    return some | {LIGHTNESS.name: np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)}


def test_it_answers_as_the_contract_says(backend: Backend, contract: Contract) -> None:
    answers = backend.run(inputs(0, contract))
    assert isinstance(backend, Backend)
    assert list(answers) == [tensor.name for tensor in contract.outputs]
    for ab in answers.values():
        assert (ab.shape, ab.dtype) == (contract.shape(AB), np.float32)
        assert np.abs(ab).max() <= 1
        assert np.ptp(ab) > 0


def test_an_answer_outlives_the_next_call(backend: Backend, contract: Contract) -> None:
    first = backend.run(inputs(1, contract))[AB.name]
    kept = first.copy()
    second = backend.run(inputs(2, contract))[AB.name]
    np.testing.assert_array_equal(first, kept)
    assert np.abs(first - second).max() > 0


def test_eight_threads_paint_the_pictures_of_one(backend: Backend, contract: Contract) -> None:
    colorizer = Colorizer(backend, contract=contract)
    photos = [np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8) for seed in range(16)]
    alone = [colorizer.colorize(photo) for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(colorizer.colorize, photos))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_rests_between_answers(backend: Backend, contract: Contract) -> None:
    for seed in range(5):
        backend.run(inputs(seed, contract))
    start = process_time()
    sleep(0.1)
    assert process_time() - start < 0.01, "threads that spin take the processors that merging needs"


def test_onnx_does_not_spin_where_nobody_has_said_how_many_threads() -> None:
    from sdk.backends.ort import session_options

    assert session_options(None).get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_file_that_is_no_model_is_refused(artifact: tuple[str, Path], tmp_path: Path) -> None:
    name, _ = artifact
    if name == "fake":
        return
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"nonsense" * 100)
    with pytest.raises((ModelIntegrityError, BackendUnavailable)):
        open_backend(name, nonsense, STANDARD)


def test_other_shapes_than_the_contracts_are_refused(artifact: tuple[str, Path]) -> None:
    name, path = artifact
    if name in ("fake", "coreml"):  # the fake has no contract; Core ML's test below
        return
    with pytest.raises(ModelIntegrityError, match="contract"):
        open_backend(name, path, Contract(side=128))


def test_tensors_in_other_files_are_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="NOT MEASURED: onnx is not installed")
    manifest = load_manifest(BUNDLED_MODEL)
    model = onnx.load(manifest.verify(manifest.find_artifact("onnx", None)))
    onnx.save(model, tmp_path / "model.onnx", save_as_external_data=True, location="elsewhere.bin")
    with pytest.raises(ModelIntegrityError, match="other files"):
        open_backend("onnx", tmp_path / "model.onnx", STANDARD)


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="NOT MEASURED: Core ML is available on macOS")
def test_core_ml_elsewhere_says_why_and_what_to_use() -> None:
    with pytest.raises(BackendUnavailable, match=r'predicts on macOS alone.*use the backend "onnx"'):
        open_backend("coreml", Path("model.mlpackage"), STANDARD)


def test_auto_takes_what_is_there_and_says_which() -> None:
    with Colorizer.load() as colorizer:
        info = colorizer.info()
    assert (info.backend, info.precision, info.licence) == ("onnx", "int8", "Apache-2.0")
    assert (BUNDLED_MODEL / Path(info.artifact).name).stat().st_size == info.bytes
    assert "onnxruntime" in info.versions


def test_a_closed_colorizer_says_so() -> None:
    colorizer = Colorizer(FakeBackend(), contract=Contract(side=16))
    colorizer.close()
    colorizer.close()
    with pytest.raises(ColorizerError, match="closed"):
        colorizer.colorize(np.zeros((4, 4), np.uint8))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT MEASURED: this system does not fork")
def test_use_after_a_fork_raises() -> None:
    # In a process of its own: forking the one that runs the tests would copy other libraries' threads.
    program = """
import os
from sdk import Colorizer, ColorizerError
colorizer = Colorizer.load()
colorizer.warmup()
child = os.fork()
if child == 0:
    try:
        colorizer.warmup()
    except ColorizerError as error:
        os._exit(0 if "fork" in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
colorizer.warmup()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)
