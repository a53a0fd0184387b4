"""What the command says about its work: results on standard output, everything else on standard error."""

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import get_args

from tqdm import tqdm

from sdk.batch import Result, Status
from sdk.cli import say
from sdk.info import Info


@dataclass(frozen=True, kw_only=True)
class Telling:
    """How much is said.

    Attributes:
        quiet: Nothing but what went wrong.
        verbose: Also which model it is, and how long each photo took.
        as_json: Each result as a JSON object, failures too.
    """

    quiet: bool
    verbose: bool
    as_json: bool

    def begin(self, info: Info) -> None:
        """Say what is going to work."""
        if self.verbose:
            print(f"{info.model} {info.model_version}, {info.precision} on {info.backend}", file=sys.stderr)

    def tell(self, result: Result) -> None:
        """Say how one photo went, above a bar that may be shown; failures are named at the end."""
        if self.as_json:
            tqdm.write(json.dumps(asdict(result), default=str))
        elif result.status != "failed" and not self.quiet:
            remark = {"skipped": " (was there already)", "kept": " (kept: it has colours)"}.get(result.status, "")
            took = f" in {result.seconds:.2f} s" if self.verbose else ""
            tqdm.write(f"{result.output}{remark}{took}")

    def end(self, results: list[Result], *, notes: list[str], problems: list[str]) -> None:
        """Say what failed and, of several photos, how many went which way."""
        for sentence in [] if self.quiet else notes:
            say(sentence)
        for sentence in [*problems, *(result.error for result in results if result.error)]:
            say(sentence)
        if len(results) > 1 and not self.quiet:
            counts = Counter(result.status for result in results)
            say(", ".join(f"{counts[status]} {status}" for status in get_args(Status)))

    def foretell(self, results: list[Result]) -> None:
        """Say what would become of each photo, as a table."""
        if self.as_json:
            for result in results:
                print(json.dumps(asdict(result), default=str))
            return
        widths = [max(len(str(getattr(result, name))) for result in results) for name in ("photo", "output")]
        for result in results:
            fate = {"coloured": "would be coloured", "skipped": "is done", "failed": result.error}[result.status]
            print(f"{result.photo!s:{widths[0]}}  {result.output!s:{widths[1]}}  {fate}")
