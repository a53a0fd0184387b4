"""What a folder of coloured photos was made of, so that "done" is known and not guessed from a name.

Each line of `.colorize.jsonl` tells of one file: which photo it is of, by which model and options, and what it is. It
is written when the file is whole and before it takes its name: a file that was killed on its way is never done, and one
that somebody has emptied, edited or replaced is none of ours.
"""

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from sdk.errors import OutputError
from sdk.manifest import sha256

FILE_NAME: Final = ".colorize.jsonl"


@dataclass(frozen=True)
class Seen:
    """A file as it was."""

    bytes: int
    changed: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """A file as it is now."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, sha256(path))

    def still(self, path: Path) -> bool:
        """Whether a file is this one: of its size, and of its time or else, after a copy, of its content."""
        status = path.stat()
        return status.st_size == self.bytes and (status.st_mtime_ns == self.changed or sha256(path) == self.sha256)


@dataclass(frozen=True)
class _Entry:
    made_by: str
    photo: Seen
    file: Seen


class Record:
    """The record of one folder. Many threads may share one.

    Args:
        folder: Need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        try:
            lines = (folder / FILE_NAME).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            # A line that was cut short tells of a file that is not there.
            with suppress(ValueError, TypeError, KeyError):
                told = json.loads(line)
                entry = _Entry(told["made_by"], Seen(**told["photo"]), Seen(**told["file"]))
                self._entries[told["path"]] = entry

    def holds(self, path: Path, photo: Path, made_by: str) -> bool:
        """Whether a file is, byte for byte, what was made of this photo in this way.

        Args:
            path: The file, in the folder.
            photo: The photo's file.
            made_by: What tells models and options apart.
        """
        entry = self._entries.get(self._name(path))
        if entry is None or entry.made_by != made_by:
            return False
        try:
            return entry.file.still(path) and entry.photo.still(photo)
        except OSError:
            return False

    def add(self, path: Path, whole: Path, photo: Path, made_by: str) -> None:
        """Note that `whole` is about to become `path`.

        Raises:
            OutputError: The record cannot be written.
        """
        try:
            entry = _Entry(made_by, photo=Seen.of(photo), file=Seen.of(whole))
            line = json.dumps({"path": self._name(path), **asdict(entry)})
            with self._turn, (self._folder / FILE_NAME).open("ab", buffering=0) as file:
                file.write(f"\n{line}".encode())  # a line that was cut short stays a line of its own
        except OSError as error:
            raise OutputError(f"{self._folder / FILE_NAME} cannot be written: {error.strerror}.") from error
        self._entries[self._name(path)] = entry

    def _name(self, path: Path) -> str:
        return os.fsencode(path.relative_to(self._folder)).decode(errors="backslashreplace")
