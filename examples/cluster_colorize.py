"""Colour a million photos, on this machine's processors or on a Ray cluster.

    pip install -e '.[cluster]'        # for s3:// also s3fs, for gs:// gcsfs
    python examples/cluster_colorize.py albums/ coloured/
    python examples/cluster_colorize.py s3://bucket/listing.txt s3://bucket/coloured --parquet --address auto

Takes a folder of photos or a text file with a path a line, wherever fsspec reads. Shows a progress bar (in a log file a
line each half minute), then how many were coloured and how many could not be. OUT/photos mirrors the folder (with
--parquet, OUT/parquet has rows of path and photo); OUT/errors has rows of path and error. The same command goes on
where it stopped or was killed. Exit code 2: it could not go on, and why. To try failed photos again, delete OUT/errors
first. docs/cluster.md has the rest: clusters, what each failure does, and what a hundred million photos need.
"""

import argparse
import hashlib
import io
import logging
import os
import platform
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from pyarrow import dataset, parquet
from tqdm import tqdm

from sdk import Colorizer, ColorizerError, OutputError, PhotoError
from sdk.batch import mirrored_name
from sdk.formats import is_photo

# What a killed worker repeats, and what becomes one Parquet file; a worker holds this many encoded photos.
PHOTOS_PER_TASK = 64
READERS = 8  # a store answers slowly: so many photos are fetched at once while others are coloured
# Ray does a lost worker's task again however often it is lost: machines come and go. So it is we who see to it that a
# photo which takes every worker down with it becomes an error.
DIED = "A worker died over it, twice; it may need more memory than there is."
LOGS = "Ray's logs, in /tmp/ray/session_latest/logs, say more; the same command goes on where this one stopped."
LOG_SECONDS = 30  # between two lines of progress where stderr is a log file, and no terminal


@dataclass(frozen=True)
class Source:
    """Photos to colour.

    Attributes:
        files: Where they lie.
        root: The folder that the output mirrors; empty for a listing.
        photos: Paths in `files`, each once.
    """

    files: fsspec.AbstractFileSystem
    root: str
    photos: list[str] = field(repr=False)

    @classmethod
    def find(cls, url: str, *, outside: str) -> "Source":
        """Read a listing, or list a folder's photos, except those in the folder `outside`.

        Raises:
            PhotoError: There are none.
        """
        files, root = fsspec.url_to_fs(url)
        if files.isfile(root):
            lines = [line for line in files.read_text(root).splitlines() if line.strip()]
            files, root = fsspec.url_to_fs(lines[0])[0] if lines else files, ""
            photos = list(dict.fromkeys(str(files._strip_protocol(line.strip())) for line in lines))
        else:
            found = (path for path in files.find(root) if not path.startswith(f"{outside}/"))
            photos = sorted(path for path in found if is_photo(path))
        if not photos:
            raise PhotoError(f"{url} is neither a folder with photos nor a listing of their paths, one a line.")
        return cls(files, root, photos)


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


class Worker:
    """One held Colorizer on one processor. Each photo of a task becomes a result or an error, and nothing else."""

    def __init__(self, source: Source, output: Output) -> None:
        self._source, self._output = source, output
        self._colorizer = Colorizer.load(threads=1)

    def __call__(self, task: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Settle the photos at `path`; answer for each whether it `failed`, or only why the job must be `stopped`."""
        paths: list[str] = task["path"].tolist()
        try:
            return {"failed": self._settle(paths), "stopped": np.full(len(paths), "")}
        except OSError as error:  # not raised: Ray tells an exception in pages of its own
            reason = f"On {platform.node()}, {str(error).rstrip('.')}"
            return {"failed": np.zeros(1, bool), "stopped": np.array([reason])}

    def _settle(self, paths: list[str]) -> np.ndarray:
        task = hashlib.sha256("\0".join(paths).encode()).hexdigest()[:32]
        died_over = self._output.begun(task)
        made: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = [{"path": path, "error": DIED} for path in died_over or ()]
        left = paths if died_over is None else [path for path in paths if not self._is_settled(path, died_over)]
        with ThreadPoolExecutor(READERS) as pool:
            for path, content in zip(left, pool.map(self._read, left), strict=True):
                if died_over is not None:
                    self._output.note(task, [*died_over, path])
                try:
                    if isinstance(content, OSError):
                        raise PhotoError(f"It cannot be read: {content}.")
                    photo = self._coloured(content, mirrored_name(Path(path)))
                except (ColorizerError, MemoryError) as error:
                    if getattr(error.__cause__, "errno", None):  # this machine's disk refuses; the photo may be good
                        raise
                    errors.append({"path": path, "error": str(error) or "There is too little memory for it."})
                else:
                    if self._output.as_rows:
                        made.append({"path": path, "photo": photo})
                    else:
                        self._output.write(self._output.target(path, self._source.root), photo)
        self._output.write_rows("parquet", task, made)
        self._output.write_rows("errors", task, errors)
        self._output.forget(task)
        return np.isin(paths, [row["path"] for row in errors])

    def _is_settled(self, path: str, died_over: list[str]) -> bool:
        if path in died_over:
            return True
        # Rows are written when a task ends, so one that is done again has none yet.
        return not self._output.as_rows and self._output.files.exists(self._output.target(path, self._source.root))

    def _read(self, path: str) -> Any:  # bytes; or an OSError, told apart by the caller
        try:
            return self._source.files.cat_file(path)
        except OSError as error:
            return error

    def _coloured(self, content: bytes, name: str) -> bytes:
        """A photo in the format its name says, as deep as it came."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"photo{Path(name).suffix}"
            self._colorizer.colorize_file(content, path)
            return path.read_bytes()


def settle(photos: list[str], source: Source, output: Output, *, workers: int) -> int:
    """Colour photos on the Ray that this process is connected to; returns how many failed.

    Raises:
        OutputError: A machine cannot write; the message says what to do.
        ray.exceptions.RayError: No worker can start, or one has a fault.
    """
    import ray.data

    # Ray's plans, bars and tracebacks are for its log files.
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.raise_original_map_exception = True  # for `_cause`
    output.forget()  # what another run noted: it may have been ended at a good photo
    paths = pa.table({"path": photos})
    tasks = [paths.slice(start, PHOTOS_PER_TASK) for start in range(0, len(photos), PHOTOS_PER_TASK)]
    answers = ray.data.from_arrow(tasks).map_batches(
        Worker,
        fn_constructor_args=(Source(source.files, source.root, []), output),
        batch_size=None,  # a block is a task, so that a task that is done again has the same photos
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
    )
    failed, seconds = 0, 0.1 if sys.stderr.isatty() else LOG_SECONDS
    # Answers come in lumps: only the mean rate of the whole run gives a steady estimate of what is left.
    with tqdm(total=len(photos), unit="photo", mininterval=seconds, miniters=1, smoothing=0) as progress:
        for answer in answers.iter_batches(batch_size=None):
            if reason := str(answer["stopped"][0]):
                raise OutputError(f"{reason}. Make room or allow it, then give the command again: it goes on.")
            failed += int(np.sum(answer["failed"]))
            progress.update(len(answer["failed"]))
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Colour, report. Returns the exit code."""
    options = _parser().parse_args(arguments)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before Ray is imported; this product tells nobody what it does
    import ray
    from ray.exceptions import RayError

    try:
        files, root = fsspec.url_to_fs(options.out)
        output = Output(files, root.rstrip("/"), options.parquet)
        source = Source.find(options.source, outside=output.root)
        files.makedirs(output.root, exist_ok=True)
        photos, failed = output.unsettled(source), 0
        if photos:
            local = {} if options.address else {"num_cpus": options.workers}
            ray.init(
                options.address or "local",
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
                **local,
            )
            workers = options.workers or int(ray.cluster_resources()["CPU"])
            failed = settle(photos, source, output, workers=workers)
    except RayError as error:  # before OSError: an error of Ray's may be one too, with pages of text
        print(f"cluster_colorize: no worker could finish a task: {_cause(error)} {LOGS}", file=sys.stderr)
        return 2
    except (OSError, ValueError, ImportError) as error:
        print(f"cluster_colorize: {error}", file=sys.stderr)
        return 2
    finally:
        ray.shutdown()
    before = len(source.photos) - len(photos)
    print(f"{len(photos) - failed} coloured, {failed} failed (see {options.out}/errors), {before} done before")
    return 0


def _cause(error: Exception) -> str:
    """The one line of Ray's error that says what went wrong."""
    if cause := getattr(error, "cause", None):  # raised by what a worker runs; Ray adds lines about itself
        return f"{type(cause).__name__}: {cause}".splitlines()[0]
    return str(error).splitlines()[-1]  # Ray's own frames come first


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a folder of photos, or a text file with a path a line")
    parser.add_argument("out", help="folder for results; every machine of the cluster must reach it")
    parser.add_argument("--parquet", action="store_true", help="write rows of path and photo instead of files")
    parser.add_argument("--workers", type=int, help="processors to use (default: all there are)")
    parser.add_argument("--address", help="the cluster's, as Ray takes it (default: this machine alone)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
