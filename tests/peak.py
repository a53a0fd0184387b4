"""How much memory a process has held, for programs that tests start."""

from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/status")


def peak_bytes() -> int:
    """The most that this process has held at once; `resource.getrusage` tells a parent's peak, if that was more."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
