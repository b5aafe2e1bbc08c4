"""One member after another from its first step of a stretch to the last, all of it in the processor's nearest memory.

Of each tile of samples: forward, error, backward, gradients; then the penalty, clipping and the optimizer's step.
"""

import math

from numba import njit

from spectra_tune.engine.fused.elementary import CALLED, COMPILED, f32
from spectra_tune.engine.fused.judging import add_scores, hits, to_error
from spectra_tune.engine.fused.layers import (
    FLOAT,
    add_gradient,
    bend,
    blocks_of_gradient,
    collect_gradient,
    error_below,
    forward,
)
from spectra_tune.engine.fused.once import digest
from spectra_tune.engine.fused.optimizing import step as optimizer_step
from spectra_tune.engine.fused.pulling import NONE, pull
from spectra_tune.engine.fused.registers import SUMS, TILE
from spectra_tune.engine.fused.sigma import dot, stand, top
from spectra_tune.engine.members.optimizer_defaults import CLIP_SMALL

SOURCES = digest()
"""A default that numba's cache knows a call by: of the sources it looks at this file alone, not at those it uses."""

IN_PLACE = {**COMPILED, "forceinline": True}
"""How what is called for every few tiles is: handing over its tuples of arrays takes as long as a tile of width 8."""


@njit(**COMPILED)
def _fill(samples, of, order, first, count, work):
    """Puts samples order[first] … to tiles, the rest of the last one of weight 0. of: the member whose they are."""
    features, rows = samples.features, samples.rows
    x0, y0 = of * samples.count * features, of * samples.count * rows
    for tile in range(-(-count // TILE)):
        for s in range(TILE):
            at = tile * TILE + s
            weighs = at < count
            sample = order[first + at] if weighs else order[first]
            work.weight[at] = f32(1.0 / count) if weighs else f32(0.0)
            for feature in range(features):
                number = samples.x[x0 + sample * features + feature]
                work.x[(tile * features + feature) * TILE + s] = number
            for row in range(rows):
                number = samples.target[y0 + sample * rows + row]
                work.target[(tile * rows + row) * TILE + s] = number


@njit(**IN_PLACE)
def _forward(layers, values, member, work, features, first, tiles, rectified):
    """Outputs of a few tiles from the first on, and all that lies between."""
    last = len(layers.n_in) - 1
    value_at, hidden_at = values.ctypes.data, work.hidden.ctypes.data
    for layer in range(last + 1):
        n_in, n_out = layers.n_in[layer], layers.n_out[layer]
        weight = value_at + (layers.weight[layer] + member * layers.weight_step[layer]) * FLOAT
        bias = value_at + (layers.bias[layer] + member * layers.bias_step[layer]) * FLOAT
        for tile in range(tiles):
            if layer == 0:
                below = work.x.ctypes.data + (first + tile) * features * TILE * FLOAT
            else:
                below = hidden_at + (layers.hidden[layer - 1] + tile * n_in * TILE) * FLOAT
            above = hidden_at + (layers.hidden[layer] + tile * n_out * TILE) * FLOAT
            row_step, of_row = layers.row_step[layer], layers.bias_of_row[layer]
            forward(weight, row_step, bias, of_row, n_in, n_out, below, above, rectified and layer < last)
        if layer < last and not rectified:
            bend(work.hidden, layers.hidden[layer], tiles * n_out * TILE)


@njit(**IN_PLACE)
def _backward(layers, values, member, work, features, first, tiles, rectified):
    """Adds what a few tiles give to the sums of the gradients; the outputs' place holds their error."""
    last = len(layers.n_in) - 1
    value_at, hidden_at = values.ctypes.data, work.hidden.ctypes.data
    zero = work.room.zero.ctypes.data
    for layer in range(last, 0, -1):
        n_in, n_out = layers.n_in[layer], layers.n_out[layer]
        weight = value_at + (layers.weight[layer] + member * layers.weight_step[layer]) * FLOAT
        for tile in range(tiles):
            error = hidden_at + (layers.error[layer] + tile * n_out * TILE) * FLOAT
            below, to = layers.hidden[layer - 1] + tile * n_in * TILE, layers.error[layer - 1] + tile * n_in * TILE
            error_below(weight, layers.row_step[layer], n_in, n_out, error, work.hidden, below, to, zero, rectified)
    at = 0
    for layer in range(last + 1):
        n_in, n_out = layers.n_in[layer], layers.n_out[layer]
        if layer == 0:
            below = work.x.ctypes.data + first * features * TILE * FLOAT
        else:
            below = hidden_at + layers.hidden[layer - 1] * FLOAT
        error, sums = hidden_at + layers.error[layer] * FLOAT, work.sums.ctypes.data + at * FLOAT
        ones = work.ones.ctypes.data
        add_gradient(n_in, n_out, error, n_out * TILE, below, n_in * TILE, ones, tiles, sums)
        at += blocks_of_gradient(n_in, n_out) * SUMS


@njit(**COMPILED)
def _gradients(layers, numbers, member, work, samples, tiles, protocol, members):
    """Gradients of the mean loss of the batch that lies in work."""
    last = len(layers.n_in) - 1
    outputs, features = layers.n_out[last], samples.features
    work.sums[:] = f32(0.0)
    for first in range(0, tiles, work.most_tiles):
        now = min(work.most_tiles, tiles - first)
        _forward(layers, numbers.value, member, work, features, first, now, protocol.rectified)
        for tile in range(now):
            at, to = layers.hidden[last] + tile * outputs * TILE, (first + tile) * samples.rows * TILE
            of = (first + tile) * TILE
            if protocol.counted:
                found = hits(protocol.kind, outputs, work.hidden, at, work.target, to, work.weight, of)
                members.hits[member] += found
            to_error(protocol.kind, outputs, work.hidden, at, work.target, to, work.weight, of)
        _backward(layers, numbers.value, member, work, features, first, now, protocol.rectified)
    at = 0
    for layer in range(last + 1):
        n_in, n_out = layers.n_in[layer], layers.n_out[layer]
        weight = layers.weight[layer] + member * layers.weight_step[layer]
        bias = layers.bias[layer] + member * layers.bias_step[layer]
        row_step, of_row = layers.row_step[layer], layers.bias_of_row[layer]
        collect_gradient(n_in, n_out, work.sums, at, numbers.gradient, weight, row_step, bias, of_row)
        at += blocks_of_gradient(n_in, n_out) * SUMS


@njit(**COMPILED)
def _clip(numbers, member, bound):
    """Scales one member's gradient to at most this norm."""
    if math.isinf(bound):
        return
    square = f32(0.0)
    for part in range(len(numbers.start)):
        first = numbers.start[part] + member * numbers.length[part]
        gradient = numbers.gradient[first : first + numbers.length[part]]
        square += dot(gradient, gradient)
    factor = bound / (f32(math.sqrt(square)) + f32(CLIP_SMALL))
    if factor >= f32(1.0):
        return
    for part in range(len(numbers.start)):
        first = numbers.start[part] + member * numbers.length[part]
        for i in range(first, first + numbers.length[part]):
            numbers.gradient[i] *= factor


@njit(cache=True, **CALLED)
def train(layers, numbers, samples, work, protocol, members, pulled, rates, targets, orders, first, code=SOURCES):  # noqa: ARG001, see SOURCES
    """Trains all members for as many epochs as there are orders.

    pulled: places of layers (pulled,). rates: (steps or 1, members). targets: of sigma (steps, pulled, members).
    orders: of the samples (epochs or 1, distinct, samples), int32. first: steps that the optimizer has made.
    """
    for member in range(len(members.strength)):
        own = orders[:, members.order[member]]
        of = 0 if samples.shared else member
        tiles = 0
        for epoch in range(len(targets) // protocol.batches):
            for batch in range(protocol.batches):
                step = epoch * protocol.batches + batch
                if step == 0 or protocol.batches > 1:
                    begin = batch * protocol.batch
                    count = min(protocol.batch, samples.count - begin)
                    _fill(samples, of, own[min(epoch, len(own) - 1)], begin, count, work)
                    tiles = -(-count // TILE)
                _gradients(layers, numbers, member, work, samples, tiles, protocol, members)
                if protocol.penalty != NONE:
                    for place in range(len(pulled)):
                        layer = pulled[place]
                        pull(
                            protocol.penalty, protocol.power, numbers.value, numbers.initial, numbers.gradient,
                            layers.weight[layer] + member * layers.weight_step[layer], layers.row_step[layer],
                            layers.n_out[layer], layers.n_in[layer], members.strength[member],
                            members.one_sided[member], targets[step, place, member], work.room,
                            members.kept[member, place],
                        )  # fmt: skip
                if protocol.clipped:
                    _clip(numbers, member, members.bound[member])
                rate = rates[min(step, len(rates) - 1), member]
                for part in range(len(numbers.start)):
                    begin = numbers.start[part] + member * numbers.length[part]
                    end = begin + numbers.length[part]
                    optimizer_step(
                        protocol.optimizer, numbers.value[begin:end], numbers.gradient[begin:end],
                        numbers.mean[begin:end], numbers.square[begin:end], rate, members.decay[member],
                        first + step + 1,
                    )  # fmt: skip


@njit(cache=True, **CALLED)
def score(layers, values, samples, work, protocol, order, sums, code=SOURCES):  # noqa: ARG001, see SOURCES
    """Adds each member's sums over a split (members, …), float64; order: of the samples, as they are."""
    last = len(layers.n_in) - 1
    outputs, tiles = layers.n_out[last], -(-samples.count // TILE)
    for member in range(len(sums)):
        if member == 0 or not samples.shared:
            _fill(samples, 0 if samples.shared else member, order, 0, samples.count, work)
        for first in range(0, tiles, work.most_tiles):
            now = min(work.most_tiles, tiles - first)
            _forward(layers, values, member, work, samples.features, first, now, protocol.rectified)
            for tile in range(now):
                at, to = layers.hidden[last] + tile * outputs * TILE, (first + tile) * samples.rows * TILE
                of = (first + tile) * TILE
                add_scores(protocol.kind, outputs, work.hidden, at, work.target, to, work.weight, of, sums[member])


@njit(cache=True, **CALLED)
def norms(layers, values, regularized, room, sigma, code=SOURCES):  # noqa: ARG001, see SOURCES
    """Spectral norms of each regularized layer (layers, members), float64."""
    for place in range(len(regularized)):
        layer = regularized[place]
        for member in range(sigma.shape[1]):
            at = layers.weight[layer] + member * layers.weight_step[layer]
            n_out, n_in = layers.n_out[layer], layers.n_in[layer]
            rows, columns, length = stand(values, at, layers.row_step[layer], n_out, n_in, room)
            sigma[place, member] = top(room, rows, columns, length)
