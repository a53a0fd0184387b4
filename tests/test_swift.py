"""The Swift package, as far as it can be checked without a Mac; tests/test_native.py checks the C it sits on."""

import re
from pathlib import Path

import pytest

from sdk.look import Look
from tests.conftest import PROJECT

tree_sitter = pytest.importorskip("tree_sitter", reason="NOT MEASURED: Swift's and Kotlin's syntax; no tree-sitter")
SOURCES = [
    PROJECT / "Package.swift",
    *(PROJECT / "swift").rglob("*.swift"),
    *(PROJECT / "examples" / "ios").rglob("*.swift"),
    *(PROJECT / "android").rglob("*.kt"),
    *(PROJECT / "android").rglob("*.kts"),
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_source_parses(path: Path) -> None:
    grammar = pytest.importorskip("tree_sitter_swift" if path.suffix == ".swift" else "tree_sitter_kotlin")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert not parser.parse(path.read_bytes()).root_node.has_error


@pytest.mark.parametrize(
    ("source", "declaration"),
    [
        ("swift/Sources/EdgeColorizer/Colorizer.swift", r"defaultVividness: Float = ([\d.]+)"),
        ("android/colorizer-android/src/main/kotlin/org/edgecolorizer/Colorizer.kt", r"DEFAULT_VIVIDNESS = ([\d.]+)f"),
    ],
)
def test_a_photo_is_as_vivid_as_in_python_where_nothing_is_said(source: str, declaration: str) -> None:
    (default,) = re.findall(declaration, (PROJECT / source).read_text())
    assert float(default) == Look().vividness
