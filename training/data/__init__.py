"""Photos in, training batches out.

`sources` finds and decodes photos, `photos` cuts them into batches, `packed` and `streamed` are where the pixels
come from, `old_photos` ages them, `coco` fetches the public collection the paper used.
"""

from pathlib import Path

from training.data.packed import INDEX_FILE, PackedPhotos, pack
from training.data.photos import Batch, Photos
from training.data.sources import EmptyDatasetError, ShardError, decode_rgb, find_photos
from training.data.streamed import StreamedPhotos

__all__ = [
    "INDEX_FILE",
    "Batch",
    "EmptyDatasetError",
    "PackedPhotos",
    "Photos",
    "ShardError",
    "StreamedPhotos",
    "decode_rgb",
    "find_photos",
    "open_photos",
    "pack",
]


def open_photos(source: Path, *, held_out: bool = False) -> Photos:
    """Photos to train on, from wherever they are.

    Args:
        source: What `pack` wrote, or photos that are too many to pack: tar shards or a folder.
        held_out: Keep only the photos set aside for choosing between runs (or, by default, all others).

    Raises:
        EmptyDatasetError: There are none.
    """
    kind = PackedPhotos if (source / INDEX_FILE).exists() else StreamedPhotos
    return kind(source, held_out=held_out)
