"""The words of a study, declared: frozen, keyword-only, checked once, hashable. Standard library only."""

from spectra_tune.called import called
from spectra_tune.design.block import Arm, Block, Member, differing_fields, members
from spectra_tune.design.claim import Claim
from spectra_tune.design.condition import Condition, flat, grid
from spectra_tune.design.contrast import Contrast
from spectra_tune.design.evaluations import Attack, Calibration, Corruption
from spectra_tune.design.factors import levels
from spectra_tune.design.names import checked_study_name, distinct_names
from spectra_tune.design.outcome import Outcome
from spectra_tune.design.same_configuration import SAME_CONFIGURATION
from spectra_tune.design.search import Dimension, Search
from spectra_tune.design.seeds import Seeds
from spectra_tune.design.signature import condition_signature, run_signature
from spectra_tune.design.study import MOST_PICTURED, Pilot, Study
from spectra_tune.design.treatment import Treatment, in_words
from spectra_tune.errors import InvalidStudy, NotComparable, nearest
from spectra_tune.objectives import PHASES, SPLIT_METRICS, Metric, Objective, SplitMetric, objective_of
from spectra_tune.schedules.distance_to_criticality import DistanceToCriticality

__all__ = [
    "MOST_PICTURED",
    "PHASES",
    "SAME_CONFIGURATION",
    "SPLIT_METRICS",
    "Arm",
    "Attack",
    "Block",
    "Calibration",
    "Claim",
    "Condition",
    "Contrast",
    "Corruption",
    "Dimension",
    "DistanceToCriticality",
    "InvalidStudy",
    "Member",
    "Metric",
    "NotComparable",
    "Objective",
    "Outcome",
    "Pilot",
    "Search",
    "Seeds",
    "SplitMetric",
    "Study",
    "Treatment",
    "called",
    "checked_study_name",
    "condition_signature",
    "differing_fields",
    "distinct_names",
    "flat",
    "grid",
    "in_words",
    "levels",
    "members",
    "nearest",
    "objective_of",
    "run_signature",
]
