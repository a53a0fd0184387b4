"""What a change takes, proven by making it: a copy of the SDK with a few lines changed, and a program that uses it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.conftest import PROJECT

LEFT_OUT = ("models", "page", "page.tar.xz", "__pycache__")


class Edit(NamedTuple):
    """In a file of the SDK, `new` where `old` stood, which it has once."""

    file: str
    old: str
    new: str


def run_edited(folder: Path, edits: Sequence[Edit], program: str) -> None:
    """Run a program in an empty folder with the edited copy as its `sdk`. Its assertions are the test's."""
    copy = folder / "edited"
    shutil.copytree(PROJECT / "sdk", copy / "sdk", ignore=shutil.ignore_patterns(*LEFT_OUT))
    (copy / "sdk" / "models").symlink_to(PROJECT / "sdk" / "models")
    for file, old, new in edits:
        path = copy / "sdk" / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has not one {old!r}"
        path.write_text(text.replace(old, new))
    here = folder / "here"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
