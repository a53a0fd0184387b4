"""Whether a student is worth exporting: parity only proves that an artifact is as good as what it was made from."""

import numpy as np

from converters import budgets
from converters.calibration import PhotoSample
from converters.errors import UselessStudentError
from training import metrics
from training.metrics import Network


def measure_gain(student: Network, photos: PhotoSample) -> dict[str, float]:
    """How much nearer to the photos' own colours each of a student's answers is than grey.

    Returns:
        For each answer, by its name: `psnr_gain_db`, its mean PSNR less that of the photos without their colours; and
        `worse_than_grey_share`, of the photos that it makes worse.

    Raises:
        UselessStudentError: An answer is not a number, or a gain is out of bounds.
    """
    gains: dict[str, list[float]] = {answer.name: [] for answer in student.contract.outputs}
    for truth, inputs in zip(photos.rgb, photos.inputs(student.contract), strict=True):
        answers = student.run(inputs)
        if not all(np.isfinite(answer).all() for answer in answers.values()):
            raise UselessStudentError("The student answers with values that are no numbers; train it anew.")
        grey = metrics.psnr(metrics.grey(truth), truth)
        for answer in student.contract.outputs:
            coloured = metrics.paint(truth, answer.quantity(answers[answer.name]))
            gains[answer.name].append(metrics.psnr(coloured, truth) - grey)
    figures: dict[str, float] = {}
    complaints: list[str] = []
    for name, gained in gains.items():
        ours = {"psnr_gain_db": float(np.mean(gained)), "worse_than_grey_share": float(np.mean(np.array(gained) < 0))}
        complaints += budgets.check(f"the student's {name}", ours, budgets.STUDENT)
        figures |= {f"{name} {figure}": value for figure, value in ours.items()}
    if complaints:
        raise UselessStudentError(f"Nothing is exported: {'; '.join(complaints)}.")
    return figures
