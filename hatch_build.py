"""Hatch runs this before it packs the project: the web page is built where npm is at hand, so that a wheel has one."""

import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# `npm run build` makes the page of these, and writes the service worker last.
SOURCES = ("web/*.[jt]s*", "web/src/*", "examples/web/**/*", "examples/photos/*", "goldens/photos/*", "sdk/models/*")
PAGE = Path("sdk/page")
LAST_WRITTEN = PAGE / "sw.js"
ARCHIVE = Path("sdk/page.tar.xz")
# LiteRT's two builds, 9 MB each, are nearly alike; a dictionary that reaches from one to the other makes them cost one.
COMPRESSION = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 16 << 20}]
LONGEST_SECONDS = 600


class PageHook(BuildHookInterface):
    """Builds and packs the page unless a fresh one lies there. Without it everything but `colorize serve` works."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's signature
        """Called by hatch with "editable" for a checkout installed in place, where `just page` builds the page."""
        root = Path(self.root)
        is_unpacked_sdist = (root / "PKG-INFO").exists() and (root / ARCHIVE).exists()
        if version == "editable" or is_unpacked_sdist:
            return
        try:
            if not is_fresh(root / LAST_WRITTEN, (path for pattern in SOURCES for path in root.glob(pattern))):
                build(root)
            if not is_fresh(root / ARCHIVE, [root / LAST_WRITTEN]):
                pack(root / PAGE, root / ARCHIVE)
        except (OSError, subprocess.SubprocessError) as error:
            (root / ARCHIVE).unlink(missing_ok=True)
            self.app.display_warning(f"Built without the web page, which `colorize serve` needs: {error}")


def is_fresh(made: Path, sources: Iterable[Path]) -> bool:
    """Whether a file is there and no older than what it is made of."""
    return made.exists() and all(path.stat().st_mtime <= made.stat().st_mtime for path in sources)


def build(root: Path) -> None:
    """Have npm build the page; what a failure leaves is removed."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm (https://nodejs.org) is not installed.")
    try:
        for command in (["ci", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "web", check=True, timeout=LONGEST_SECONDS)
    except BaseException:
        shutil.rmtree(root / PAGE, ignore_errors=True)
        raise


def pack(page: Path, archive: Path) -> None:
    """Pack the page into one file, without the model, which `colorize serve` takes from where Python has it."""
    part = archive.with_suffix(".part")
    with lzma.open(part, "wb", filters=COMPRESSION) as compressed, tarfile.open(fileobj=compressed, mode="w") as packed:
        for path in sorted(page.rglob("*")):
            if path.is_file() and path.relative_to(page).parts[0] != "models":
                packed.add(path, path.relative_to(page), filter=_without_machine)
    part.replace(archive)


def _without_machine(file: tarfile.TarInfo) -> tarfile.TarInfo:
    """Equal pages make equal archives, whoever packs them and when."""
    file.mtime, file.mode, file.uid, file.gid, file.uname, file.gname = 0, 0o644, 0, 0, "", ""
    return file
