"""The soak of `tests.soak` in short, so that it is known to run."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.soak.concerns import CONCERNS

# PyTorch takes long to start, again and again; the default tests kill each task once in test_loop.py.
SLOW = ("killed exports", "killed training")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CONCERNS]
)
def test_a_short_soak_holds(name: str, tmp_path: Path) -> None:
    if name == "memory":
        # A process of its own: other tests leave this one's allocator full of holes, and told to keep what is freed.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            figures = alone.submit(CONCERNS[name], 1, tmp_path).result()
    else:
        figures = CONCERNS[name](1, tmp_path)  # raises where a promise breaks; memory may shrink
    assert max(figures.values()) > 0
