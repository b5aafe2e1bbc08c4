"""What Ray writes of a study into its storage: removed before the study goes on, and never read.

A study goes on by what its blocks keep (see block_store.py and begun_blocks.py). Ray has no call that removes its own
files, so their names are known here, as Ray 2.60 gives them; a test in test_launching.py looks at those that it writes.
"""

import re
from collections.abc import Callable

import pyarrow.fs
from ray import tune

from spectra_tune.launching.begun_blocks import begun_blocks
from spectra_tune.launching.block_store import ended_blocks, filesystem_of, within

STATE = re.compile(
    r"tuner\.pkl$|\.validate_storage_marker$|(experiment_state|basic-variant-state|search_gen_state|searcher-state)-.*"
)
"""Names of the files at the top of a study's folder that Ray's state is in."""


def can_resume(name: str, storage: str) -> bool:
    """Whether the storage has something of a study of this name: that it began, blocks in training, or ended ones."""
    folder = within(storage, name)
    return tune.Tuner.can_restore(folder) or bool(begun_blocks(folder) or ended_blocks(folder))


def forget_trials(folder: str, is_trial: Callable[[str], bool] = lambda _: False) -> None:
    """Removes Ray's state of a study, and the folders of trials, by their names; whatever else is there stays."""
    files, path = filesystem_of(folder)
    for one in files.get_file_info(pyarrow.fs.FileSelector(path, allow_not_found=True)):
        if one.type == pyarrow.fs.FileType.Directory:
            if is_trial(one.base_name):
                files.delete_dir(one.path)
        elif STATE.match(one.base_name):
            files.delete_file(one.path)
