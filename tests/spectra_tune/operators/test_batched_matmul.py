"""Each member's product is its own: right, and with the same bits however many members there are."""

import pytest
import torch

from spectra_tune.engine import BlockTraining
from spectra_tune.operators import batched_matmul
from spectra_tune.operators.batched_matmul import multiply, one_thread, product, version

SHAPES = [(3, 5, 7), (1, 8, 64), (8, 8, 1024), (32, 32, 1024), (33, 1024, 32), (64, 3, 32), (70, 70, 70), (1, 1, 1)]


def drawn(*shape, dtype=torch.float32, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_product_is_torchs_either_way_around_in_memory(shape, dtype):
    rows, contracted, columns = shape
    a, b = drawn(4, rows, contracted, dtype=dtype), drawn(4, contracted, columns, dtype=dtype, seed=1)
    expected = torch.bmm(a.double(), b.double()).to(dtype)
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-12, "atol": 1e-12}
    for left in (a, a.mT.contiguous().mT):
        for right in (b, b.mT.contiguous().mT):
            torch.testing.assert_close(multiply(left, right), expected, **close)
    start = drawn(4, rows, columns, dtype=dtype, seed=2)
    torch.testing.assert_close(multiply(a, b, out=start.clone(), add=True), start + expected, **close)


def test_a_product_writes_into_a_part_and_reads_a_shared_member():
    whole = torch.full((4, 5, 9), torch.nan)
    a, shared = drawn(4, 5, 6), drawn(1, 6, 8, seed=1).expand(4, -1, -1)
    call = product(a, shared, whole[:, :, :8])
    call()
    torch.testing.assert_close(whole[:, :, :8], torch.bmm(a, shared))
    assert whole[:, :, 8].isnan().all()
    a.mul_(2)
    call()
    torch.testing.assert_close(whole[:, :, :8], torch.bmm(a, shared))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_members_bits_do_not_depend_on_the_others(shape):
    rows, contracted, columns = shape
    a, b = drawn(20, rows, contracted), drawn(20, contracted, columns, seed=1)
    together = multiply(a, b)
    for some in ([7], [19, 0, 5], list(range(16))):
        assert torch.equal(multiply(a[some], b[some]), together[some])


def test_matrices_without_contiguous_rows_or_columns_are_refused():
    with pytest.raises(AssertionError, match="contiguous"):
        multiply(drawn(2, 8, 8)[:, ::2, ::2], drawn(2, 4, 4))


def test_the_kernels_in_use_are_known():
    assert version().startswith("OpenBLAS 0.3.")
    assert len(version().split()) == 3


def test_linear_algebra_of_other_libraries_runs_on_one_thread_inside_only():
    from threadpoolctl import threadpool_info

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with one_thread():
        assert set(threads()) == {1}
    assert threads() == before


def test_the_path_of_a_gpu_trains_the_same_network(block, monkeypatch):
    """torch.bmm in place of OpenBLAS, as on a GPU, agrees to rounding."""

    def final():
        training = BlockTraining(block, dtype=torch.float64)
        while not training.finished:
            training.advance()
        return [
            torch.cat([value.flatten() for value in state.values()])
            for trainer in training._trainers
            for state in trainer.states()
        ]

    expected = final()
    monkeypatch.setattr(batched_matmul, "_on_gpu", lambda tensor: True)
    for one, other in zip(final(), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)
