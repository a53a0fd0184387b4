"""Colour a million photos, on this machine's processors or on a Ray cluster.

    pip install -e '.[cluster]'        # for s3:// also s3fs, for gs:// gcsfs
    python -m cluster albums/ coloured/
    python -m cluster s3://bucket/listing.txt s3://bucket/coloured --parquet --address auto

Takes a folder of photos or a text file with a path a line, wherever fsspec reads. Shows a progress bar (in a log file a
line each half minute), then how many were coloured and how many could not be. OUT/photos mirrors the folder (with
--parquet, OUT/parquet has rows of path and photo); OUT/errors has rows of path and error. The same command goes on
where it stopped or was killed. Exit code 2: it could not go on, and why. To try failed photos again, delete OUT/errors
first. docs/cluster.md has the rest: clusters, what each failure does, and what a hundred million photos need.
"""

import argparse
import logging
import os
import sys

import fsspec

from cluster.job import settle
from cluster.output import Output
from cluster.source import Source

LOGS = "Ray's logs, in /tmp/ray/session_latest/logs, say more; the same command goes on where this one stopped."


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
            _start_ray(options.address, options.workers)
            workers = options.workers or int(ray.cluster_resources()["CPU"])
            failed = settle(photos, source, output, workers=workers)
    except RayError as error:  # before OSError: an error of Ray's may be one too, with pages of text
        print(f"cluster: no worker could finish a task: {_cause(error)} {LOGS}", file=sys.stderr)
        return 2
    except (OSError, ValueError, ImportError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 2
    finally:
        ray.shutdown()
    before = len(source.photos) - len(photos)
    print(f"{len(photos) - failed} coloured, {failed} failed (see {options.out}/errors), {before} done before")
    return 0


def _start_ray(address: str | None, workers: int | None) -> None:
    import ray

    try:
        ray.init(
            address or "local",
            num_cpus=None if address else workers,
            include_dashboard=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except Exception as error:
        if type(error) is Exception:  # all that Ray says where it did not start within its half minute
            raise TimeoutError(f"Ray did not start: {error} Try again when the machine is less busy.") from error
        raise


def _cause(error: Exception) -> str:
    """The one line of Ray's error that says what went wrong."""
    if cause := getattr(error, "cause", None):  # raised by what a worker runs; Ray adds lines about itself
        return f"{type(cause).__name__}: {cause}".splitlines()[0]
    return str(error).splitlines()[-1]  # Ray's own frames come first


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", help="a folder of photos, or a text file with a path a line")
    parser.add_argument("out", help="folder for results; every machine of the cluster must reach it")
    parser.add_argument("--parquet", action="store_true", help="write rows of path and photo instead of files")
    parser.add_argument("--workers", type=int, help="processors to use (default: all there are)")
    parser.add_argument("--address", help="the cluster's, as Ray takes it (default: this machine alone)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
