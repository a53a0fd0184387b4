"""Training keeps the memory it has freed."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="NOT MEASURED: glibc alone is told to keep memory")
def test_freed_memory_is_kept_for_the_next_step() -> None:
    program = """
import resource, torch
from training.machine import keep_freed_memory

def faults_of_a_step():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(6):
        torch.zeros(16_000_000).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults_of_a_step()
print(faults_of_a_step())
keep_freed_memory()
faults_of_a_step()
print(faults_of_a_step())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    given_back, kept = map(int, done.stdout.split())
    assert kept < given_back / 10
