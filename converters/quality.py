"""Whether a student is worth exporting: parity only proves that an artifact is as good as what it was made from."""

import numpy as np

from converters import budgets
from converters.calibration import PhotoSample
from converters.errors import UselessStudentError
from training import metrics
from training.metrics import Network


def measure_gain(student: Network, photos: PhotoSample) -> dict[str, float]:
    """How much nearer to the photos' own colours each of a student's answers is than what anybody could answer.

    Returns:
        For each answer, by its name: `psnr_gain_db`, its mean PSNR less that of the photos without their colours;
        `psnr_over_swapped_db`, less that of the answer with a and b in each other's place; and `worse_than_grey_share`,
        of the photos that it makes worse.

    Raises:
        UselessStudentError: An answer is not a number, or a gain is out of bounds.
    """
    scores: dict[str, list[tuple[float, float, float]]] = {answer.name: [] for answer in student.contract.outputs}
    for truth, inputs in zip(photos.rgb, photos.inputs(student.contract), strict=True):
        answers = student.run(inputs)
        if not all(np.isfinite(answer).all() for answer in answers.values()):
            raise UselessStudentError("The student answers with values that are no numbers; train it anew.")
        for answer in student.contract.outputs:
            ab = answer.quantity(answers[answer.name])
            pictures = (metrics.paint(truth, ab), metrics.grey(truth), metrics.paint(truth, ab[::-1]))
            ours, grey, swapped = (metrics.psnr(picture, truth) for picture in pictures)
            scores[answer.name].append((ours, grey, swapped))
    figures: dict[str, float] = {}
    complaints: list[str] = []
    for name, of_photos in scores.items():
        ours, grey, swapped = np.transpose(of_photos)
        measured = {
            "psnr_gain_db": float(np.mean(ours - grey)),
            "psnr_over_swapped_db": float(np.mean(ours - swapped)),
            "worse_than_grey_share": float(np.mean(ours < grey)),
        }
        complaints += budgets.check(f"the student's {name}", measured, budgets.STUDENT)
        figures |= {f"{name} {figure}": value for figure, value in measured.items()}
    if complaints:
        raise UselessStudentError(f"Nothing is exported: {'; '.join(complaints)}.")
    return figures
