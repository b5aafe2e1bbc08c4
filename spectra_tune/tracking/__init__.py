"""MLflow: written from the driver while a study runs, read back as the run table.

Experiment = study. Parent MLflow run = the study's one execution. Child = one (Condition, arm, stage).
"""

from spectra_tune.tracking.experiments import read_experiment
from spectra_tune.tracking.keys import keys_of
from spectra_tune.tracking.linking import Pages, links, pages, study_link
from spectra_tune.tracking.models import Loaded, RunModel
from spectra_tune.tracking.parent_lock import ParentLock
from spectra_tune.tracking.provenance import provenance
from spectra_tune.tracking.reading import (
    Execution,
    RecordedArm,
    find_arm,
    find_execution,
    read_tables,
    recorded_studies,
)
from spectra_tune.tracking.store import (
    StoreLost,
    absolute_tracking_uri,
    check_reachable,
    default_tracking_uri,
    load,
)
from spectra_tune.tracking.writing import Tracker

__all__ = [
    "Execution",
    "Loaded",
    "Pages",
    "ParentLock",
    "RecordedArm",
    "RunModel",
    "StoreLost",
    "Tracker",
    "absolute_tracking_uri",
    "check_reachable",
    "default_tracking_uri",
    "find_arm",
    "find_execution",
    "keys_of",
    "links",
    "load",
    "pages",
    "provenance",
    "read_experiment",
    "read_tables",
    "recorded_studies",
    "study_link",
]
