"""Whether a student is worth exporting: parity only proves that an artifact is as good as what it was made from."""

import numpy as np

from converters import budgets
from converters.calibration import PhotoSample
from converters.errors import UselessStudentError
from training import metrics
from training.metrics import Network


def measure_gain(student: Network, photos: PhotoSample) -> dict[str, float]:
    """How much nearer to the photos' own colours a student is than grey.

    Returns:
        `psnr_gain_db`: its mean PSNR less that of the photos without their colours.
        `worse_than_grey_share`: of the photos that it makes worse.

    Raises:
        UselessStudentError: An answer is not a number, or a gain is out of bounds.
    """
    gains = []
    for truth, inputs in zip(photos.rgb, photos.inputs(student.contract), strict=True):
        answers = student.run(inputs)
        if not all(np.isfinite(answer).all() for answer in answers.values()):
            raise UselessStudentError("The student answers with values that are no numbers; train it anew.")
        coloured = metrics.paint(truth, student.contract.chroma(answers))
        gains.append(metrics.psnr(coloured, truth) - metrics.psnr(metrics.grey(truth), truth))
    figures = {"psnr_gain_db": float(np.mean(gains)), "worse_than_grey_share": float(np.mean(np.array(gains) < 0))}
    complaints = budgets.check("the student", figures, budgets.STUDENT)
    if complaints:
        raise UselessStudentError(f"Nothing is exported: {'; '.join(complaints)}.")
    return figures
