"""One layer's passes over tiles of samples, block by block; a last block that is not whole overlaps the one before.

What overlaps is computed twice and comes out equal, so that no width needs a path for its rest. A tile is (numbers of
a layer, TILE samples) and contiguous; addresses are in bytes.
"""

from typing import Any

from numba import njit
from numba.extending import register_jitable

from spectra_tune.engine.fused.elementary import COMPILED, f32, tanh
from spectra_tune.engine.fused.registers import (
    GRADIENT_COLUMNS,
    GRADIENT_ROWS,
    ROWS,
    SUMS,
    TILE,
    VECTORS,
    gradient_block,
    product_block,
)

FLOAT = 4
"""Bytes of a number."""


@register_jitable
def block_of(count, largest):
    """Rows of a block: the largest power of two that fits."""
    size = largest
    while size > count:
        size //= 2
    return size


def _products(then: str) -> Any:
    """out[r, :] = then(start[r] + sum over k < count of a[r, k] b[k, :]) for all rows of a tile; gate lies like out."""
    block_8, block_4, block_2, block_1 = (product_block(min(rows, ROWS), VECTORS, then) for rows in (8, 4, 2, 1))

    @njit(**COMPILED)
    def products(a, a_row, a_k, b, out, start, start_row, gate, rows, count):
        block = block_of(rows, ROWS)
        for first in range(0, rows, block):
            row = min(first, rows - block)
            of_a, of_start = a + row * a_row * FLOAT, start + row * start_row * FLOAT
            of_out, of_gate = out + row * TILE * FLOAT, gate + row * TILE * FLOAT
            if block == 8:
                block_8(of_a, a_row, a_k, b, TILE, of_out, TILE, of_start, start_row, of_gate, count)
            elif block == 4:
                block_4(of_a, a_row, a_k, b, TILE, of_out, TILE, of_start, start_row, of_gate, count)
            elif block == 2:
                block_2(of_a, a_row, a_k, b, TILE, of_out, TILE, of_start, start_row, of_gate, count)
            else:
                block_1(of_a, a_row, a_k, b, TILE, of_out, TILE, of_start, start_row, of_gate, count)

    return products


_rectified, _plain, _masked = (_products(then) for then in ("relu", "none", "mask"))


@njit(**COMPILED)
def forward(weight, row_step, bias, bias_step, n_in, n_out, below, above, rectified):
    """above = weight @ below + bias, rectified or not, of a weight (n_out, row_step)."""
    if rectified:
        _rectified(weight, row_step, 1, below, above, bias, bias_step, above, n_out, n_in)
    else:
        _plain(weight, row_step, 1, below, above, bias, bias_step, above, n_out, n_in)


@njit(**COMPILED)
def bend(work, at, count):
    """tanh of so many numbers, in their place."""
    numbers = work[at : at + count]
    for i in range(count):
        numbers[i] = tanh(numbers[i])


@njit(**COMPILED)
def error_below(weight, row_step, n_in, n_out, error, work, below, to, zero, rectified):
    """The error of the layer below, before its activation: weight' @ error, times the activation's slope.

    below, to: places in work of what the layer below gave, and of its error. zero: address of a 0.
    """
    out, gate = work.ctypes.data + to * FLOAT, work.ctypes.data + below * FLOAT
    if rectified:
        _masked(weight, 1, row_step, error, out, zero, 0, gate, n_in, n_out)
    else:
        _plain(weight, 1, row_step, error, out, zero, 0, gate, n_in, n_out)
        errors, bent = work[to : to + n_in * TILE], work[below : below + n_in * TILE]
        for i in range(n_in * TILE):
            errors[i] *= f32(1.0) - bent[i] * bent[i]


def _gradient_columns(columns: int) -> Any:
    """Adds the sums of a block of so many columns, for however many rows of the error."""
    rows_4, rows_2, rows_1 = (gradient_block(rows, columns) for rows in (4, 2, 1))

    @njit(**COMPILED)
    def add(rows, error, error_tile, below, below_tile, sums, tiles):
        if rows == 4:
            rows_4(error, error_tile, below, below_tile, sums, tiles)
        elif rows == 2:
            rows_2(error, error_tile, below, below_tile, sums, tiles)
        else:
            rows_1(error, error_tile, below, below_tile, sums, tiles)

    return add


_columns_4, _columns_2, _columns_1 = (_gradient_columns(min(columns, GRADIENT_COLUMNS)) for columns in (4, 2, 1))


@register_jitable
def blocks_of_gradient(n_in, n_out):
    """Into how many blocks a weight (n_out, n_in) and its bias fall."""
    columns = block_of(n_in, GRADIENT_COLUMNS)
    return -(-n_out // block_of(n_out, GRADIENT_ROWS)) * (-(-n_in // columns) + 1)


@njit(**COMPILED)
def add_gradient(n_in, n_out, error, error_tile, below, below_tile, ones, tiles, sums):
    """Adds what these tiles give to the sums of all blocks; steps from tile to tile are in numbers.

    SUMS numbers a block: for each rows of the error the blocks of columns, then that of the bias, whose column is the
    tile of ones.
    """
    rows, columns = block_of(n_out, GRADIENT_ROWS), block_of(n_in, GRADIENT_COLUMNS)
    for start in range(0, n_out, rows):
        of_error = error + min(start, n_out - rows) * TILE * FLOAT
        for column in range(0, n_in, columns):
            of_below = below + min(column, n_in - columns) * TILE * FLOAT
            if columns == 4:
                _columns_4(rows, of_error, error_tile, of_below, below_tile, sums, tiles)
            elif columns == 2:
                _columns_2(rows, of_error, error_tile, of_below, below_tile, sums, tiles)
            else:
                _columns_1(rows, of_error, error_tile, of_below, below_tile, sums, tiles)
            sums += SUMS * FLOAT
        _columns_1(rows, of_error, error_tile, ones, 0, sums, tiles)
        sums += SUMS * FLOAT


@njit(**COMPILED)
def collect_gradient(n_in, n_out, sums, at, gradient, weight, row_step, bias, bias_step):
    """Puts the sums of all blocks, from a place on, to where gradients of weight and bias lie in the gradient."""
    rows, columns = block_of(n_out, GRADIENT_ROWS), block_of(n_in, GRADIENT_COLUMNS)
    for start in range(0, n_out, rows):
        row = min(start, n_out - rows)
        for begin in range(0, n_in, columns):
            to = weight + row * row_step + min(begin, n_in - columns)
            for r in range(rows):
                for c in range(columns):
                    gradient[to + r * row_step + c] = sums[at + r * columns + c]
            at += SUMS
        for r in range(rows):
            gradient[bias + (row + r) * bias_step] = sums[at + r]
        at += SUMS
