"""Latency, memory and size of our artifacts beside published networks, all in one interleaved run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.peers import PEERS, PUBLISHED, ByName, multiply_adds
from benchmarks.timing import Duration, ProcessCost, cost_of, interleave
from converters.formats import find_format
from converters.to_onnx import export_fp32
from converters.tracing import example
from sdk.backends import open_backend
from sdk.contract import Contract, Tensors
from sdk.manifest import Manifest
from training.checkpoint import load_student
from training.models.student import parameter_count

THREADS = (1, 2)
INT8 = "ours int8"
FP32 = "ours fp32"

_OPEN_AND_RUN = """
import sys, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {given.name: np.zeros(given.shape, np.float32) for given in session.get_inputs()})
"""


@dataclass(frozen=True)
class NetworkFigures:
    """One network's row.

    Attributes:
        name: What it is called.
        runtime: What ran it.
        parameters: Trainable numbers.
        multiply_adds: Of one photo.
        bytes: On disk.
        latency: Median duration for each number of threads.
        cost: Of a process that opens it and runs it once; None where its runtime does not tell.
    """

    name: str
    runtime: str
    parameters: int
    multiply_adds: int
    bytes: int
    latency: dict[int, Duration]
    cost: ProcessCost | None


def measure_networks(artifacts: Manifest, checkpoint: Path, folder: Path, *, rounds: int) -> list[NetworkFigures]:
    """Time every network on the same lightness.

    Args:
        artifacts: Of ours, as `converters.export_all` wrote them.
        checkpoint: The student they were made from, to count its parameters.
        folder: Where the published networks' files are kept between runs.
        rounds: Turns each network takes.
    """
    contract = artifacts.tensors
    noise = np.random.default_rng(0)
    inputs = {spec.name: noise.uniform(-1, 1, contract.shape(spec)).astype(np.float32) for spec in contract.inputs}
    student = load_student(checkpoint).network
    ours = (parameter_count(student), multiply_adds(student, example(contract)))
    known: dict[str, tuple[str, Path, Contract, tuple[int, int]]] = {}
    for artifact in artifacts.artifacts:
        if artifact.variant == "lab" and find_format(artifact.backend).runs_here:
            name = f"ours {artifact.precision}" + ("" if artifact.backend == "onnx" else f", {artifact.backend}")
            known[name] = (artifact.backend, artifacts.verify(artifact), contract, ours)
    for name, build in tqdm(PEERS.items(), desc="published networks", unit="network"):
        network = ByName(build()).eval()
        path = folder / f"{name}.onnx"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            export_fp32(network, PUBLISHED, path)
        counted = (parameter_count(network), multiply_adds(network, example(PUBLISHED)))
        known[name] = ("onnx", path, PUBLISHED, counted)

    latency: dict[str, dict[int, Duration]] = {name: {} for name in known}
    for threads in THREADS:
        # ExecuTorch's threads belong to the process, so thread counts take turns as a whole.
        ways = {n: _runner(backend, path, meets, threads, inputs) for n, (backend, path, meets, _) in known.items()}
        for name, duration in interleave(ways, rounds=rounds).items():
            latency[name][threads] = duration
    return [
        NetworkFigures(
            name=name,
            runtime=backend,
            parameters=parameters,
            multiply_adds=count,
            bytes=path.stat().st_size,
            latency=latency[name],
            cost=cost_of(_OPEN_AND_RUN, str(path)) if backend == "onnx" else None,
        )
        for name, (backend, path, _, (parameters, count)) in known.items()
    ]


def _runner(backend: str, path: Path, contract: Contract, threads: int, inputs: Tensors) -> Callable[[], object]:
    opened = open_backend(backend, path, contract, threads=threads)
    given = {spec.name: inputs[spec.name] for spec in contract.inputs}  # published networks take lightness alone
    return lambda: opened.run(given)
