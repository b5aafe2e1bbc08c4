"""All that a study's tables say, computed once: what the report, its pictures and the terminal show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas

from analysis.describing.across_tasks import PooledContrast, over_tasks
from analysis.describing.capacity_trend import CapacityTrend, with_capacity
from analysis.describing.claim_parts import parts_of_claim
from analysis.describing.complexity import TaskGain, correlation_table, task_gains
from analysis.describing.convergence import convergence_table
from analysis.describing.error_rates import ErrorRate, error_rates
from analysis.describing.other_metrics import descriptive_table
from analysis.describing.prediction import prediction_table, predictions
from analysis.describing.price import Priced, priced
from analysis.describing.probed import probed_table
from analysis.describing.spread import spread_table
from analysis.describing.tuning import Tuned, plan_confirmation, tuned
from analysis.judging.contrasts import Judged, judge_study
from analysis.statistics.decomposition import Decomposition
from spectra_tune.design import Study
from spectra_tune.results import Tables

if TYPE_CHECKING:
    from analysis.describing.sensitivity import SideSensitivity


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A finished study: its tables, its verdicts, and what stands beside them."""

    name: str
    study: Study
    tables: Tables  # of the confirmation, where there was a search
    searched: pandas.DataFrame  # the search's runs; empty without one
    tuned: list[Tuned]
    sensitivities: "list[SideSensitivity]"
    judged: list[Judged]
    priced: list[Priced]
    pooled: list[PooledContrast]
    trends: list[CapacityTrend]
    parts: dict[str, Decomposition]
    error_rates: list[ErrorRate]
    descriptive: pandas.DataFrame
    spread: pandas.DataFrame  # see spread.spread_table
    task_gains: list[TaskGain]
    correlations: pandas.DataFrame  # see complexity.correlation_table; empty where tasks have no complexity
    predictions: pandas.DataFrame  # see prediction.predictions: a row per task
    prediction: pandas.DataFrame  # see prediction.prediction_table
    convergence: pandas.DataFrame  # see convergence.convergence_table; empty without a threshold
    probes: pandas.DataFrame  # see probed.probed_table; empty without probes
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)  # MLflow run of (condition_signature, arm)

    @property
    def runs(self) -> pandas.DataFrame:
        return self.tables.runs

    @property
    def arms(self) -> list[str]:
        return [name for name, _ in self.study.arms]


def findings(
    name: str,
    study: Study,
    tables: Tables,
    links: Mapping[tuple[str, str], str] | None = None,
) -> Findings:
    """Judges a study's run table and computes what its report shows."""
    judged = judge_study(study, tables.runs)
    gains = task_gains(study, tables.runs, judged)
    predicted = predictions(study, tables.runs)
    in_search = tables.runs["stage"] == "search"
    searched, runs = tables.runs[in_search], tables.runs[~in_search]
    return Findings(
        name=name,
        study=study,
        tables=tables._replace(runs=runs),
        searched=searched,
        sensitivities=[] if study.search is None else _sensitivities(study, searched),
        tuned=[] if study.search is None else _tuned(study, searched, judged),
        judged=judged,
        priced=priced(judged, runs),
        pooled=over_tasks(study, judged),
        trends=with_capacity(study, judged),
        parts=parts_of_claim(study, runs),
        error_rates=error_rates(study, runs),
        descriptive=descriptive_table(study, runs),
        spread=spread_table(judged),
        task_gains=gains,
        correlations=correlation_table(study, gains),
        predictions=predicted,
        prediction=prediction_table(study, runs, predicted),
        convergence=convergence_table(study, runs, tables.curves, judged),
        probes=probed_table(runs, tables.curves, judged),
        links=links or {},
    )


def _sensitivities(study: Study, searched: pandas.DataFrame) -> "list[SideSensitivity]":
    from analysis.describing.sensitivity import sensitivities  # loads optuna, which only a search needs

    return sensitivities(study, searched)


def _tuned(study: Study, searched: pandas.DataFrame, judged: list[Judged]) -> list[Tuned]:
    confirmed = {(one.condition_signature, one.contrast.baseline): one.verdict.statistics.mean for one in judged}
    return tuned(study, plan_confirmation(study, searched), confirmed)
