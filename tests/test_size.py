"""A file and a function are no longer than a reader can hold, or a comment that begins "Long:" says why."""

import ast
import subprocess
from pathlib import Path

from tests.conftest import PROJECT

CODE = {".py", ".ts", ".js", ".c", ".h", ".kt", ".swift", ".java"}
LINES_OF_A_FILE = 250
LINES_OF_A_FUNCTION = 40  # Python's, and without what its docstring takes


def too_long(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    if len(lines) > LINES_OF_A_FILE and "Long: " not in "".join(lines[:20]):
        found.append(f"{path} has {len(lines)} lines")
    for node in ast.walk(ast.parse(text if path.suffix == ".py" else "")):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = len((ast.get_docstring(node, clean=False) or "").splitlines())
            length = (node.end_lineno or 0) - node.lineno + 1 - documented
            if length > LINES_OF_A_FUNCTION and "# Long: " not in lines[node.lineno - 2]:
                found.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    return found


def test_every_file_and_function_can_be_held_in_the_head() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    files = [path for name in listed.split("\0")[:-1] if (path := PROJECT / name).suffix in CODE and path.is_file()]
    assert len(files) > 100
    assert [line for path in files for line in too_long(path)] == []


def test_what_is_too_long_is_found_unless_it_says_why(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    function = "def long() -> None:\n" + "    pass\n" * LINES_OF_A_FUNCTION
    file.write_text(function)
    assert too_long(file) == [f"{file}:1: long has 41 lines"]
    file.write_text(f"# Long: a table\n{function}" + "\n" * LINES_OF_A_FILE)
    assert too_long(file) == []
    file.write_text("\n" * (LINES_OF_A_FILE + 1))
    assert too_long(file) == [f"{file} has 251 lines"]
