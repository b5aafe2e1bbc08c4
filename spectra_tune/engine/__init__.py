"""Train a block: an iterator of reports, then the run table.

Members train stacked, as one program, where their network has a stacked form, else in turn, as real modules.
"""

from spectra_tune.engine.duration import block_seconds, fewest_parts, rough_seconds, trains_stacked
from spectra_tune.engine.fused.once import is_to_be_compiled as kernel_is_to_be_compiled
from spectra_tune.engine.groups import needs_kernel
from spectra_tune.engine.memory import bytes_on_gpu, parts
from spectra_tune.engine.rehearsal import rehearse
from spectra_tune.engine.reports import Report
from spectra_tune.engine.rows import failed_runs
from spectra_tune.engine.size import capacity_ratio, parameter_count
from spectra_tune.engine.training import BlockTraining, run_block, train

__all__ = [
    "BlockTraining",
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
    "train",
    "trains_stacked",
]
