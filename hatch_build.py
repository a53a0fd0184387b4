"""Hatch runs this before it packs the project: the web page is built where npm is at hand, so that a wheel has one."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# `npm run build` makes the page of these, and writes the service worker last.
SOURCES = ("web/*.[jt]s*", "web/src/*", "examples/web/**/*", "examples/photos/*", "goldens/photos/*", "sdk/models/*")
LAST_WRITTEN = "sdk/page/sw.js"
LONGEST_SECONDS = 600


class PageHook(BuildHookInterface):
    """Builds the page unless a fresh one lies there. Without it everything but `colorize serve` works."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's signature
        """Called by hatch with "editable" for a checkout installed in place, where `just page` builds the page."""
        if version == "editable" or is_fresh(Path(self.root)):
            return
        try:
            build(Path(self.root))
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"Built without the web page, which `colorize serve` needs: {error}")


def is_fresh(root: Path) -> bool:
    """Whether the page is there and no older than what it is made of; an sdist's page is the one it was packed with."""
    page = root / LAST_WRITTEN
    if not page.exists() or (root / "PKG-INFO").exists():
        return page.exists()
    return all(path.stat().st_mtime <= page.stat().st_mtime for pattern in SOURCES for path in root.glob(pattern))


def build(root: Path) -> None:
    """Have npm build the page; what a failure leaves is removed."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm (https://nodejs.org) is not installed.")
    try:
        for command in (["ci", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "web", check=True, timeout=LONGEST_SECONDS)
    except BaseException:
        shutil.rmtree(root / "sdk" / "page", ignore_errors=True)
        raise
