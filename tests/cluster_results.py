"""What a run of `cluster` left."""

from pathlib import Path

from pyarrow import dataset


def rows(folder: Path) -> list[dict[str, str]]:
    return dataset.dataset(folder, format="parquet").to_table().to_pylist()


def settled(photos: Path, out: Path) -> tuple[int, int]:
    """How many results and errors there are, once it is clear that each photo has exactly one."""
    results = [str(path.relative_to(out / "photos")) for path in (out / "photos").rglob("*") if path.is_file()]
    errors = [str(Path(row["path"]).relative_to(photos)) for row in rows(out / "errors")]
    wanted = [path for suffix in ("jpg", "png", "webp") for path in photos.rglob(f"*.{suffix}")]
    assert sorted(results + errors) == sorted(str(path.relative_to(photos)) for path in wanted)
    return len(results), len(errors)
