"""Training keeps the memory it has freed."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="NOT MEASURED: glibc alone is told to keep memory")
def test_freed_memory_is_kept_for_the_next_step() -> None:
    program = (
        "import resource, sys, torch\n"
        "from training.machine import keep_freed_memory\n"
        "if sys.argv[1] == 'keep': keep_freed_memory()\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def step():\n"
        "  for _ in range(6): torch.zeros(16_000_000).add_(1)\n"
        "step()\n"
        "start = faults()\n"
        "step()\n"
        "print(faults() - start)"
    )
    faults = [
        int(subprocess.run([sys.executable, "-c", program, how], capture_output=True, check=True).stdout)
        for how in ("keep", "give back")
    ]
    assert faults[0] < faults[1] / 10
