"""Data that stay on disk train with the bits of those in memory, and are never read as a whole."""

import numpy
import pytest

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import module
from spectra_tune.results import unmeasured
from spectra_tune.tasks import on_disk, picture_files
from spectra_tune.tasks.on_disk import MappedRows
from tests.laws.kinds import TASKS, Norms

ARMS = {"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.1)}


@pytest.mark.parametrize("batch_size", [16, None])
def test_pictures_on_disk_train_with_the_bits_of_those_in_memory(monkeypatch, batch_size):
    condition = Condition(
        task=TASKS["images"](samples=90), network=module(Norms, hidden=8), epochs=2, batch_size=batch_size
    )
    block = Block(condition=condition, arms=ARMS, seeds=range(2), probes=["sensitivity"])
    found = []
    for most in (2**28, 0):
        picture_files.pictures.cache_clear()
        for place in (on_disk, picture_files):
            monkeypatch.setattr(place, "IN_MEMORY_BYTES", most)
        x, _ = condition.task.draw("train", 0)
        assert isinstance(x, MappedRows) == (most == 0)
        training = BlockTraining(block)
        with monkeypatch.context() as only:
            only.setattr(MappedRows, "__array__", lambda *_: pytest.fail("read as a whole"))
            while not training.finished:
                training.advance()
        found.append((unmeasured(training.runs()), training.curves()))
    picture_files.pictures.cache_clear()
    assert found[0][0].equals(found[1][0])
    assert found[0][1].equals(found[1][1])


def test_rows_on_disk_are_those_of_the_array(tmp_path):
    numpy.arange(60, dtype=numpy.uint8).reshape(20, 3).tofile(tmp_path / "x")
    source = numpy.memmap(tmp_path / "x", dtype=numpy.uint8, mode="r").reshape(20, 3)
    mapped = MappedRows(source, numpy.array([7, 3, 3, 19]))
    assert (mapped.shape, mapped.dtype, len(mapped)) == ((4, 3), numpy.uint8, 4)
    assert mapped[1:3].tolist() == [[9, 10, 11]] * 2
    assert mapped[numpy.array([3, 0])].tolist() == [[57, 58, 59], [21, 22, 23]]
    assert (numpy.asarray(mapped) == source[[7, 3, 3, 19]]).all()
