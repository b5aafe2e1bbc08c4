"""Matrix products of stacked members, each member's alone: its bits depend on no other member, nor on their number.

Axes: M member, O out, K contracted, N column.

On a processor: OpenBLAS, which uses AVX-512 on every maker's processors that have it (torch's MKL does so on Intel's
only, and is half as fast elsewhere), in a copy of our own with one thread. On a GPU: torch.bmm.
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

from spectra_tune.errors import InvalidStudy

os.environ.setdefault("MKL_CBWR", "AVX2,STRICT")
"""Read by MKL at its first call: what torch itself computes with it (square roots, products of modules) then has equal
bits wherever in memory it lies. Another value is another environment: it changes the last bits of every run."""

_ROW_MAJOR, _PLAIN, _TRANSPOSED = ctypes.c_int(101), ctypes.c_int(111), ctypes.c_int(112)

CORETYPE = "SPECTRA_TUNE_CORETYPE"
"""Environment variable that pins the kernels (OpenBLAS's names, such as Haswell), for equal bits on unlike processors.
OPENBLAS_CORETYPE, which is meant for numpy's copy, does not reach ours."""

SMALL = 1_000_000
"""Multiplications up to which OpenBLAS has kernels that need no packing, up to twice as fast: larger products are cut
along their longest axis where a few cuts suffice."""

MOST_CUTS = 2


def product(a_MOK: Tensor, b_MKN: Tensor, out_MON: Tensor, *, add: bool = False) -> Callable[[], None]:
    """A call that writes (or adds) each member's a @ b to out, whose memory it is bound to.

    a, b: (members, rows, columns), either way around in memory, members of stride 0 allowed; out: rows contiguous.
    float32 or float64, all alike, on one device.
    """
    if _on_gpu(a_MOK):

        def batched() -> None:
            if add:
                out_MON.baddbmm_(a_MOK, b_MKN)
            else:
                torch.bmm(a_MOK, b_MKN, out=out_MON)

        return batched
    rows, columns, contracted = a_MOK.shape[1], b_MKN.shape[2], a_MOK.shape[2]
    cuts = -(-rows * columns * contracted // SMALL)
    if 1 < cuts <= MOST_CUTS and max(columns, contracted) >= 2 * rows:
        if contracted >= columns:
            size = -(-contracted // cuts)
            pieces = [
                _bound(a_part, b_part, out_MON, add or number > 0)
                for number, (a_part, b_part) in enumerate(
                    zip(a_MOK.split(size, dim=2), b_MKN.split(size, dim=1), strict=True)
                )
            ]
        else:
            size = -(-columns // cuts)
            pieces = [
                _bound(a_MOK, b_part, out_part, add)
                for b_part, out_part in zip(b_MKN.split(size, dim=2), out_MON.split(size, dim=2), strict=True)
            ]

        def call() -> None:
            for piece in pieces:
                piece()

        return call
    return _bound(a_MOK, b_MKN, out_MON, add)


def multiply(a_MOK: Tensor, b_MKN: Tensor, *, out: Tensor | None = None, add: bool = False) -> Tensor:
    """Each member's a @ b, or its sum with out: `product`, at once."""
    if out is None:
        out = a_MOK.new_empty(a_MOK.shape[0], a_MOK.shape[1], b_MKN.shape[2])
    product(a_MOK, b_MKN, out, add=add)()
    return out


def _on_gpu(tensor: Tensor) -> bool:
    return tensor.is_cuda


def _bound(a_MOK: Tensor, b_MKN: Tensor, out_MON: Tensor, add: bool) -> Callable[[], None]:
    """One call of OpenBLAS's strided batch with all its arguments ready."""
    members, rows, columns = out_MON.shape
    a_order, a_lead = _order(a_MOK)
    b_order, b_lead = _order(b_MKN)
    _, out_lead = _order(out_MON)
    real = ctypes.c_float if a_MOK.dtype == torch.float32 else ctypes.c_double
    integer, address = ctypes.c_int, ctypes.c_void_p
    function = _functions()[a_MOK.dtype]
    held = (a_MOK, b_MKN, out_MON)  # the addresses below are theirs
    arguments = (
        *(_ROW_MAJOR, a_order, b_order, integer(rows), integer(columns), integer(a_MOK.shape[2])),
        *(real(1.0), address(a_MOK.data_ptr()), integer(a_lead), integer(a_MOK.stride(0))),
        *(address(b_MKN.data_ptr()), integer(b_lead), integer(b_MKN.stride(0)), real(float(add))),
        *(address(out_MON.data_ptr()), integer(out_lead), integer(out_MON.stride(0)), integer(members)),
    )

    def call(_held: tuple[Tensor, ...] = held) -> None:
        function(*arguments)

    return call


def _order(matrix: Tensor) -> tuple[ctypes.c_int, int]:
    """How BLAS is to read each member's matrix, and its leading dimension."""
    _, rows, columns = matrix.shape
    _, by_row, by_column = matrix.stride()
    if by_column == 1 or columns == 1:
        return _PLAIN, max(by_row, columns, 1)
    assert by_row == 1 or rows == 1, f"rows or columns must be contiguous, got strides {matrix.stride()}"
    return _TRANSPOSED, max(by_column, rows)


@cache
def _library() -> ctypes.CDLL:
    """A copy of OpenBLAS of our own: one thread, the kernels that suit this processor best."""
    package = find_spec("scipy_openblas32")  # not imported: that would load the library before it is told
    if package is None or package.origin is None:
        raise InvalidStudy("the package scipy-openblas32 must be installed, got none: pip install scipy-openblas32")
    folder = Path(package.origin).parent / "lib"
    file = next(file for file in sorted(folder.iterdir()) if "scipy_openblas" in file.name)
    before = {name: os.environ.pop(name, None) for name in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS")}
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    if CORETYPE in os.environ:
        os.environ["OPENBLAS_CORETYPE"] = os.environ[CORETYPE]
    try:
        library = ctypes.CDLL(str(file))
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    library.scipy_openblas_set_num_threads(1)
    return library


@cache
def _functions() -> dict[torch.dtype, Callable[..., None]]:
    library = _library()
    functions = {
        torch.float32: library.scipy_cblas_sgemm_batch_strided,
        torch.float64: library.scipy_cblas_dgemm_batch_strided,
    }
    for function in functions.values():
        function.restype = None
    return functions


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for numpy's and scipy's linear algebra too, whose bits depend on the number of threads."""
    with _thread_pools().limit(limits=1):
        yield


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def version() -> str:
    """OpenBLAS's version and the kernels that it runs on this processor."""
    library = _library()
    library.scipy_openblas_get_config.restype = ctypes.c_char_p
    library.scipy_openblas_get_corename.restype = ctypes.c_char_p
    number = library.scipy_openblas_get_config().decode().split()[1]
    return f"OpenBLAS {number} {library.scipy_openblas_get_corename().decode()}"
