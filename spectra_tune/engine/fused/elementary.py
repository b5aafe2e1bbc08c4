"""Elementary functions of float32 as polynomials, so that loops over them become vector code.

Source: the coefficients are those of Cephes (Moshier), within two units in the last place.
"""

import numpy
from numba import njit

from spectra_tune.engine.fused.registers import power_of_two

CALLED = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True}
"""How what Python calls is compiled: a division by zero gives what it gives in torch."""

COMPILED = {**CALLED, "no_cpython_wrapper": True}
"""How all else of the kernel is: what unpacks a call's arguments from Python takes a quarter of the compiler's time."""

INLINED = {**COMPILED, "inline": "always"}

f32 = numpy.float32


@njit(**INLINED)
def exp_of_negative(x):
    """e ** x of x <= 0, at least e ** -87; of what is not a number that."""
    x = f32(-87.0) if x < f32(-87.0) else x
    n = numpy.floor(x * f32(1.44269504) + f32(0.5))
    r = (x - n * f32(0.693359375)) - n * f32(-2.12194440e-4)
    p = f32(1.9875691500e-4)
    p = p * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    return (p * r * r + r + f32(1.0)) * power_of_two(numpy.int32(n))  # pyright: ignore[reportCallIssue], numba gives the first


@njit(**INLINED)
def log_of_one_and(e):
    """log(1 + e) of 0 <= e <= 1, by the series of artanh(e / (2 + e))."""
    t = e / (f32(2.0) + e)
    q = t * t
    p = f32(1 / 15)
    p = p * q + f32(1 / 13)
    p = p * q + f32(1 / 11)
    p = p * q + f32(1 / 9)
    p = p * q + f32(1 / 7)
    p = p * q + f32(1 / 5)
    p = p * q + f32(1 / 3)
    return f32(2.0) * t * (p * q + f32(1.0))


@njit(**INLINED)
def sigmoid(x):
    """1 / (1 + e ** -x)."""
    e = exp_of_negative(-abs(x))
    return (f32(1.0) if x >= f32(0.0) else e) / (f32(1.0) + e)


@njit(**INLINED)
def tanh(x):
    """By e ** -2|x| for large numbers, by a polynomial for small ones, where that would cancel."""
    size = abs(x)
    e = exp_of_negative(f32(-2.0) * size)
    large = (f32(1.0) - e) / (f32(1.0) + e)
    z = x * x
    p = f32(-5.70498872745e-3)
    p = p * z + f32(2.06390887954e-2)
    p = p * z + f32(-5.37397155531e-2)
    p = p * z + f32(1.33314422036e-1)
    p = p * z + f32(-3.33332819422e-1)
    small = p * z * x + x
    return small if size < f32(0.625) else (large if x >= f32(0.0) else -large)
