"""Every snippet of Python in the documents, in one file, passes mypy and pyright at their strictest."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.test_docs import BLOCKS

# What the pages take for granted: a video's frames, and somebody who shows them.
PRELUDE = """# pyright: strict, reportUnusedVariable=false
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
frames: list[Frame] = []


def show(frame: Frame) -> None: ...
"""


@pytest.fixture
def snippets(tmp_path: Path) -> Path:
    """A function a page."""
    pages = list(dict.fromkeys(block.page for block in BLOCKS if block.language == "python"))
    assert len(pages) > 2
    functions = [
        f"def page_{number}() -> None:\n"
        + textwrap.indent(
            "\n".join(block.text for block in BLOCKS if (block.page, block.language) == (page, "python")), "    "
        )
        for number, page in enumerate(pages)
    ]
    path = tmp_path / "snippets.py"
    path.write_text("\n\n".join([PRELUDE, *functions]))
    return path


@pytest.mark.parametrize(
    "checker",
    [
        ["mypy", "--strict", "--follow-imports=silent", "--cache-dir={folder}", "{path}"],
        ["pyright", "--pythonpath", sys.executable, "{path}"],
    ],
    ids=["mypy", "pyright"],
)
def test_the_documented_code_is_typed(checker: list[str], snippets: Path) -> None:
    module, *arguments = [word.format(path=snippets, folder=snippets.parent / "cache") for word in checker]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
