"""Next token: at each position the mean cross-entropy of the token that comes next is made small, in nats a token.

A target IGNORED is not learnt and not scored: means are over all other positions of all samples.
"""

from typing import Any

import numpy
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import cross_entropy

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import IGNORED

PART = 64
"""Samples that are scored at a time, in double precision."""


def checked(target: ndarray, task: Any, where: str) -> ndarray:
    """Tokens (samples, positions) int64, 0 … vocabulary - 1 or IGNORED, of two kinds or more."""
    if target.dtype.kind not in "iu" or target.ndim != 2:
        raise InvalidStudy(
            f"{called(task)} must draw tokens y (samples, positions), whole numbers, got {target.shape} of "
            f"{target.dtype} in {where}"
        )
    tokens = target.astype(numpy.int64)
    scored = tokens[tokens != IGNORED]
    if len(scored) == 0 or scored.min() < 0 or scored.max() >= task.vocabulary:
        got = f"{scored.min()} … {scored.max()}" if len(scored) else "none"
        raise InvalidStudy(
            f"{called(task)} must draw tokens y in 0 … {task.vocabulary - 1}, or {IGNORED} where nothing is learnt, "
            f"got {got} in {where}"
        )
    if (scored == scored[0]).all():
        raise InvalidStudy(f"{called(task)} must draw at least two different tokens y, got one in {where}")
    return tokens


def loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy in nats a token; 0 of a batch in which all is ignored."""
    if bool((target == IGNORED).all()):
        return outputs.sum() * 0
    return cross_entropy(outputs.flatten(0, 1), target.flatten(), ignore_index=IGNORED)


def scores(outputs: Tensor, target: Tensor) -> dict[str, float]:
    """Mean cross-entropy in nats and share of right tokens."""
    nats, right = 0.0, 0
    for of_part, its_target in zip(outputs.split(PART), target.split(PART), strict=True):
        scored = its_target != IGNORED
        logits, tokens = of_part[scored].double(), its_target[scored]
        nats += float(cross_entropy(logits, tokens, reduction="sum"))
        right += int((logits.argmax(dim=1) == tokens).sum())
    count = int((target != IGNORED).sum())
    return {"loss": nats / count, "accuracy": right / count}


def scores_of_constant(target: ndarray) -> dict[str, float]:
    """Of the tokens' shares, and of the most frequent one."""
    counts = numpy.unique(target[target != IGNORED], return_counts=True)[1]
    shares = counts / counts.sum()
    return {"loss": float(-(shares * numpy.log(shares)).sum()), "accuracy": float(shares.max())}
