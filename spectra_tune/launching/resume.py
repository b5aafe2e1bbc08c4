"""Ray's state of a study in the storage: whether there is one, and whether it can be continued."""

import json
import pickletools
import re
from collections.abc import Callable
from typing import Any

import pyarrow.fs
from ray import tune

from spectra_tune.launching.block_store import ended_blocks, filesystem_of, within

STATE = re.compile(r"tuner\.pkl$|(experiment_state|basic-variant-state|search_gen_state|searcher-state)-.*")
"""Names of the files at the top of a study's folder that Ray's state is in."""


def can_resume(name: str, storage: str) -> bool:
    """Whether the storage has something of a study of this name: Ray's record of trials, or blocks that have ended."""
    folder = within(storage, name)
    return tune.Tuner.can_restore(folder) or bool(ended_blocks(folder))


def statuses(folder: str) -> dict[str, str] | None:
    """Ray's status of each trial, by name; None where what Ray wrote is not whole: a kill or a full disk cut it off."""
    trials = _trials(folder)
    return None if trials is None else {_name(trial): trial["status"] for trial in trials}


def left_to_gpus(folder: str) -> bool:
    """Whether trials that have not ended were given parts of GPUs: they ask for them again."""
    left = [trial for trial in _trials(folder) or () if trial["status"] != "TERMINATED"]
    ended = ended_blocks(folder) if left else set()
    return any(
        argument == "GPU"
        for trial in left
        if _name(trial) not in ended
        for _, argument, _ in pickletools.genops(bytes.fromhex(trial["placement_group_factory"]))
    )


def _name(trial: dict[str, Any]) -> str:
    return trial["custom_dirname"] or trial["trial_id"]


def _trials(folder: str) -> list[dict[str, Any]] | None:
    """What Ray wrote of each trial; None where its state is not whole.

    Nothing of it is run: the pickles among it are only read through to their ends.
    """
    files, _ = filesystem_of(folder)
    plain = _files_of_ray(folder)
    states = [name for name in plain if name.startswith("experiment_state-")]
    if not states or "tuner.pkl" not in plain:
        return None

    def content(name: str) -> bytes:
        with files.open_input_stream(plain[name]) as file:
            return file.read()

    try:
        trials = [json.loads(trial) for trial, _ in json.loads(content(max(states)))["trial_data"]]
        for name in set(plain).difference(states):
            for _ in pickletools.genops(content(name)):
                pass
    except (ValueError, KeyError, TypeError):
        return None
    return trials


def forget(folder: str, is_trial: Callable[[str], bool] = lambda _: False) -> None:
    """Removes Ray's state of a study, and the folders of trials, by their names; whatever else is there stays."""
    files, path = filesystem_of(folder)
    for file in _files_of_ray(folder).values():
        files.delete_file(file)
    there = files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True))
    for one in there:
        if one.type == pyarrow.fs.FileType.Directory and is_trial(one.base_name):
            files.delete_dir(one.path)


def _files_of_ray(folder: str) -> dict[str, str]:
    """Paths of the files that Ray's state consists of, by name."""
    files, path = filesystem_of(folder)
    found = files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True))
    return {one.base_name: one.path for one in found if STATE.match(one.base_name)}
