"""How much memory a process holds, and has held."""

import ctypes
import sys
from pathlib import Path
from typing import Final

import psutil

STATUS: Final = Path("/proc/self/status")


class _Mallinfo2(ctypes.Structure):
    """What glibc tells of its heaps (malloc.h): `fordblks` is their bytes that are free."""

    _fields_ = (("before", 8 * ctypes.c_size_t), ("fordblks", ctypes.c_size_t), ("keepcost", ctypes.c_size_t))


def peak_bytes() -> int:
    """The most that this process has held at once; `resource.getrusage` tells a parent's peak, if that was more."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def used_bytes() -> int:
    """What this process holds, but for what was freed and glibc keeps.

    Between arrays that are alive freed memory stays. With photos of many sizes that wavers by ten megabytes, and grows
    by chance where other tests have left many heaps.
    """
    kept = 0
    if sys.platform == "linux" and (mallinfo2 := getattr(ctypes.CDLL(None), "mallinfo2", None)):
        mallinfo2.restype = _Mallinfo2
        kept = mallinfo2().fordblks
    return psutil.Process().memory_info().rss - kept
