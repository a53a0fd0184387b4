"""COCO 2017, the collection the paper trained on, in its official layout: `train2017/*.jpg`, `val2017/*.jpg`."""

from dataclasses import dataclass
from pathlib import Path

from torchvision.datasets.utils import download_url, extract_archive

from sdk.formats import is_photo
from training.errors import TrainingError

OFFICIAL_SITE = "http://images.cocodataset.org/zips"


class DownloadError(TrainingError, ValueError):
    """A collection could not be fetched whole."""


@dataclass(frozen=True)
class Split:
    """One archive of COCO, as its publishers describe it."""

    md5: str
    photos: int


SPLITS = {
    "train2017": Split(md5="cced6f7f71b7629ddf16f17bbcfab6b2", photos=118_287),
    "val2017": Split(md5="442b8da7639aecaf257c1dceb8ba8c80", photos=5_000),
}


def download_coco(name: str, folder: Path, *, site: str = OFFICIAL_SITE, split: Split | None = None) -> Path:
    """Fetch one split, verify it, and unpack it; what is already there is not fetched again.

    Args:
        name: "train2017" (18 GB) or "val2017" (0.8 GB).
        folder: Where `name`'s folder of photos goes.
        site: URL of the folder that holds `name.zip`: the official site or a mirror of it.
        split: What the archive must be; by default what is known of `name`.

    Returns:
        The folder of photos.

    Raises:
        DownloadError: The archive cannot be fetched, is not the published one, or lacks photos.
    """
    expected = split or SPLITS[name]
    photos = folder / name
    if _count(photos) == expected.photos:
        return photos
    archive = folder / f"{name}.zip"
    try:
        download_url(f"{site}/{name}.zip", folder, md5=expected.md5)
    except (OSError, RuntimeError) as error:  # torchvision raises RuntimeError for a wrong checksum
        raise DownloadError(f"{site}/{name}.zip could not be fetched and verified ({error}); try again.") from error
    extract_archive(archive, folder)
    if (found := _count(photos)) != expected.photos:
        raise DownloadError(f"{photos} has {found} photos where {expected.photos} were published.")
    archive.unlink()
    return photos


def _count(photos: Path) -> int:
    return sum(is_photo(path.name) for path in photos.glob("*"))
