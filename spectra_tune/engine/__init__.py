"""Train a block: members stacked, one program; an iterator of reports, then the run table."""

from spectra_tune.engine.failed import failed_runs
from spectra_tune.engine.memory import bytes_on_gpu, parts
from spectra_tune.engine.training import BlockTraining, Report, capacity_ratio, parameter_count, run_block, train

__all__ = [
    "BlockTraining",
    "Report",
    "bytes_on_gpu",
    "capacity_ratio",
    "failed_runs",
    "parameter_count",
    "parts",
    "run_block",
    "train",
]
