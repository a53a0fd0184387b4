"""A wheel has the web page where npm is at hand, and is made without it where not."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT

NPM = """#!/bin/sh
PATH=/usr/bin:/bin
echo "$@" >> {log}
[ "$1" = run ] && mkdir -p ../sdk/page && touch ../sdk/page/index.html ../sdk/page/sw.js
exit {status}
"""


class Checkout:
    """A copy of the project without a page, and a PATH on which npm is what a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tools, self.log = folder / "checkout", folder / "tools", folder / "npm.log"
        shutil.copytree(PROJECT / "sdk", self.folder / "sdk", ignore=shutil.ignore_patterns("page*", "__pycache__"))
        (self.folder / "web").mkdir()
        for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "web/package.json"):
            shutil.copy(PROJECT / name, self.folder / name)
        self.tools.mkdir()

    def has_npm(self, *, status: int = 0) -> None:
        self.log.touch()
        npm = self.tools / "npm"
        npm.write_text(NPM.format(log=self.log, status=status))
        npm.chmod(0o755)

    def build(self, *command: str | Path) -> tuple[list[str], str]:
        """The names in the wheel, and what was said meanwhile."""
        done = subprocess.run(
            command or [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
            cwd=self.folder,
            env={**os.environ, "PATH": str(self.tools)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (wheel,) = (self.folder / "dist").glob("*.whl")
        return zipfile.ZipFile(wheel).namelist(), done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_wheel_is_made_without_npm_and_one_sentence_says_what_it_lacks(checkout: Checkout) -> None:
    names, said = checkout.build()
    assert "sdk/page.tar.xz" not in names
    assert "sdk/server.py" in names
    assert said.count("Built without the web page") == 1
    assert "npm (https://nodejs.org) is not installed." in said


def test_a_wheel_is_made_where_npm_fails(checkout: Checkout) -> None:
    """As it does without a network."""
    checkout.has_npm(status=1)
    (checkout.folder / "sdk" / "page").mkdir()
    (checkout.folder / "sdk" / "page" / "index.html").write_text("half a page")
    (checkout.folder / "sdk" / "page.tar.xz").write_text("an old page")
    names, said = checkout.build()
    assert "sdk/page.tar.xz" not in names
    assert said.count("Built without the web page") == 1


def test_the_page_is_built_where_npm_is_and_only_when_it_is_not_fresh(checkout: Checkout) -> None:
    checkout.has_npm()
    names, _ = checkout.build()
    assert "sdk/page.tar.xz" in names
    assert not any(name.startswith("sdk/page/") for name in names)
    built = checkout.log.read_text()
    assert [line.split()[0] for line in built.splitlines()] == ["ci", "run"]
    checkout.build()
    assert checkout.log.read_text() == built
    names, _ = checkout.build(Path(sys.executable).with_name("uv"), "build")  # an sdist, and the wheel from that
    assert "sdk/page.tar.xz" in names
    assert checkout.log.read_text() == built
    shutil.copytree(PROJECT / "examples" / "web", checkout.folder / "examples" / "web")
    for builds, source in enumerate(("web/package.json", "examples/web/styles/photo.css"), start=2):
        (checkout.folder / source).touch()
        checkout.build()
        assert checkout.log.read_text() == builds * built


@pytest.mark.slow
def test_the_readme_s_install_serves_the_page(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("NOT MEASURED: npm is not installed")
    subprocess.run(["git", "clone", "--quiet", PROJECT, tmp_path / "clone"], check=True)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "environment"], check=True)
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", tmp_path / "clone"], check=True)
    program = "from sdk.server import open_server; open_server().server_close()"
    subprocess.run([python, "-I", "-c", program], check=True, cwd=tmp_path)
