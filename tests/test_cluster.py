"""Every photo of a folder or a listing becomes one result or one error, whatever a worker meets."""

import errno
from pathlib import Path
from typing import Any
from unittest import mock

import fsspec
import numpy as np
import pytest

from cluster.__main__ import main
from cluster.output import Output
from cluster.source import Source
from cluster.worker import DIED, Worker
from tests.cluster_results import rows, settled


def test_rows_are_written_once_however_often_a_task_is_done(album: Path, tmp_path: Path) -> None:
    """What Ray does after a worker's death is to do its task again."""
    output = Output(fsspec.filesystem("file"), str(tmp_path / "coloured"), as_rows=True)
    source = Source.find(str(album), outside=output.root)
    photos = output.unsettled(source)
    assert len(photos) == 43
    worker = Worker(source, output)
    for _ in range(2):
        assert worker({"path": np.array(photos[:10])})["failed"].sum() == 0
    assert output.unsettled(source) == photos[10:]
    assert worker({"path": np.array(photos[10:])})["failed"].sum() == 3
    assert output.unsettled(source) == []
    made = rows(tmp_path / "coloured" / "parquet")
    assert len({row["path"] for row in made}) == len(made) == 40
    assert len(rows(tmp_path / "coloured" / "errors")) == 3


def test_a_listing_names_photos_anywhere(album: Path, tmp_path: Path) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_text(f"{album}/00.png\n\nfile://{album}/02.jpg\n{album}/00.png\n")
    source = Source.find(str(listing), outside="")
    assert source.photos == [f"{album}/00.png", f"{album}/02.jpg"]
    output = Output(fsspec.filesystem("memory"), "/coloured", as_rows=False)
    Worker(source, output)({"path": np.array(output.unsettled(source))})
    assert output.unsettled(source) == []
    assert output.files.find("/coloured") == [f"/coloured/photos{album}/00.png", f"/coloured/photos{album}/02.jpg"]


def test_a_full_disk_stops_the_job_and_condemns_no_photo(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(fsspec.filesystem("file"), str(tmp_path / "coloured"), as_rows=False)
    source = Source.find(str(album), outside=output.root)
    photos = output.unsettled(source)
    worker = Worker(source, output)
    whole = Path.write_bytes

    def half(path: Path, content: bytes) -> int:  # a note is too small to fail
        whole(path, content[: len(content) // 2])
        if path.parent.name == "begun":
            return 0
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        (said,) = worker({"path": np.array(photos)})["stopped"]
        assert "could not be written: [Errno 28] No space left on device" in said
    full_of_temporary_files = mock.Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    with monkeypatch.context() as full:  # where a photo lies until it is sent to a store
        full.setattr("sdk.output._save_photo", full_of_temporary_files)
        assert "No space left" in worker({"path": np.array(photos)})["stopped"][0]
    assert [path.parent.name for path in tmp_path.glob("coloured/**/*") if path.is_file()] == ["begun"]
    assert output.unsettled(source) == photos
    output.forget()
    assert set(worker({"path": np.array(photos)})["stopped"]) == {""}
    assert settled(album, tmp_path / "coloured") == (40, 3)


class Killed(BaseException):
    """What no worker catches."""


@pytest.mark.parametrize("as_rows", [False, True])
def test_a_photo_that_kills_its_workers_becomes_an_error(
    as_rows: bool, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(fsspec.filesystem("file"), str(tmp_path / "coloured"), as_rows)
    source = Source.find(str(album), outside=output.root)
    photos = output.unsettled(source)
    worker, coloured = Worker(source, output), Worker._coloured

    def die(self: Any, content: bytes, name: str) -> bytes:
        if name in {"06.png", "14.jpg"}:
            raise Killed
        return coloured(self, content, name)

    monkeypatch.setattr(Worker, "_coloured", die)
    for _ in range(3):  # not watched; watched, over the first; over the second
        with pytest.raises(Killed):
            worker({"path": np.array(photos)})
    assert worker({"path": np.array(photos)})["failed"].sum() == 5
    errors = {Path(row["path"]).name: row["error"] for row in rows(tmp_path / "coloured" / "errors")}
    assert {name for name, error in errors.items() if error == DIED} == {"06.png", "14.jpg"}
    assert output.unsettled(source) == []
    assert not list((tmp_path / "coloured" / "begun").iterdir())
    if not as_rows:
        assert settled(album, tmp_path / "coloured") == (38, 5)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "neither a folder"), ("/a/../../etc/x.jpg", "leads out"), ("/a.ppm\n/a.ppm.png", "become one file")],
)
def test_a_listing_that_cannot_be_kept_to_is_refused(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "listing.txt").write_text(content)
    assert main([str(tmp_path / "listing.txt"), str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


def test_ray_that_does_not_start_in_time_is_one_sentence(
    album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="NOT MEASURED: Ray is not installed")
    monkeypatch.setattr(ray, "init", mock.Mock(side_effect=Exception("The current node timed out during startup.")))
    assert main([str(album), str(tmp_path / "coloured")]) == 2
    said = "Ray did not start: The current node timed out during startup. Try again when the machine is less busy."
    assert capsys.readouterr().err == f"cluster: {said}\n"
