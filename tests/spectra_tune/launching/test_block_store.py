"""What a block gave is in the storage whole, to the bit, or not at all."""

import io
import zipfile

import numpy
import pandas
import pytest

from spectra_tune import launching
from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import failed_runs
from spectra_tune.launching import block_store
from spectra_tune.launching.block_store import (
    ended_blocks,
    filesystem_of,
    read_all,
    read_ended,
    table_of,
    write_ended,
)
from spectra_tune.networks import mlp
from spectra_tune.results import curve_table, figure_table
from spectra_tune.tasks import moons

TABLE = pandas.DataFrame(
    {
        "name": ["a", "b", None],
        "whole": numpy.array([1, -(2**60), 3]),
        "value": [0.1 + 0.2, float("nan"), -0.0],
        "small": numpy.array([0.1, 1e-45, 3e38], dtype=numpy.float32),
        "claim": [True, False, True],
    }
)
FACTS = {"done": True, "epoch": 6, "error": "none: ArithmeticError: «no»", "traceback": "Traceback …\n"}


@pytest.mark.parametrize("place", ["{}", "memory://studies{}"], ids=["folder", "fsspec"])
def test_what_a_block_gave_comes_back_to_the_bit(tmp_path, place):
    folder = place.format(tmp_path / "mine")
    assert ended_blocks(folder) == set()
    assert read_ended(folder, "block") is None
    write_ended(folder, "block", {"runs": TABLE, "curves": curve_table({})}, FACTS)
    assert ended_blocks(folder) == {"block"}
    ended = read_ended(folder, "block")
    assert ended.facts == FACTS
    runs = table_of([ended], "runs")
    pandas.testing.assert_frame_equal(runs, TABLE, check_exact=True)
    assert numpy.array_equal(numpy.signbit(runs["value"]), numpy.signbit(TABLE["value"]))
    assert list(ended.parquet) == ["runs", "curves"]
    assert list(read_all(folder, ["other", "block"])) == ["block"]
    block_store.forget(folder, ["block", "other"])
    assert ended_blocks(folder) == set()


NOTHING = pandas.DataFrame({name: [] for name in TABLE})
"""Without rows its columns have other types."""

OTHERS = (
    TABLE.assign(value=[1, 2, 3]),  # another type of a column
    TABLE.assign(more=[1, 2, 3], claim=["yes", None, "no"]),  # another column, and text where others have truths
    TABLE.drop(columns="whole"),
    TABLE.assign(name=None),  # nothing in it
    NOTHING,
)


@pytest.mark.parametrize("first", [TABLE, NOTHING], ids=["rows", "no rows"])
@pytest.mark.parametrize("other", OTHERS, ids=["type", "columns", "fewer", "nothing", "no rows"])
def test_tables_of_blocks_are_joined_as_pandas_joins_them(tmp_path, first, other):
    tables = {"a": first, "b": TABLE, "c": TABLE, "d": other, "e": TABLE}
    for name, table in tables.items():
        write_ended(str(tmp_path), name, {"runs": table}, {})
    read = read_all(str(tmp_path), tables)
    one_by_one = [frame for ended in read.values() if len(frame := table_of([ended], "runs"))]
    wanted = pandas.concat(one_by_one, ignore_index=True)
    pandas.testing.assert_frame_equal(table_of(read.values(), "runs"), wanted, check_exact=True)


def test_a_blocks_file_is_an_archive_of_parquet(tmp_path):
    write_ended(str(tmp_path), "block", {"runs": TABLE}, FACTS)
    with zipfile.ZipFile(tmp_path / "ended" / "block.zip") as archive:
        assert archive.namelist() == ["runs.parquet", "facts.json"]
        assert pandas.read_parquet(io.BytesIO(archive.read("runs.parquet"))).equals(TABLE)


class Stopped:
    """A file system on which nothing is moved: the process that wrote was killed before."""

    def __init__(self, files):
        self._files = files

    def __getattr__(self, name):
        return getattr(self._files, name)

    def move(self, source, target):
        raise OSError("killed")


def test_what_was_not_moved_to_its_name_is_not_there_and_can_be_written_again(tmp_path, monkeypatch):
    folder = str(tmp_path)
    with monkeypatch.context() as patched:
        files = filesystem_of(folder)[0]
        patched.setattr(block_store, "filesystem_of", lambda place: (Stopped(files), place))
        with pytest.raises(OSError, match="killed"):
            write_ended(folder, "block", {"runs": TABLE}, FACTS)
    assert [one.suffix for one in (tmp_path / "ended").iterdir()] == [".part"]
    assert ended_blocks(folder) == set()
    assert read_ended(folder, "block") is None
    write_ended(folder, "block", {"runs": TABLE}, FACTS)
    assert ended_blocks(folder) == {"block"}


def test_half_a_file_is_said_in_one_line(tmp_path):
    condition = Condition(task=moons(samples=40), network=mlp(width=4), epochs=2)
    block = Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0])
    runs, nothing = failed_runs(block), (curve_table({}), figure_table({}))
    tables = dict(zip(("runs", "curves", "figures"), (runs, *nothing), strict=True))
    write_ended(str(tmp_path / "mine"), "block", tables, FACTS)
    found = launching.trained_before("mine", {"block": block}, storage=str(tmp_path))
    assert found.complete
    assert found.failures == {"block": FACTS["error"]}
    assert found.tables.runs.equals(runs)
    file = tmp_path / "mine" / "ended" / "block.zip"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(launching.StorageDamaged, match=r"records in \S+mine must be whole, got BadZipFile: .*--resume"):
        launching.trained_before("mine", {"block": block}, storage=str(tmp_path))
