"""What a network is asked to make small."""

from torch import Tensor
from torch.nn import functional as F


def huber(predicted_ab: Tensor, ab: Tensor, *, delta: float) -> Tensor:
    """Huber's loss (1964), divided by delta so that its linear part has slope one (PyTorch's smooth L1).

    Args:
        predicted_ab: (N, 2, H, W) in [-1, 1].
        ab: Same shape: the ground truth.
        delta: Where it turns from quadratic to linear, in the units of `ab`.

    Returns:
        Scalar: the mean over all values.
    """
    return F.smooth_l1_loss(predicted_ab, ab, beta=delta)
