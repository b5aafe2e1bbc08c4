"""While modules load, Python looks for no garbage; afterwards it does as before."""

import gc

import pytest

from spectra_tune.loading import without_collections


def test_the_collector_rests_and_goes_on_even_where_loading_fails():
    rested = []

    def load() -> None:
        with without_collections():
            rested.append(not gc.isenabled())
            raise ImportError

    assert gc.isenabled()
    with pytest.raises(ImportError):
        load()
    assert rested == [True]
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
