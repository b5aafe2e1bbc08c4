"""Register blocks: the innermost products, written as vector code, since a compiled loop reaches a fifth of them.

A processor adds products fastest while the sums stay in its registers. So a block of sums does: ROWS rows of a matrix
by VECTORS vectors of LANES samples. For each k it loads VECTORS vectors of samples and ROWS weights, and does ROWS *
VECTORS fused multiply-adds with them: 24 of them for 11 loads where there are 32 registers, 12 for 7 where there are
16. There must be more sums than a multiply-add takes cycles times those that begin in one, about 8, or they wait for
each other. Nothing here knows a network: addresses are in bytes, steps in numbers of four bytes.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_FEATURES = binding.get_host_cpu_features()

LANES = 16 if _FEATURES.get("avx512f") else 8 if _FEATURES.get("avx2") else 4
"""Numbers of float32 in a vector register."""

ROWS = 4 if LANES == 8 else 8
"""Rows of a block of sums: 16 registers hold 12 of them, 32 hold 24."""

VECTORS = 3
TILE = LANES * VECTORS
"""Samples that a block goes over at a time."""

GRADIENT_ROWS, GRADIENT_COLUMNS = 4, 2 if LANES == 8 else 4

_FLOAT, _INDEX, _PLACE = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)


def product_block(rows: int, vectors: int, then: str) -> Any:
    """out[r, :] = then(start[r] + sum over k of a[r, k] b[k, :]), for rows r and vectors * LANES columns.

    then: "none", "relu", "mask": the sum where gate[r, :] > 0, else 0, or "add": to what stands in out. The call: (a,
    its step from row to row and from k to k; b, its step from k to k; out, its step from row to row; start, its step;
    gate, which lies like out; count of k).
    """

    @intrinsic
    def block(_, a, a_row, a_k, b, b_k, out, out_row, start, start_row, gate, count):
        signature = types.void(*[types.intp] * 11)

        def code(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            a, a_row, a_k, b, b_k, out, out_row, start, start_row, gate, count = arguments
            a, b, out, start, gate = (_pointer(builder, one) for one in (a, b, out, start, gate))
            sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(vectors)] for _ in range(rows)]
            rows_of_a = [_at(builder, a, builder.mul(a_row, _INDEX(r))) for r in range(rows)]
            for r in range(rows):
                first = builder.load(_at(builder, start, builder.mul(start_row, _INDEX(r))))
                for v in range(vectors):
                    at = builder.add(builder.mul(out_row, _INDEX(r)), _INDEX(v * LANES))
                    begin = _load(builder, _at(builder, out, at)) if then == "add" else _spread(builder, first)
                    builder.store(begin, sums[r][v])
            with cgutils.for_range(builder, count, intp=_INDEX) as loop:
                row_of_b = _at(builder, b, builder.mul(loop.index, b_k))
                samples = [_load(builder, _at(builder, row_of_b, _INDEX(v * LANES))) for v in range(vectors)]
                step = builder.mul(loop.index, a_k)
                for r in range(rows):
                    weight = _spread(builder, builder.load(_at(builder, rows_of_a[r], step)))
                    for v in range(vectors):
                        _add_product(builder, weight, samples[v], sums[r][v])
            for r in range(rows):
                for v in range(vectors):
                    at = builder.add(builder.mul(out_row, _INDEX(r)), _INDEX(v * LANES))
                    value = builder.load(sums[r][v])
                    if then == "relu":  # what is not a number stays so
                        value = builder.select(builder.fcmp_ordered("<", value, _ZERO), _ZERO, value)
                    if then == "mask":
                        passes = builder.fcmp_ordered(">", _load(builder, _at(builder, gate, at)), _ZERO)
                        value = builder.select(passes, value, _ZERO)
                    _store(builder, value, _at(builder, out, at))
            return context.get_dummy_value()

        return signature, code

    return block


def gradient_block(rows: int, columns: int) -> Any:
    """sums[r * columns + c] += sum over tiles and samples of error[r, :] * below[c, :].

    Sums by lane stay in registers, and are added across lanes once a call. The call: (error, its step from tile to
    tile; below, its step; sums; count of tiles); rows of both are TILE numbers long.
    """

    @intrinsic
    def block(_, error, error_tile, below, below_tile, sums, tiles):
        signature = types.void(*[types.intp] * 6)

        def code(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            error, error_tile, below, below_tile, sums, tiles = arguments
            error, below, sums = (_pointer(builder, one) for one in (error, below, sums))
            by_lane = [cgutils.alloca_once(builder, _VECTOR) for _ in range(rows * columns)]
            for one in by_lane:
                builder.store(_ZERO, one)
            with cgutils.for_range(builder, tiles, intp=_INDEX) as loop:
                errors = _at(builder, error, builder.mul(loop.index, error_tile))
                belows = _at(builder, below, builder.mul(loop.index, below_tile))
                for v in range(VECTORS):
                    of_columns = [
                        _load(builder, _at(builder, belows, _INDEX(c * TILE + v * LANES))) for c in range(columns)
                    ]
                    for r in range(rows):
                        of_row = _load(builder, _at(builder, errors, _INDEX(r * TILE + v * LANES)))
                        for c in range(columns):
                            _add_product(builder, of_row, of_columns[c], by_lane[r * columns + c])
            vectors = [builder.load(one) for one in by_lane]
            vectors += [_ZERO] * (-len(vectors) % LANES)
            for group in range(0, len(vectors), LANES):
                at = _at(builder, sums, _INDEX(group))
                total = _sum_of_each(builder, vectors[group : group + LANES])
                _store(builder, builder.fadd(_load(builder, at), total), at)
            return context.get_dummy_value()

        return signature, code

    return block


SUMS = -(-GRADIENT_ROWS * GRADIENT_COLUMNS // LANES) * LANES
"""Numbers that a block of a gradient writes, at most."""


def _sum_of_each(builder: Any, vectors: list[Any]) -> Any:
    """One vector whose lane j is the sum of vector j, of LANES vectors.

    Neighbours are added pairwise: of [a0 a1 …], [b0 b1 …] comes [a0+a1 … b0+b1 …], until one vector is left.
    """
    even = ir.Constant(ir.VectorType(_PLACE, LANES), list(range(0, 2 * LANES, 2)))
    odd = ir.Constant(ir.VectorType(_PLACE, LANES), list(range(1, 2 * LANES, 2)))
    while len(vectors) > 1:
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, even), builder.shuffle_vector(a, b, odd)) for a, b in pairs
        ]
    return vectors[0]


@intrinsic
def power_of_two(_, exponent):
    """2.0 ** exponent as float32, of an int32 from -126 to 127: its bits are the exponent's."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        bits = builder.shl(builder.add(arguments[0], _PLACE(127)), _PLACE(23))
        return builder.bitcast(bits, _FLOAT)

    return types.float32(types.int32), code


def _pointer(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _FLOAT.as_pointer())


def _at(builder: Any, pointer: Any, offset: Any) -> Any:
    return builder.gep(pointer, [offset])


def _load(builder: Any, pointer: Any) -> Any:
    """A vector, from wherever it lies."""
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _store(builder: Any, vector: Any, pointer: Any) -> None:
    builder.store(vector, builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _spread(builder: Any, number: Any) -> Any:
    """A vector with the number in every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, _PLACE(0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_PLACE, LANES), [0] * LANES))


def _add_product(builder: Any, a: Any, b: Any, kept: Any) -> None:
    """kept += a * b, rounded once where the processor can."""
    name = f"llvm.fmuladd.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), name)
    builder.store(builder.call(function, [a, b, builder.load(kept)]), kept)
