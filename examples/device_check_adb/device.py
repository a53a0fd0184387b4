"""One Android device, through adb."""

import shutil
import subprocess
from pathlib import Path

LONGEST_S = 600


class CheckError(Exception):
    """It could not be measured; the message says why and what to do."""


class Device:
    """One Android device, through adb.

    Args:
        serial: Which one; None where only one is connected.

    Raises:
        CheckError: adb is not installed, or there is no device, or more than one.
    """

    def __init__(self, serial: str | None) -> None:
        found = shutil.which("adb")
        if not found:
            raise CheckError("adb is not on PATH; install Android's platform-tools.")
        self._command = [found]
        states = dict(line.split("\t")[:2] for line in self.adb("devices").splitlines() if "\t" in line)
        if not states:
            raise CheckError("adb sees no device; connect one with USB debugging switched on, or start an emulator.")
        if serial is None and len(states) > 1:
            raise CheckError(f"adb sees {len(states)} devices; name one with --serial: {', '.join(states)}.")
        self.serial = serial or next(iter(states))
        if states.get(self.serial) != "device":
            state = states.get(self.serial, "not connected")
            raise CheckError(f"{self.serial} is {state}; look at its screen, and at `adb devices`.")
        self._command = [found, "-s", self.serial]

    def adb(self, *arguments: str | Path) -> str:
        """Run adb, and give back what it printed.

        Raises:
            CheckError: It failed, or took longer than ten minutes.
        """
        code, said = self.try_adb(*arguments)
        if code:
            raise CheckError(f"adb {' '.join(map(str, arguments))} failed: {said.strip() or f'exit code {code}'}")
        return said

    def try_adb(self, *arguments: str | Path) -> tuple[int, str]:
        """Run adb: its exit code, which for `adb shell` is the program's, and what it printed."""
        command = [*self._command, *map(str, arguments)]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CheckError(f"adb {arguments[0]} took longer than {LONGEST_S} s; is the device asleep?") from error
        return done.returncode, done.stdout

    def describe(self) -> dict[str, str]:
        """What the device says it is."""
        properties = {
            "model": "ro.product.model",
            "android": "ro.build.version.release",
            "processor": "ro.product.cpu.abi",
        }
        answers = {name: self.adb("shell", "getprop", key).strip() for name, key in properties.items()}
        return {"serial": self.serial, **answers}
