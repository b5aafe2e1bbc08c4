"""Train a block: an iterator of reports, then the run table.

Members train stacked, as one program, where their network has a stacked form, else in turn, as real modules. What is
named here loads at its first use: to plan a block (its way, its bytes, its seconds) takes no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spectra_tune.loading import without_collections

if TYPE_CHECKING:
    from spectra_tune.engine.duration import block_seconds, timed_step
    from spectra_tune.engine.environment import OutOfMemory, use_one_thread
    from spectra_tune.engine.fused.once import kernel_is_to_be_compiled
    from spectra_tune.engine.memory import bytes_on_gpu, parts
    from spectra_tune.engine.rehearsal import rehearse
    from spectra_tune.engine.reports import Report
    from spectra_tune.engine.rough_duration import fewest_parts, rough_seconds
    from spectra_tune.engine.rows import failed_runs
    from spectra_tune.engine.size import capacity_ratio, parameter_count
    from spectra_tune.engine.timing import time_arms
    from spectra_tune.engine.training import BlockTraining, run_block, train
    from spectra_tune.engine.way import needs_kernel, trains_stacked

__all__ = [
    "BlockTraining",
    "OutOfMemory",
    "Report",
    "block_seconds",
    "bytes_on_gpu",
    "capacity_ratio",
    "failed_runs",
    "fewest_parts",
    "kernel_is_to_be_compiled",
    "needs_kernel",
    "parameter_count",
    "parts",
    "rehearse",
    "rough_seconds",
    "run_block",
    "time_arms",
    "timed_step",
    "train",
    "trains_stacked",
    "use_one_thread",
]

_FILES = {
    "duration": ("block_seconds", "timed_step"),
    "environment": ("OutOfMemory", "use_one_thread"),
    "fused.once": ("kernel_is_to_be_compiled",),
    "memory": ("bytes_on_gpu", "parts"),
    "rehearsal": ("rehearse",),
    "reports": ("Report",),
    "rough_duration": ("fewest_parts", "rough_seconds"),
    "rows": ("failed_runs",),
    "size": ("capacity_ratio", "parameter_count"),
    "timing": ("time_arms",),
    "training": ("BlockTraining", "run_block", "train"),
    "way": ("needs_kernel", "trains_stacked"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A name of above, from its file."""
    if name in _FILE_OF:
        with without_collections():
            return getattr(import_module(f"{__name__}.{_FILE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
