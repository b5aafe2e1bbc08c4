"""Study -> Ray Tune: blocks and searches as trials, resumed where they stopped."""

from spectra_tune.launching.cluster import (
    check_address,
    check_nodes,
    connect,
)  # first: sets what Ray reads when imported

# isort: split
from spectra_tune.launching.beginning import Beginning, keep_beginning, read_beginning
from spectra_tune.launching.blocks import Progress, StorageDamaged, Trained, run_blocks, trained_before
from spectra_tune.launching.gpus import check_device, check_gpus
from spectra_tune.launching.head import Head
from spectra_tune.launching.kept_models import kept_model
from spectra_tune.launching.rays_state import can_resume
from spectra_tune.launching.search import Searched, SearchProgress, run_search, searched_before
from spectra_tune.launching.storage_file import LOCK, StorageFile

__all__ = [
    "LOCK",
    "Beginning",
    "Head",
    "Progress",
    "SearchProgress",
    "Searched",
    "StorageDamaged",
    "StorageFile",
    "Trained",
    "can_resume",
    "check_address",
    "check_device",
    "check_gpus",
    "check_nodes",
    "connect",
    "keep_beginning",
    "kept_model",
    "read_beginning",
    "run_blocks",
    "run_search",
    "searched_before",
    "trained_before",
]
