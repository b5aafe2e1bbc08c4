"""What a tile's outputs are worth: the loss's derivative by them, hits, and the sums that scores are made of.

Outputs lie (outputs, TILE) from a place in work on, targets (rows, TILE): labels in one row, or a number for each
output. As objectives/classification.py and objectives/regression.py have it of all members.
"""

import math

from numba import njit

from spectra_tune.engine.fused.elementary import COMPILED, exp_of_negative, f32, log_of_one_and, sigmoid
from spectra_tune.engine.fused.registers import TILE

LOGIT, LOGITS, SQUARES = range(3)
"""Two classes, of which one has an output; more classes; regression."""


@njit(**COMPILED)
def to_error(kind, outputs, work, at, target, to, weight, of):
    """Puts the derivative of the weighted loss by the outputs in their place."""
    w = weight[of : of + TILE]
    if kind == LOGIT:
        z, y = work[at : at + TILE], target[to : to + TILE]
        for s in range(TILE):
            z[s] = (sigmoid(z[s]) - y[s]) * w[s]
    elif kind == LOGITS:
        y = target[to : to + TILE]
        for s in range(TILE):
            top = _largest(outputs, work, at + s)
            total = f32(0.0)
            for o in range(outputs):
                e = exp_of_negative(work[at + o * TILE + s] - top)
                work[at + o * TILE + s] = e
                total += e
            scale = w[s] / total
            for o in range(outputs):
                work[at + o * TILE + s] *= scale
            work[at + int(y[s]) * TILE + s] -= w[s]
    else:
        scale = f32(2.0) / f32(outputs)
        for o in range(outputs):
            z, y = work[at + o * TILE : at + (o + 1) * TILE], target[to + o * TILE : to + (o + 1) * TILE]
            for s in range(TILE):
                z[s] = (z[s] - y[s]) * w[s] * scale


@njit(**COMPILED)
def hits(kind, outputs, work, at, target, to, weight, of):
    """How many samples of the tile are classed rightly; of weight 0 none."""
    count = 0
    for s in range(TILE):
        if weight[of + s] > f32(0.0) and _class(kind, outputs, work, at + s) == int(target[to + s]):
            count += 1
    return count


@njit(fastmath={"reassoc"}, **COMPILED)
def add_scores(kind, outputs, work, at, target, to, weight, of, sums):
    """Adds a tile to one member's sums, see the `sums` of an objective's Stacked."""
    if kind == LOGIT:
        z, y, w = work[at : at + TILE], target[to : to + TILE], weight[of : of + TILE]
        ones, right, loss = f32(0.0), f32(0.0), f32(0.0)
        for s in range(TILE):
            positive = f32((z[s] > f32(0.0)) & (w[s] > f32(0.0)))
            ones += positive
            right += positive * y[s]
            wrong = z[s] * (f32(1.0) - f32(2.0) * y[s])
            above = f32(0.0) if wrong < f32(0.0) else wrong
            loss += w[s] * (above + log_of_one_and(exp_of_negative(-abs(wrong))))
        sums[0, 0] += ones - right
        sums[0, 1] += right
        sums[1, 2] += loss
    elif kind == LOGITS:
        for s in range(TILE):
            if weight[of + s] > f32(0.0):
                label = int(target[to + s])
                if _class(kind, outputs, work, at + s) == label:
                    sums[0, label] += 1.0
                top = _largest(outputs, work, at + s)
                total = f32(0.0)
                for o in range(outputs):
                    total += exp_of_negative(work[at + o * TILE + s] - top)
                sums[1, outputs] += weight[of + s] * (top + f32(math.log(total)) - work[at + label * TILE + s])
    else:
        for o in range(outputs):
            total = f32(0.0)
            for s in range(TILE):
                error = work[at + o * TILE + s] - target[to + o * TILE + s]
                total += weight[of + s] * error * error
            sums[o, 0] += total


@njit(**COMPILED)
def _largest(outputs, work, at):
    """Of one sample's outputs; not a number where one is none."""
    top = work[at]
    for o in range(1, outputs):
        value = work[at + o * TILE]
        if value > top or value != value:
            top = value
    return top


@njit(**COMPILED)
def _class(kind, outputs, work, at):
    """The class that one sample's outputs say, the first of the largest."""
    if kind == LOGIT:
        return 1 if work[at] > f32(0.0) else 0
    best = 0
    for o in range(1, outputs):
        if work[at + o * TILE] > work[at + best * TILE]:
            best = o
    return best
