"""All tasks, handed to Ray's workers, with a progress bar."""

import logging
import sys

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from cluster.output import Output
from cluster.source import Source
from cluster.worker import Worker
from sdk import OutputError

# What a killed worker repeats, and what becomes one Parquet file; a worker holds this many encoded photos.
PHOTOS_PER_TASK = 64
LOG_SECONDS = 30  # between two lines of progress where stderr is a log file, and no terminal


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
    context.raise_original_map_exception = True  # for `cluster.__main__`
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
