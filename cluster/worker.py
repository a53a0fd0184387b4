"""What a processor does: a task's photos, each to a result or an error."""

import hashlib
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from cluster.output import Output
from cluster.source import Source
from sdk import Colorizer, ColorizerError, PhotoError
from sdk.planning import mirrored_name

READERS: Final = 8  # a store answers slowly: so many photos are fetched at once while others are coloured
# Ray does a lost worker's task again however often it is lost: machines come and go. So it is we who see to it that a
# photo which takes every worker down with it becomes an error.
DIED: Final = "A worker died over it, twice; it may need more memory than there is."


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
