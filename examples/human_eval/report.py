"""What viewers' answers say: shares judged real, with Wilson intervals."""

import json
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from training.evaluate import markdown_table

HEADS = ["viewer", "generated judged real", "share", "95 %", "real judged real", "share", "95 %"]
ANSWERS = ("real", "generated")


class ResultsError(ValueError):
    """A key or a file of results is not what `make` or the page wrote, or they do not belong together."""


def report(key: Path, results: list[Path]) -> str:
    """A Markdown table, a row a viewer and one for all; the first share is the fooling rate.

    Raises:
        ResultsError: A file is damaged, of another page, or the second one of a viewer.
        OSError: A file cannot be read.
    """
    page, generated = _read_key(key)
    judged: dict[str, list[tuple[bool, bool]]] = {}
    for path in results:
        viewer, judged_real = _read_results(path, page, generated)
        if viewer in judged:
            raise ResultsError(f"{path} is of viewer {viewer}, whose results were given already; give each once.")
        judged[viewer] = [(generated[photo], real) for photo, real in judged_real.items()]
    if len(judged) > 1:
        judged["all"] = [answer for answers in judged.values() for answer in answers]
    return markdown_table([HEADS, *([viewer, *_figures(answers)] for viewer, answers in judged.items())])


def _figures(answers: list[tuple[bool, bool]]) -> list[str]:
    """The cells for (generated, judged real) of each answer."""
    cells = []
    for kind in (True, False):
        judged_real = [real for generated, real in answers if generated is kind]
        test = binomtest(sum(judged_real), len(judged_real))
        interval = test.proportion_ci(method="wilson")
        cells += [f"{test.k} of {test.n}", f"{test.statistic:.1%}", f"{interval.low:.1%} to {interval.high:.1%}"]
    return cells


def _read_key(path: Path) -> tuple[str, dict[str, bool]]:
    """A page's id, and for each photo's id whether it was generated."""
    content = _read(path)
    try:
        return content["page"], {photo: bool(entry["generated"]) for photo, entry in content["photos"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{path} is not a key that `make` wrote.") from error


def _read_results(path: Path, page: str, generated: dict[str, bool]) -> tuple[str, dict[str, bool]]:
    """A viewer's id, and for each photo's id whether it was judged real."""
    content = _read(path)
    try:
        its_page, viewer = content["page"], str(content["viewer"])
        answers = [(answer["photo"], answer["answer"]) for answer in content["answers"]]
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{path} is not a file of results that the page saved.") from error
    if its_page != page:
        raise ResultsError(f"{path} holds results of another page; give those of the page this key was made with.")
    if sorted(photo for photo, _ in answers) != sorted(generated) or any(said not in ANSWERS for _, said in answers):
        raise ResultsError(f"{path} does not answer every photo of the page once; ask the viewer for the file again.")
    return viewer, {photo: said == "real" for photo, said in answers}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ResultsError(f"{path} is not JSON, or damaged: {error}.") from error
