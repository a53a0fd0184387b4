"""Every command and every snippet in README.md and docs/ works.

A block of shell is given to bash as it stands, in a copy of the project with a few photos in it; a page's blocks run in
order, Python among them. A comment before a block's fence says who runs it instead: `<!-- command: slow -->` the slow
test below, a file's name that file, and README's names `.ci/run`. What is run elsewhere is still parsed here.
"""

import argparse
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

from tests.conftest import PHOTOS, PROJECT

PAGES = {
    path.relative_to(PROJECT).as_posix(): path for path in (PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md"))
}
SHELL, PYTHON = ("sh", "bash"), ("python",)
SHOWN = ("json", "toml", "yaml", "ts", "kotlin", "swift", "java", "html", "text")  # no command among them
FENCE = re.compile(r"^\s*(?:```+|~~~+)(.*)\n(?:.*\n)*?\s*(?:```+|~~~+)$", re.MULTILINE)
BLOCK = re.compile(r"(?:^<!-- command: (\S+) -->\n)?^```(sh|bash|python)\n((?:.*\n)*?)```$", re.MULTILINE)
CI = (PROJECT / ".ci" / "run").read_text()


@dataclass(frozen=True)
class Block:
    """One fenced block, and who runs it: None is the default test."""

    page: str
    language: str
    runner: str | None
    text: str


BLOCKS = [
    Block(page, language, runner or None, text)
    for page, path in PAGES.items()
    for runner, language, text in BLOCK.findall(path.read_text())
]
RUN_HERE = sorted({block.page for block in BLOCKS if block.runner is None})
RUN_SLOWLY = sorted({block.page for block in BLOCKS if block.runner == "slow"})
RUN_ELSEWHERE = [block for block in BLOCKS if block.runner and f"run_from_readme {block.runner}\n" not in CI]


def first_line(block: Block) -> str:
    return f"{block.page}: {block.text.splitlines()[0]}"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_runner(page: str) -> None:
    languages = [language.strip() for language in FENCE.findall(PAGES[page].read_text())]
    assert set(languages) <= {*SHELL, *PYTHON, *SHOWN}, "say what each block is; shell is sh, without prompts"
    collected = [block.language for block in BLOCKS if block.page == page]
    assert [language for language in languages if language not in SHOWN] == collected, "do not indent what is run"
    for block in BLOCKS:
        if block in RUN_ELSEWHERE and block.runner != "slow":
            assert (PROJECT / str(block.runner)).is_file(), f"{first_line(block)}: nobody runs this"


@pytest.fixture
def workbench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, as a reader has it, with the photos that the pages speak of."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, tmp_path / name)
    cat = PROJECT / "examples" / "photos" / "cat.jpg"
    shutil.copy(cat, tmp_path / "grandmother.jpg")
    Image.fromarray(np.asarray(Image.open(cat).convert("L"), np.uint16) * 257).save(tmp_path / "scan.tif")
    shutil.copytree(PHOTOS, tmp_path / "albums")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def run(blocks: Iterator[Block]) -> None:
    shown: list[Any] = []
    frame = np.asarray(Image.open("grandmother.jpg"))
    names: dict[str, Any] = {"frames": [frame, frame], "show": shown.append}
    for block in blocks:
        if block.language in PYTHON:
            exec(compile(block.text, first_line(block), "exec"), names)
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.usefixtures("workbench")
@pytest.mark.parametrize("page", RUN_HERE)
def test_a_page_works_as_it_stands(page: str) -> None:
    run(block for block in BLOCKS if block.page == page and block.runner is None)


@pytest.fixture
def small_runs(workbench: Path, eval_photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes of two steps, and 120 photos under the names that stand for a reader's thousands."""
    import torch
    import torchvision
    from safetensors.torch import save_file

    for folder in ("albums", "PHOTOS"):  # real ones: an artifact's bounds hold on no others. One of them is held out
        shutil.copytree(eval_photos, workbench / folder, dirs_exist_ok=True)
    # Random encoders, where torchvision keeps what it has downloaded.
    monkeypatch.setenv("TORCH_HOME", str(workbench / "torch"))
    downloaded = workbench / "torch" / "hub" / "checkpoints"
    downloaded.mkdir(parents=True)
    for name in ("mobilenet_v2", "resnet18"):
        published: Any = torchvision.models.get_model_weights(name)
        torch.save(torchvision.models.get_model(name).state_dict(), downloaded / Path(published.DEFAULT.url).name)
    save_file(torchvision.models.mobilenet_v2().state_dict(), workbench / "ENCODER_WEIGHTS")
    for recipe in (workbench / "training" / "recipes").glob("*.toml"):
        text = re.sub(r"(?m)^steps = \d+", "steps = 2", recipe.read_text())
        # Two steps from random weights make no student worth exporting; two from the bundled one leave it good.
        recipe.write_text(
            text.replace("runs/student-start/student.safetensors", "training/weights/student.safetensors")
        )
    small = "steps = 2\nsize = 64\nbatch_size = 4\n"
    teacher = small + '[teacher]\nencoder = "resnet18"\n'
    begun = 'start = "runs/{0}/{0}.safetensors"\n'
    for name, text in {
        "teacher": teacher,
        "teacher-gan": begun.format("teacher") + teacher + "[gan]\ndiscriminator_width = 8\n",
        "student": small + '[distill]\nteachers = ["runs/teacher-gan/teacher.safetensors"]\n',
        "student-int8": begun.format("student") + "round_weights = true\n" + small,
    }.items():
        (workbench / f"{name}.toml").write_text(text)


@pytest.mark.slow
@pytest.mark.usefixtures("small_runs")
@pytest.mark.parametrize("page", RUN_SLOWLY)
def test_the_long_commands_work_as_they_stand(page: str) -> None:
    run(block for block in BLOCKS if block.page == page and block.runner == "slow")


class Parsed(BaseException):
    """A program's own parser has accepted its arguments; the program need not go on."""


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("block", RUN_ELSEWHERE, ids=first_line)
def test_what_is_run_elsewhere_is_parsed(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A phone's tools: the workflow has them, this machine need not.
    if block.runner and block.runner.startswith(".github/"):
        programs = {line.split()[0] for line in block.text.splitlines()} - {"cd"}
        assert programs
        assert all(program in (PROJECT / block.runner).read_text() for program in programs)
        return
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, *arguments: Any) -> NoReturn:
        parse(self, *arguments)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    monkeypatch.chdir(tmp_path)
    commands = commands_of(block, tmp_path)
    assert commands
    for command in commands:
        check(command, monkeypatch)
        for word in command:
            if word.startswith(("docs/", "examples/", "sdk/", "training/")):
                assert (PROJECT / word).exists(), f"{word} is not there"


def commands_of(block: Block, folder: Path) -> list[list[str]]:
    """Each command's words, as bash would start it: no program is found, and those who are not are written down."""
    prelude = """
    command_not_found_handle() { printf '%s\\0' "$@" >> "$LOG"; printf '\\x1e' >> "$LOG"; }
    cd() { :; }
    """
    log = folder / "log"
    subprocess.run(
        [shutil.which("bash") or "bash", "-uc", prelude + block.text],
        env={"PATH": "/nowhere", "LOG": str(log)},
        cwd=folder,
        check=True,
    )
    return [line.split("\0")[:-1] for line in log.read_text().split("\x1e")[:-1]]


def check(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    match command:
        case ["python", "-m", module, *arguments]:
            monkeypatch.setattr(sys, "argv", [module, *arguments])
            with pytest.raises(Parsed):
                runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["python", script, *arguments]:
            monkeypatch.setattr(sys, "argv", [script, *arguments])
            with pytest.raises(Parsed):
                runpy.run_path(str(PROJECT / script), run_name="__main__")
        case ["colorize", *arguments]:
            check(["python", "-m", "sdk", *arguments], monkeypatch)
        case ["just", *arguments]:
            subprocess.run(["just", "--dry-run", *arguments], cwd=PROJECT, capture_output=True, check=True)
        case ["pip", "install", *wanted]:
            project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
            for word in wanted:
                requirement = Requirement(re.sub(r"^\.", project["name"], word.removeprefix("-e") or "pip"))
                assert requirement.extras <= set(project["optional-dependencies"])
        case [program, *_]:
            assert shutil.which(program), f"{program} is not installed"
        case _:
            raise AssertionError(command)
