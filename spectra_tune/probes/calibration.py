"""How far the probability that a network gives its own answers is from how often these are right; Guo et al. 2017.

Axes: N sample.
"""

import torch
from torch import Tensor

from spectra_tune.objectives.classification import predicted


def expected_error(outputs: Tensor, target_N: Tensor, bins: int) -> float:
    """Expected calibration error, a fraction: |accuracy - mean confidence| of bins of equal width by their shares."""
    if outputs.shape[1] == 1:
        sure_N = outputs[:, 0].double().abs().sigmoid()
    else:
        sure_N = outputs.double().softmax(dim=1).amax(dim=1)
    right_N = (predicted(outputs) == target_N).double()
    bin_N = (sure_N * bins).ceil().long().clamp(1, bins) - 1  # (0, 1 / bins], …, as in the source
    return float(torch.bincount(bin_N, weights=right_N - sure_N, minlength=bins).abs().sum() / len(target_N))
