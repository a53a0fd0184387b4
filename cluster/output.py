"""The folder of results: photos as files or as rows, errors, and notes of what is begun."""

import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from pyarrow import dataset, parquet

from cluster.source import Source
from sdk import OutputError
from sdk.planning import mirrored_name


@dataclass(frozen=True)
class Output:
    """A folder of results. Each file is whole, and its name says what it was made from: doing it again replaces it.

    Attributes:
        files: Where the folder lies.
        root: The folder.
        as_rows: Whether photos become rows instead of files.
    """

    files: fsspec.AbstractFileSystem
    root: str
    as_rows: bool

    def target(self, photo: str, source_root: str) -> str:
        """The file a photo becomes."""
        relative = PurePosixPath(photo.removeprefix(source_root).lstrip("/"))
        if ".." in relative.parts:
            raise OutputError(f"{photo} leads out of the output's folder; list photos by paths without '..'.")
        return f"{self.root}/photos/{relative.with_name(mirrored_name(Path(relative)))}"

    def unsettled(self, source: Source) -> list[str]:
        """The photos that have neither a result nor an error yet.

        Raises:
            OutputError: Two photos would become one file, or one would not lie in this folder.
        """
        settled = self._paths("errors")
        if self.as_rows:
            settled |= self._paths("parquet")
        else:
            targets = {self.target(photo, source.root): photo for photo in source.photos}
            if len(targets) < len(source.photos):
                raise OutputError("Two photos would become one file; colour them apart, or with --parquet.")
            settled |= {targets[path] for path in self.files.find(f"{self.root}/photos") if path in targets}
        return [photo for photo in source.photos if photo not in settled]

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole or not at all, as an object store does by itself.

        Raises:
            OSError: It cannot be written.
        """
        folder, _, name = path.rpartition("/")
        self.files.makedirs(folder, exist_ok=True)
        if not isinstance(self.files, LocalFileSystem):
            self.files.pipe_file(path, content)
            return
        partial = Path(folder) / f".{name}.partial"
        try:
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"{path} could not be written: {error}") from error

    def begun(self, task: str) -> list[str] | None:
        """The photos that a task was at when it lost its workers; None, and a note from now on, where it is new."""
        try:
            noted = str(self.files.read_text(f"{self.root}/begun/{task}", encoding="utf-8"))
        except FileNotFoundError:
            self.note(task, [])
            return None
        return [photo for photo in noted.split("\0") if photo]

    def note(self, task: str, photos: list[str]) -> None:
        """Note what a task is at, for whoever does it again."""
        self.write(f"{self.root}/begun/{task}", "\0".join(photos).encode())

    def forget(self, task: str = "") -> None:
        """Forget what was noted about a task, or about all."""
        if self.files.exists(f"{self.root}/begun/{task}"):
            self.files.rm(f"{self.root}/begun/{task}", recursive=not task)

    def write_rows(self, table: str, task: str, rows: list[dict[str, Any]]) -> None:
        """Write the rows that one task has for a table, if any."""
        if rows:
            buffer = io.BytesIO()
            parquet.write_table(pa.Table.from_pylist(rows), buffer)
            self.write(f"{self.root}/{table}/{task}.parquet", buffer.getvalue())

    def _paths(self, table: str) -> set[str]:
        folder = f"{self.root}/{table}"
        if not self.files.isdir(folder):
            return set()
        rows = dataset.dataset(folder, filesystem=self.files, format="parquet")
        return set(rows.to_table(columns=["path"])["path"].to_pylist())
