"""Where a study's checkpoints may lie."""

import shutil
from types import SimpleNamespace

import pytest

from spectra_tune.design import InvalidStudy
from studies.command import places


@pytest.mark.parametrize(
    ("total", "free", "says"), [(0, 0, "must be a folder that can be written"), (9, 0, "must have space left")]
)
def test_a_disk_without_room_is_told_from_one_that_holds_no_files(total, free, says, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    with pytest.raises(InvalidStudy, match=f"--storage {says}"):
        places.storage(str(tmp_path / "new"))
