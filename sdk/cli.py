"""The `colorize` command: finds the subcommand, and turns whatever ends it into one line and an exit code.

What may take long to import is imported in here, so that Ctrl-C is understood from the first moment on.
"""

import io
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import Final, Never, TextIO

from sdk.errors import ColorizerError, OutputError

# Name → module with `parser` and `run`. What is no command's name is a photo's.
COMMANDS: Final = {
    "info": "sdk.commands.info",
    "bench": "sdk.commands.bench",
    "serve": "sdk.commands.serve",
    "completion": "sdk.commands.completion",
}
DEFAULT_COMMAND: Final = "sdk.commands.photos"
# As shells count: 128 and the signal's number.
_SIGNAL_BASE: Final = 128
_BROKEN_PIPE: Final = _SIGNAL_BASE + 13
# What ends a program from outside and can be answered; Windows has no SIGHUP.
_ENDING: Final = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    _mend_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    with _signals_as_interrupts():
        try:
            try:
                return _run(arguments)
            finally:
                sys.stdout.flush()  # here, where it is understood what goes wrong
        except ColorizerError as error:
            say(str(error))
            return error.exit_code
        except BrokenPipeError:  # whoever read our output has left, as `| head` does
            _abandon(sys.stdout)
            return _BROKEN_PIPE
        except OSError as error:
            _abandon(sys.stdout)
            say(f"standard output cannot be written: {error.strerror}.")
            return OutputError.exit_code
        except KeyboardInterrupt as stopped:
            say("stopped; what is written is whole, and the same command does the rest")
            return _SIGNAL_BASE + (stopped.args[0] if stopped.args else signal.SIGINT)


def say(sentence: str) -> None:
    """Tell a person something, on standard error; where that cannot be written, nobody is told."""
    try:
        print(f"colorize: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        _abandon(sys.stderr)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    module = import_module(COMMANDS.get(name, DEFAULT_COMMAND))
    return module.run(arguments[1:] if name in COMMANDS else arguments)


def _mend_streams() -> None:
    """Standard streams that are there and take any name: one may be closed, and a file's name may be no text of it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _abandon(stream: TextIO) -> None:
    """Send what is left of a stream that cannot be written nowhere, or Python complains of it at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _signals_as_interrupts() -> Generator[None]:
    """SIGTERM and SIGHUP end a command as Ctrl-C does, unless somebody has had them ignored, as `nohup` does."""

    def stop(number: int, _frame: FrameType | None) -> Never:
        raise KeyboardInterrupt(number)

    replaced = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)
