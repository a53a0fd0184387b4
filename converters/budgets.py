"""The bounds every artifact is held to, read from `budgets.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sdk.manifest import Artifact

BUDGETS = Path(__file__).parent / "budgets.toml"
LATENCY = "latency"
EXPORTED = "exported"
STUDENT = "student"


@dataclass(frozen=True)
class Bound:
    """How far one figure may go, and why."""

    figure: str
    why: str
    most: float | None = None
    least: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a measured value is within the bound. NaN never is."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def complaint(self, name: str, value: float) -> str:
        """One line: what is out of bounds, by how much, and why that matters."""
        limit, word = (self.most, "most") if self.least is None else (self.least, "least")
        return f"{name}: {self.figure} is {value:.6g}, must be at {word} {limit:g} ({self.why})"


@cache
def budgets(source: Path) -> dict[str, tuple[Bound, ...]]:
    """Table name to its bounds, from a TOML file."""
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    return {name: tuple(Bound(figure, **bound) for figure, bound in table.items()) for name, table in tables.items()}


def check(name: str, figures: Mapping[str, float], *tables: str, source: Path = BUDGETS) -> list[str]:
    """A line for each figure that one of the named tables does not allow."""
    return [
        bound.complaint(name, figures[bound.figure])
        for table in tables
        for bound in budgets(source).get(table, ())
        if bound.figure in figures and not bound.holds(figures[bound.figure])
    ]


def check_artifact(artifact: Artifact) -> list[str]:
    """A line for each of an artifact's figures that is out of bounds."""
    # A graph that gives a photo back is held to the "lab" one of its precision, which is held to the student.
    tables = ("lab", artifact.precision) if artifact.variant == "lab" else (f"rgb-{artifact.precision}",)
    return check(artifact.path, {**artifact.parity, "bytes": artifact.bytes}, "all", *tables)
