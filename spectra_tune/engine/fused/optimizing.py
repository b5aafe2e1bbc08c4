"""One step of each elementwise optimizer on one member's numbers: what engine/stacked/optimizers.py does in torch."""

import math

from numba import njit

from spectra_tune.engine.fused.choice import OPTIMIZERS
from spectra_tune.engine.fused.elementary import COMPILED, f32
from spectra_tune.engine.members.optimizer_defaults import BETAS, EPSILON, MOMENTUM, SMOOTHING

ADAM, ADAMW, SGD, RMSPROP = range(4)
NUMBERS: dict[str, int] = dict(zip(OPTIMIZERS, (ADAM, ADAMW, SGD, RMSPROP), strict=True))

_TO_MEAN, _KEPT_SQUARE, _TO_SQUARE = f32(1 - BETAS[0]), f32(BETAS[1]), f32(1 - BETAS[1])
_MOMENTUM, _SMOOTHING, _TO_SMOOTH = f32(MOMENTUM), f32(SMOOTHING), f32(1 - SMOOTHING)
_EPSILON = f32(EPSILON)
_BETA_1, _BETA_2 = BETAS


@njit(**COMPILED)
def step(optimizer, value, gradient, mean, square, rate, decay, number):
    """The number-th step, from 1; decay: of the weights, 0 for none."""
    count = len(value)
    if optimizer == ADAMW:
        if decay != f32(0.0):
            for i in range(count):
                value[i] -= value[i] * (decay * rate)
    elif decay != f32(0.0):
        for i in range(count):
            gradient[i] += decay * value[i]
    if optimizer == SGD:
        for i in range(count):
            mean[i] = mean[i] * _MOMENTUM + gradient[i]
            value[i] -= mean[i] * rate
    elif optimizer == RMSPROP:
        for i in range(count):
            square[i] = square[i] * _SMOOTHING + _TO_SMOOTH * gradient[i] * gradient[i]
            value[i] -= rate * (gradient[i] / (math.sqrt(square[i]) + _EPSILON))
    else:
        scale = f32(1 / math.sqrt(1 - _BETA_2**number))
        of_rate = rate * f32(1 / (1 - _BETA_1**number))
        for i in range(count):
            mean[i] += _TO_MEAN * (gradient[i] - mean[i])
            square[i] = square[i] * _KEPT_SQUARE + _TO_SQUARE * gradient[i] * gradient[i]
            value[i] -= of_rate * (mean[i] / (math.sqrt(square[i]) * scale + _EPSILON))
