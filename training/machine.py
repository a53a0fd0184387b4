"""What a run makes of its machine: memory, precision, time, and processes that share one run through Accelerate.

Not through DistributedDataParallel, which shares gradients only for what a module's own `forward` did: a task calls
a network's features, its heads and a discriminator as it needs them.
"""

import ctypes
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn

# From glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


@contextmanager
def without_denormals() -> Generator[None]:
    """Take numbers near zero for zero, which many processors compute many times faster, as long as this lasts."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def keep_freed_memory() -> None:
    """Have glibc keep what tensors free, for the next step's tensors; elsewhere, do nothing.

    By default each large tensor is fetched from the kernel and given back, and every page of it is cleared anew: on
    two cores that was two thirds of a training step (8.7 against 24.4 photos/s at 192 pixels).
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(_MMAP_MAX, 0)
            mallopt(_TRIM_THRESHOLD, -1)


def best_precision() -> str | None:
    """bf16 where a GPU computes in it, else fp16 on a GPU; None leaves it to `accelerate launch`, or to float32."""
    if not torch.cuda.is_available():
        return None
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def mean(accelerator: Accelerator, value: Tensor) -> Tensor:
    """A tensor's mean over all processes."""
    return cast("Tensor", accelerator.reduce(value, "mean"))


def in_any_process(accelerator: Accelerator, condition: bool) -> bool:
    """Whether it holds in any process, so that all of them act alike."""
    if accelerator.num_processes == 1:
        return condition
    return bool(mean(accelerator, torch.tensor(float(condition), device=accelerator.device)))


def share_gradients(accelerator: Accelerator, player: nn.Module) -> None:
    """Give every process the mean of all processes' gradients."""
    if accelerator.num_processes == 1:
        return
    for parameter in player.parameters():
        if parameter.grad is not None:
            parameter.grad = mean(accelerator, parameter.grad)


def share_buffers(accelerator: Accelerator, network: nn.Module) -> None:
    """Give every process the mean of all processes' batch statistics; weights are the same everywhere already."""
    if accelerator.num_processes == 1:
        return
    for buffer in network.buffers():
        if buffer.is_floating_point():
            buffer.copy_(mean(accelerator, buffer))


class Clock:
    """A run's time, the same in all its processes.

    Args:
        accelerator: Of the run.
        minutes: Trained before.
        most: Minutes until the run must stop for now.
    """

    def __init__(self, accelerator: Accelerator, minutes: float, most: float) -> None:
        self._accelerator = accelerator
        self._begun = self._noted = time.monotonic()
        self._before, self._most = minutes, most

    def minutes(self) -> float:
        """Trained so far, with what was trained before."""
        passed = self._before + (time.monotonic() - self._begun) / 60
        if self._accelerator.num_processes == 1:
            return passed
        return mean(self._accelerator, torch.tensor(passed, device=self._accelerator.device)).item()

    def is_over(self) -> bool:
        """Whether the run must stop for now."""
        return in_any_process(self._accelerator, time.monotonic() > self._begun + 60 * self._most)

    def minute_is_over(self) -> bool:
        """Whether a minute has passed since this last said so."""
        over = time.monotonic() > self._noted + 60
        if over:
            self._noted = time.monotonic()
        return over
