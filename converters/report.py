"""What was exported, for people (Markdown, HTML with a contact sheet, a model card) and for CI (JSON)."""

import base64
import html
import io
import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from PIL import Image, ImageDraw

from sdk.color import Uint8Array
from sdk.contract import Contract, TensorSpec
from sdk.manifest import Artifact, Manifest
from training.evaluate import markdown_table
from training.metrics import grey

_CELL = 128
_LABEL_HEIGHT = 18
_FIGURES = {
    "max_error": "max error",
    "error_q999": "99.9 % of errors",
    "sqnr_db": "SQNR dB",
    "psnr_drop_db": "PSNR drop dB",
    "ciede2000": "CIEDE2000",
    "levels": "levels from SDK",
    "beyond_one_share": "beyond one level",
    "portable_operators": "portable operators",
}
_PROOF = (
    "Parity is measured on photos that no quantization range was set with; in brackets is the worst of the disjoint "
    "samples they are cut into, which says how much chance there is in a figure. "
    '"lab" artifacts are held to the eager student, "rgb" ones to the SDK\'s colour path around their "lab" twin. '
    "Core ML figures come from interpreting the saved program in fp16 (`converters/mil.py`): they prove the graph and "
    "the weights, not the Neural Engine's numerics or speed."
)


def write(manifest: Manifest, others: Mapping[str, float], failures: list[str], sheet: Image.Image) -> None:
    """Write `report.json`, `report.md`, `report.html` and, for a release that passed, `MODEL_CARD.md`."""
    folder = manifest.folder
    content = {
        "passed": not failures,
        "failures": failures,
        "other_figures": dict(others),
        "artifacts": [asdict(artifact) for artifact in manifest.artifacts],
    }
    (folder / "report.json").write_text(json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")
    title = f"{manifest.model.name} {manifest.model.version}"
    verdict = "All figures are within their budgets." if not failures else "Out of bounds:"
    rest = [f"{name}: {value:.4g}" for name, value in others.items()]
    rows = _rows(manifest.artifacts)
    (folder / "report.md").write_text(
        "\n\n".join([f"# {title}", verdict, _list(failures), markdown_table(rows), _list(rest), _PROOF]) + "\n"
    )
    (folder / "report.html").write_text(
        _html(title=title, verdict=verdict, failures=failures, rows=rows, rest=rest, sheet=sheet), encoding="utf-8"
    )
    card = folder / "MODEL_CARD.md"
    card.unlink(missing_ok=True)
    if not failures:
        card.write_text(model_card(manifest), encoding="utf-8")


def table(artifacts: list[Artifact]) -> str:
    """The artifacts and their figures as a Markdown table."""
    return markdown_table(_rows(artifacts))


def contact_sheet(truths: list[Uint8Array], columns: Mapping[str, list[Uint8Array]]) -> Image.Image:
    """A row a way of colouring, a column a photo: grey, truth, then each of `columns`."""
    rows = {"grey": [grey(truth) for truth in truths], "truth": truths, **columns}
    height = _CELL + _LABEL_HEIGHT
    sheet = Image.new("RGB", (_CELL * len(truths), height * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (name, pictures) in enumerate(rows.items()):
        draw.text((4, row * height + 3), name, fill="black")
        for column, picture in enumerate(pictures):
            small = Image.fromarray(np.ascontiguousarray(picture)).resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * _CELL, row * height + _LABEL_HEIGHT))
    return sheet


def model_card(manifest: Manifest) -> str:
    """What a person should know before using the model, from its manifest."""
    model, contract = manifest.model, manifest.tensors
    return f"""# Model card: {model.name} {model.version}

**What it is.** A network that guesses the colours of a grey photograph.
In: {_tensors(contract, contract.inputs)}.
Out: {_tensors(contract, contract.outputs)}. Licence: {model.licence}.
Made from commit {model.commit} on {manifest.created}.

**Use it for** plausible colours. **Do not use it** to find out what colour something really was: nothing in a grey
photo says. It has not been tested for medical, forensic or scientific pictures.

**Coloured files say so.** Each has in its XMP that an algorithm has enhanced the photo (IPTC `DigitalSourceType`)
and which (`CreatorTool`). A picture outlives what was said beside it: nobody who finds it later should take a guessed
colour for a witnessed one.

**What it was trained on.**

{_list(model.training_data)}

**Artifacts.** {_PROOF}

{table(manifest.artifacts)}
"""


def _tensors(contract: Contract, specs: tuple[TensorSpec, ...]) -> str:
    return "; ".join(f"`{spec.name}` {contract.shape(spec)}, {spec.meaning}" for spec in specs)


def _rows(artifacts: list[Artifact]) -> list[list[str]]:
    head = ["artifact", "kB", "quantization", *_FIGURES.values()]
    body = [
        [
            artifact.path,
            f"{artifact.bytes / 1000:.0f}",
            artifact.quantization or "",
            *(_cell(artifact.parity, figure) for figure in _FIGURES),
        ]
        for artifact in artifacts
    ]
    return [head, *body]


def _cell(parity: Mapping[str, float], figure: str) -> str:
    if figure not in parity:
        return ""
    worst = parity.get(f"{figure}_worst")
    return f"{parity[figure]:.3g}" if worst is None else f"{parity[figure]:.3g} ({worst:.3g})"


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _html(
    *, title: str, verdict: str, failures: list[str], rows: list[list[str]], rest: list[str], sheet: Image.Image
) -> str:
    encoded = io.BytesIO()
    sheet.save(encoded, "JPEG", quality=88)
    picture = base64.b64encode(encoded.getvalue()).decode()
    cells = "\n".join(
        "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for tag, row in zip(["th", *["td"] * (len(rows) - 1)], rows, strict=True)
    )
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in failures)
    others = "".join(f"<li>{html.escape(line)}</li>" for line in rest)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse }}
th, td {{ padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: right }}
th:first-child, td:first-child {{ text-align: left }} .failures {{ color: #b00020 }} img {{ max-width: 100% }}
</style>
<h1>{html.escape(title)}</h1>
<p>{html.escape(verdict)}</p><ul class="failures">{lines}</ul>
<table>{cells}</table>
<ul>{others}</ul>
<p>{html.escape(_PROOF)}</p>
<h2>Contact sheet</h2>
<img alt="Each photo grey, in truth, and coloured by the student and every artifact"
 src="data:image/jpeg;base64,{picture}">
</html>
"""
