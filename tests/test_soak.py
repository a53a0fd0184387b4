"""The soak of `tests.soak` in short, so that it is known to run."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sdk import Colorizer
from sdk.color import Uint8Array
from tests.peak import used_bytes
from tests.soak.concerns import CONCERNS

# PyTorch takes long to start, again and again; the default tests kill each task once in test_loop.py.
SLOW = ("killed exports", "killed training")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CONCERNS]
)
def test_a_short_soak_holds(name: str, tmp_path: Path) -> None:
    figures = CONCERNS[name](1, tmp_path)  # raises where a promise breaks; memory may shrink
    assert max(figures.values()) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="NOT MEASURED: glibc alone tells what it keeps")
def test_memory_that_is_freed_and_kept_by_the_allocator_is_not_in_use() -> None:
    before = used_bytes()
    arrays = [np.ones(20_000, np.uint8) for _ in range(2000)]
    assert used_bytes() - before > 30e6
    arrays = arrays[-1:]  # the heap ends with it, so the system gets nothing back
    assert used_bytes() - before < 10e6
    assert arrays


def test_a_leak_of_the_smallest_array_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaked, colorize = [], Colorizer.colorize

    def leaking(self: Colorizer, photo: Uint8Array) -> object:
        leaked.append(np.ones((2, 128, 128), np.float32))
        return colorize(self, photo)

    monkeypatch.setattr(Colorizer, "colorize", leaking)
    with pytest.raises(AssertionError, match="memory in use grew by"):
        CONCERNS["memory"](1, tmp_path)
