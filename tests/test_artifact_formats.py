"""One table of what a student can become: nothing else lists formats, and one more is one class."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from converters import export, formats
from converters.build import build
from converters.errors import UnknownTargetError
from converters.formats import FORMATS, find_format, find_target
from converters.formats.base import Precision
from converters.formats.onnx_file import OnnxFormat
from sdk import Colorizer
from sdk.backends import BACKENDS
from tests.conftest import PHOTOS, PROJECT


def test_every_format_has_the_backend_that_opens_it() -> None:
    assert set(FORMATS) == set(BACKENDS)


@pytest.mark.parametrize(
    ("find", "known"),
    [
        (lambda: find_format("tensorflow"), "onnx, executorch, coreml"),
        (lambda: find_target("tensorflow", "int8"), "onnx, executorch, coreml"),
        (lambda: find_target("coreml", "fp32"), "fp16, int8, palette6"),
        (lambda: find_target("onnx", "int8", "grey"), "lab, rgb"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_an_unknown_name_raises_the_known_ones(find: Callable[[], object], known: str) -> None:
    with pytest.raises(UnknownTargetError, match=f"choose one of: {known}"):
        find()


def test_the_page_lists_the_formats_as_they_are() -> None:
    text = (PROJECT / "docs" / "export.md").read_text().partition("## Formats")[2]
    rows = [
        [cell.strip() for cell in row] for row in re.findall(r"^\| (.*) \| .* \| (.*) \| (.*) \| (.*) \|$", text, re.M)
    ]
    listed = [row[1:] for row in rows[1 : len(FORMATS) + 1]]
    assert listed == [
        [", ".join(precision.name for precision in known.precisions), ", ".join(known.variants), known.oldest_runtime]
        for known in FORMATS.values()
    ]


class Renamed(OnnxFormat):
    """A fourth format, made for a test: ONNX by another name."""

    name = "renamed"
    suffix = ".renamed"
    precisions = (Precision(name="fp32"),)
    variants = ("lab",)


def test_one_more_format_is_a_class_a_backend_and_their_lines_in_the_tables(
    student_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "FORMATS", {**FORMATS, "renamed": Renamed()})
    monkeypatch.setitem(BACKENDS, "renamed", "sdk.backends.ort:OnnxRuntimeBackend")
    monkeypatch.setattr(export, "_build", lambda jobs: {b.artifact.path: b for job in jobs for b in build(job)})
    done = export.export(student_checkpoint, PHOTOS, tmp_path, (find_target("renamed", "fp32"),))
    assert done.failures == []
    colorizer = Colorizer.load("renamed", model_dir=tmp_path)
    assert colorizer.info().artifact == str(tmp_path / "student-fp32.renamed")
    assert "onnxruntime" in colorizer.info().versions
    assert np.ptp(np.asarray(colorizer.colorize(PHOTOS / "cat.jpg")), axis=2).max() > 0
