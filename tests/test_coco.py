"""COCO is fetched whole and verified, or refused in a sentence."""

import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PHOTOS
from training.data import find_photos
from training.data.coco import DownloadError, Split, download_coco


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Split]]:
    """A tiny split of COCO in the official layout, served on loopback."""
    folder = tmp_path / "site"
    folder.mkdir()
    with zipfile.ZipFile(folder / "val2017.zip", "w") as archive:
        for path in PHOTOS.glob("*.jpg"):
            archive.write(path, f"val2017/{path.name}")
    expected = Split(md5=hashlib.md5((folder / "val2017.zip").read_bytes()).hexdigest(), photos=4)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", expected
        server.shutdown()


def test_coco_is_fetched_verified_and_unpacked(site: tuple[str, Split], tmp_path: Path) -> None:
    url, split = site
    photos = download_coco("val2017", tmp_path / "coco", site=url, split=split)
    assert len(dict(find_photos(photos))) == 4
    assert sorted(path.name for path in (tmp_path / "coco").iterdir()) == ["val2017"]
    assert download_coco("val2017", tmp_path / "coco", site="http://127.0.0.1:1", split=split) == photos  # not again


@pytest.mark.parametrize("fault", ["another archive", "photos missing", "no such host"])
def test_a_bad_download_is_one_clear_error(fault: str, site: tuple[str, Split], tmp_path: Path) -> None:
    url, split = site
    if fault == "another archive":
        split = Split(md5="0" * 32, photos=4)
    elif fault == "photos missing":
        split = Split(md5=split.md5, photos=5)
    else:
        url = "http://127.0.0.1:1"
    with pytest.raises(DownloadError, match="val2017"):
        download_coco("val2017", tmp_path / "coco", site=url, split=split)
