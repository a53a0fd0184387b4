"""The student as an ExecuTorch program, in full precision and quantized, run by XNNPACK as a whole."""

from dataclasses import dataclass
from pathlib import Path

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer_utils import QuantizationConfig
from executorch.devtools import BundledProgram
from executorch.devtools.backend_debug import get_delegation_info
from executorch.devtools.bundled_program.config import MethodTestCase, MethodTestSuite
from executorch.devtools.bundled_program.serialize import serialize_from_bundled_program_to_flatbuffer
from executorch.exir import ExecutorchProgramManager, to_edge_transform_and_lower
from torch import Tensor, nn
from torchao.quantization.pt2e import MinMaxObserver, PerChannelMinMaxObserver
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.pt2e.quantizer import QuantizationSpec
from torchao.quantization.pt2e.quantizer.quantizer import Q_ANNOTATION_KEY

from converters.tracing import as_torch, example
from sdk.contract import Contract, Tensors
from training.models.student import OneHead
from training.quantization import WEIGHT_LIMIT

# What a delegated graph cannot be without: fetching the delegate's one output.
_BOUNDARY_NODES = ("getitem",)
# Folded weights of quiet channels are small; ExecuTorch's own floor of 2**-12 would round them away.
_SMALLEST_WEIGHT_SCALE = 2.0**-24


@dataclass(frozen=True)
class Lowered:
    """A program, and what was left of the graph outside XNNPACK.

    Attributes:
        program: Ready to be written.
        subgraphs: How many XNNPACK runs.
        portable: Name of each operator that ExecuTorch's own slower kernels run, and how often.
    """

    program: ExecutorchProgramManager
    subgraphs: int
    portable: dict[str, int]

    def figures(self) -> dict[str, float]:
        """For the manifest."""
        return {"xnnpack_subgraphs": self.subgraphs, "portable_operators": sum(self.portable.values())}


class ByChannel(OneHead):
    """A student whose answers lie channel by channel before they are taken apart.

    XNNPACK keeps a pixel's channels side by side, where taking some of them is a copy for each pixel: 0.1 ms of 8.
    """

    def take(self, answers: Tensor, at: int) -> Tensor:
        """See `OneHead.take`."""
        return super().take(answers.flatten(2), at).unflatten(2, answers.shape[2:])


def quantize(network: nn.Module, calibration: list[Tensors]) -> nn.Module:
    """Quantize a folded student after training: int8 activations, int8 weights with a scale per channel.

    The weights' grid is the one `training.quantization` trains on, so trained rounding costs nothing here.
    """
    program = torch.export.export(network, (as_torch(calibration[0]),))
    prepared = prepare_pt2e(program.module(), _quantizer())
    with torch.inference_mode():
        for inputs in calibration:
            prepared(as_torch(inputs))
    return convert_pt2e(prepared)


def lower(network: nn.Module, contract: Contract) -> Lowered:
    """Export a network and hand it to XNNPACK."""
    program = torch.export.export(network, (example(contract),))
    edge = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    delegation = get_delegation_info(edge.exported_program().graph_module)
    portable = {
        name: counts.non_delegated
        for name, counts in delegation.delegation_by_operator.items()
        if counts.non_delegated and name not in _BOUNDARY_NODES
    }
    return Lowered(edge.to_executorch(), delegation.num_delegated_subgraphs, portable)


def write_program(lowered: Lowered, path: Path) -> None:
    """Write a `.pte`."""
    path.write_bytes(lowered.program.buffer)


def write_bundled(lowered: Lowered, cases: list[tuple[Tensors, Tensors]], path: Path) -> None:
    """Write a `.bpte`: the program with photos and expected answers, for ExecuTorch's own runner on a phone.

    Args:
        lowered: The program.
        cases: Each inputs, and what this program answers to them here; both in the contract's order.
        path: Where to.
    """
    tests = [
        MethodTestCase(inputs=[*as_torch(inputs).values()], expected_outputs=[*as_torch(answers).values()])
        for inputs, answers in cases
    ]
    bundled = BundledProgram(lowered.program, [MethodTestSuite(method_name="forward", test_cases=tests)])
    path.write_bytes(serialize_from_bundled_program_to_flatbuffer(bundled))


class _Quantizer(XNNPACKQuantizer):
    """Quantizes what comes out of a ReLU6 instead of what goes in.

    ExecuTorch's quantizer knows that ReLU fuses with the convolution before it, but not that ReLU6 (`hardtanh`)
    does. Without this, 8 bits are spent on values that are cut off the moment after: 18 dB of SQNR.
    """

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        """See `XNNPACKQuantizer`."""
        super().annotate(model)
        for node in model.graph.nodes:
            if node.target in (torch.ops.aten.hardtanh.default, torch.ops.aten.hardtanh_.default):
                before, after = node.args[0].meta[Q_ANNOTATION_KEY], node.meta[Q_ANNOTATION_KEY]
                after.input_qspec_map, after.output_qspec = {}, before.output_qspec
                before.output_qspec = None
        return model


def _quantizer() -> XNNPACKQuantizer:
    activation = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-128,
        quant_max=127,
        qscheme=torch.per_tensor_affine,
        observer_or_fake_quant_ctr=MinMaxObserver.with_args(eps=2**-12),
    )
    weight = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-WEIGHT_LIMIT,
        quant_max=WEIGHT_LIMIT,
        qscheme=torch.per_channel_symmetric,
        ch_axis=0,
        observer_or_fake_quant_ctr=PerChannelMinMaxObserver.with_args(eps=_SMALLEST_WEIGHT_SCALE),
    )
    return _Quantizer().set_global(QuantizationConfig(activation, activation, weight, None))
