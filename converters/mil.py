"""Run a saved Core ML program on any operating system.

coremltools reads the `.mlpackage` back from disk; each operator is then computed here with PyTorch. This proves
that the saved graph and the saved weights are the student's. It does not prove what Apple's hardware makes of
them: the Neural Engine's own numerics and its speed are only seen on a Mac or a phone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import coremltools
import torch
from coremltools.converters.mil.frontend.milproto.load import load
from coremltools.converters.mil.mil import types
from torch import Tensor
from torch.nn import functional as F

from converters.errors import UnknownOperatorError
from sdk.contract import Tensors


class MilProgram:
    """A saved mlprogram.

    Args:
        path: An `.mlpackage` folder.
        arithmetic: "fp16" rounds what every operator returns to the type the program declares for it, as Core ML
            does; "fp32" never rounds, which leaves what the stored weights alone cost.

    Attributes:
        tensors: Names of its inputs, then of its outputs.

    Raises:
        UnknownOperatorError: The program uses an operator that has no entry in `OPERATORS`.
    """

    def __init__(self, path: Path, *, arithmetic: Literal["fp16", "fp32"] = "fp16") -> None:
        spec: Any = coremltools.utils.load_spec(str(path))
        weights = path / "Data" / "com.apple.CoreML" / "weights"
        program = load(spec, specification_version=spec.specificationVersion, file_weights_dir=str(weights))
        function = program.functions["main"]
        self._outputs = [output.name for output in function.outputs]
        self.tensors = [*function.inputs, *self._outputs]
        self._rounds = arithmetic == "fp16"
        self._constants: dict[str, Any] = {}
        self._steps: list[Any] = []
        for operation in function.operations:
            if operation.op_type.startswith("constexpr_"):
                self._constants[operation.outputs[0].name] = operation.materialized_val_inference()
            elif operation.op_type != "const":
                if operation.op_type not in OPERATORS:
                    raise UnknownOperatorError(f"{path} uses {operation.op_type}, which converters.mil does not know.")
                self._steps.append(operation)

    def run(self, inputs: Tensors) -> Tensors:
        """The program's inputs by name to its outputs by name, float32."""
        computed = {name: torch.from_numpy(values).float() for name, values in inputs.items()}
        with torch.inference_mode():
            for operation in self._steps:
                (output,) = operation.outputs
                arguments = {name: self._value(given, computed) for name, given in operation.inputs.items()}
                result = OPERATORS[operation.op_type](arguments)
                half = self._rounds and output.dtype == types.fp16
                computed[output.name] = result.half().float() if half else result
        return {name: computed[name].numpy() for name in self._outputs}

    def _value(self, given: Any, computed: dict[str, Tensor]) -> Any:
        """An operator's argument: computed already, stored in the file, or a tuple of such."""
        if isinstance(given, list | tuple):
            return [self._value(one, computed) for one in given]
        if given is None or given.name in computed:
            return None if given is None else computed[given.name]
        stored = self._constants.get(given.name, given.val)
        is_tensor = getattr(stored, "dtype", None) is not None and stored.dtype.kind == "f"
        return torch.as_tensor(stored).float() if is_tensor else stored


def _conv(given: dict[str, Any]) -> Tensor:
    pad_type = given["pad_type"]
    if pad_type not in ("custom", "valid"):
        raise UnknownOperatorError(f"conv pads in the way {pad_type!r}, which converters.mil does not know.")
    top, bottom, left, right = (int(n) for n in given["pad"]) if pad_type == "custom" else (0, 0, 0, 0)
    return F.conv2d(
        F.pad(given["x"], (left, right, top, bottom)),
        given["weight"],
        given.get("bias"),
        stride=tuple(int(n) for n in given["strides"]),
        dilation=tuple(int(n) for n in given["dilations"]),
        groups=int(given["groups"]),
    )


def _slice_by_index(given: dict[str, Any]) -> Tensor:
    def each(name: str, default: int) -> list[int]:
        values = given.get(name)
        return [default] * given["x"].dim() if values is None else [int(value) for value in values]

    if any(each("squeeze_mask", 0)) or set(each("stride", 1)) != {1}:
        raise UnknownOperatorError("slice_by_index drops axes or steps, which converters.mil does not know.")
    bounds = zip(each("begin", 0), each("end", 0), each("begin_mask", 0), each("end_mask", 0), strict=True)
    return given["x"][
        tuple(
            slice(None if from_first else begin, None if to_last else end) for begin, end, from_first, to_last in bounds
        )
    ]


def _upsample_bilinear(given: dict[str, Any]) -> Tensor:
    if given["align_corners"] or not given.get("half_pixel_centers", True):
        raise UnknownOperatorError("upsample_bilinear aligns corners, which converters.mil does not know.")
    scale = (float(given["scale_factor_height"]), float(given["scale_factor_width"]))
    return F.interpolate(given["x"], scale_factor=scale, mode="bilinear", align_corners=False)


def _max_pool(given: dict[str, Any]) -> Tensor:
    if given["pad_type"] != "valid" and any(int(n) for n in given["pad"]):
        raise UnknownOperatorError("max_pool pads, which converters.mil does not know.")
    return F.max_pool2d(
        given["x"], kernel_size=tuple(map(int, given["kernel_sizes"])), stride=tuple(map(int, given["strides"]))
    )


OPERATORS: dict[str, Callable[[dict[str, Any]], Tensor]] = {
    "add": lambda given: given["x"] + given["y"],
    "sub": lambda given: given["x"] - given["y"],
    "mul": lambda given: given["x"] * given["y"],
    "max_pool": _max_pool,
    "relu": lambda given: torch.relu(given["x"]),
    "real_div": lambda given: given["x"] / given["y"],
    "maximum": lambda given: torch.maximum(given["x"], given["y"]),
    "minimum": lambda given: torch.minimum(given["x"], given["y"]),
    "cast": lambda given: given["x"],  # rounding to the declared type is `run`'s
    "clip": lambda given: given["x"].clamp(float(given["alpha"]), float(given["beta"])),
    "concat": lambda given: torch.cat(given["values"], dim=int(given["axis"])),
    "conv": _conv,
    "exp": lambda given: torch.exp(given["x"]),
    "log": lambda given: torch.log(given["x"] + float(given["epsilon"])),
    "reduce_mean": lambda given: given["x"].mean(dim=[int(n) for n in given["axes"]], keepdim=bool(given["keep_dims"])),
    "round": lambda given: torch.round(given["x"]),
    "slice_by_index": _slice_by_index,
    "tanh": lambda given: torch.tanh(given["x"]),
    "upsample_bilinear": _upsample_bilinear,
}
