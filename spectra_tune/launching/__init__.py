"""Study -> Ray Tune: blocks and searches as trials, resumed where they stopped."""

import os

from spectra_tune.loading import without_collections

# Read by Ray when it is imported: the terminal belongs to the study's own progress display.
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")

with without_collections():
    from spectra_tune.launching.beginning import Beginning, keep_beginning, read_beginning
    from spectra_tune.launching.blocks import Progress, StorageDamaged, Trained, run_blocks, trained_before
    from spectra_tune.launching.gpus import check_device, check_gpus
    from spectra_tune.launching.kept_models import kept_model
    from spectra_tune.launching.rays_state import can_resume
    from spectra_tune.launching.search import Searched, SearchProgress, run_search, searched_before
    from spectra_tune.launching.storage_file import LOCK, StorageFile

__all__ = [
    "LOCK",
    "Beginning",
    "Progress",
    "SearchProgress",
    "Searched",
    "StorageDamaged",
    "StorageFile",
    "Trained",
    "can_resume",
    "check_device",
    "check_gpus",
    "keep_beginning",
    "kept_model",
    "read_beginning",
    "run_blocks",
    "run_search",
    "searched_before",
    "trained_before",
]
