"""What each penalty adds to the gradient of one member's weight: the rules of spectra_tune/penalties, one by one."""

from numba import njit

from spectra_tune.engine.fused.choice import PENALTIES
from spectra_tune.engine.fused.elementary import COMPILED, f32
from spectra_tune.engine.fused.following import followed_top
from spectra_tune.engine.fused.registers import ROWS
from spectra_tune.engine.fused.sigma import padded, products, stand

NONE, SPECTRAL_NORM, FROBENIUS, TO_INIT, SPECTRUM = range(5)
NUMBERS: dict[str, int] = dict(zip(PENALTIES, (SPECTRAL_NORM, FROBENIUS, TO_INIT, SPECTRUM), strict=True))


@njit(**COMPILED)
def pull(penalty, power, values, initial, gradient, at, row_step, n_out, n_in, strength, one_sided, target, room, kept):
    """Adds to the gradient of a weight (n_out, n_in) that lies from a place on, like its gradient and its start.

    kept: of the weight, from step to step, see following.py.
    """
    if penalty in (FROBENIUS, TO_INIT):
        for r in range(n_out):
            for i in range(at + r * row_step, at + r * row_step + n_in):
                moved = values[i] - initial[i] if penalty == TO_INIT else values[i]
                gradient[i] += moved * (f32(2.0) * strength)
        return
    rows, columns, length = stand(values, at, row_step, n_out, n_in, room)
    if penalty == SPECTRAL_NORM:
        sigma = followed_top(room, rows, columns, length, kept)
        excess = _power_of(sigma, power) - _power_of(target, power)
        if one_sided and excess < f32(0.0):
            return
        coefficient = excess * (f32(2.0) * strength)
        if power > 1:
            coefficient *= f32(power) * _power_of(sigma, power - 1)
        for r in range(n_out):
            for c in range(n_in):
                along = room.u[r] * room.v[c] if n_out >= n_in else room.v[r] * room.u[c]
                gradient[at + r * row_step + c] += coefficient * along
        return
    products(room.tall, 1, length, room.tall, room.gram, length, length, rows, room.zero)
    scale = f32(4.0) * strength / f32(columns)
    for i in range(columns):
        room.gram[i * length + i] -= target * target
    for i in range(length * length):
        room.gram[i] *= scale
    products(room.tall, length, 1, room.gram, room.product, padded(rows, ROWS), length, columns, room.zero)
    for r in range(n_out):
        for c in range(n_in):
            found = room.product[r * length + c] if n_out >= n_in else room.product[c * length + r]
            gradient[at + r * row_step + c] += found


@njit(**COMPILED)
def _power_of(value, power):
    """A power >= 1."""
    found = value
    for _ in range(power - 1):
        found *= value
    return found
