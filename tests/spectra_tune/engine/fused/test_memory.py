"""The kernel's memory."""

import pytest

from spectra_tune.engine.fused.memory import LINE, work_for


@pytest.mark.parametrize("samples", [1, 61, 1000])
@pytest.mark.parametrize("sizes", [(2, 3, 1), (3, 18, 9, 2)])
def test_what_vectors_are_loaded_from_begins_with_a_cache_line(sizes, samples):
    work = work_for(sizes, samples, 1)
    for name in ("hidden", "sums", "x", "target", "weight", "ones"):
        assert getattr(work, name).ctypes.data % LINE == 0
    assert work.ones.all()
