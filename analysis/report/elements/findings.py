"""A judged study, and what several sections of its report and of the account tell, each computed once when asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas

from analysis.describing.across_tasks import PooledContrast, over_tasks
from analysis.describing.complexity import TaskGain, correlation_table, task_gains
from analysis.describing.convergence import convergence_table
from analysis.describing.error_rates import ErrorRate, error_rates
from analysis.describing.factors import effects_table, gains_table
from analysis.describing.gain_model import judged_table
from analysis.describing.prediction import prediction_table, predictions
from analysis.describing.price import Priced, priced
from analysis.describing.spread import spread_table
from analysis.describing.tuning import Tuned, plan_confirmation, tuned
from analysis.judging.contrasts import Judged, judge_study
from analysis.judging.declared import Declared, judge_declared
from analysis.judging.question import Question, question_of
from analysis.judging.sentences import decimals
from analysis.report.elements.shown import Shown, shown
from spectra_tune.design import Metric, Study, called
from spectra_tune.results import Tables, curve_table, figure_table

if TYPE_CHECKING:
    from analysis.describing.sensitivity import SideSensitivity


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A finished study, or a table from elsewhere: its tables and its verdicts. What one section alone tells is
    computed there."""

    name: str
    question: Question
    source: Study | Declared
    tables: Tables  # of the confirmation, where there was a search
    searched: pandas.DataFrame  # the search's runs; empty without one
    judged: list[Judged]
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)  # MLflow run of (condition_signature, arm)
    compared: Mapping[str, str] = field(default_factory=dict)  # MLflow's compare page, by condition_signature

    @property
    def study(self) -> Study:
        """Only for what needs a study's protocol (see needs.py)."""
        assert isinstance(self.source, Study), "a table from elsewhere has no study"
        return self.source

    @property
    def declared(self) -> Declared | None:
        """Of a table from elsewhere."""
        return self.source if isinstance(self.source, Declared) else None

    @property
    def runs(self) -> pandas.DataFrame:
        return self.tables.runs

    @property
    def arms(self) -> list[str]:
        return list(self.question.arms)

    @property
    def names(self) -> list[str]:
        """What people named, and pictures write."""
        tasks = [] if self.declared else [called(condition.task) for condition in self.study.conditions]
        return list(dict.fromkeys((*self.arms, *tasks, self.name, *self.question.labels.values())))

    @property
    def metric(self) -> Metric:
        """What the verdicts are about."""
        return self.question.measured.metric

    @property
    def digits(self) -> int:
        """Decimals of differences that tell them from the margin."""
        return decimals(self.metric, self.question.margin_in_unit)

    @cached_property
    def shown(self) -> Shown:
        """What pictures show of the study."""
        return shown(self.question, self.tables)

    @cached_property
    def priced(self) -> list[Priced]:
        return priced(self.judged, self.runs)

    @cached_property
    def pooled(self) -> list[PooledContrast]:
        """Empty of a table from elsewhere, which says nothing of tasks."""
        return [] if self.declared is not None else over_tasks(self.study, self.judged)

    @cached_property
    def error_rates(self) -> list[ErrorRate]:
        return error_rates(self.study, self.runs)

    @cached_property
    def spread(self) -> pandas.DataFrame:
        """See spread.spread_table."""
        return spread_table(self.judged)

    @cached_property
    def task_gains(self) -> list[TaskGain]:
        """Empty where tasks have no complexity."""
        return task_gains(self.study, self.runs, self.judged)

    @cached_property
    def correlations(self) -> pandas.DataFrame:
        """See complexity.correlation_table; empty where tasks have no complexity."""
        return correlation_table(self.study, self.task_gains)

    @cached_property
    def predictions(self) -> pandas.DataFrame:
        """A row per task: see prediction.predictions."""
        return predictions(self.study, self.runs)

    @cached_property
    def prediction(self) -> pandas.DataFrame:
        """See prediction.prediction_table."""
        return prediction_table(self.study, self.runs, self.predictions)

    @cached_property
    def gains(self) -> pandas.DataFrame:
        """See factors.gains_table."""
        return gains_table(self.study, self.runs)

    @cached_property
    def effects(self) -> pandas.DataFrame:
        """See factors.effects_table."""
        return effects_table(self.study, self.gains)

    @cached_property
    def gain_model(self) -> pandas.DataFrame:
        """See gain_model.judged_table."""
        return judged_table(self.gains)

    @cached_property
    def convergence(self) -> pandas.DataFrame:
        """See convergence.convergence_table; empty without a threshold."""
        return convergence_table(self.study, self.runs, self.tables.curves, self.judged)

    @cached_property
    def tuned(self) -> list[Tuned]:
        """Empty without a search."""
        if self.study.search is None:
            return []
        confirmed = {
            (one.condition_signature, one.contrast.baseline): one.verdict.statistics.mean for one in self.judged
        }
        return tuned(self.study, plan_confirmation(self.study, self.searched, self.runs), confirmed)

    @cached_property
    def sensitivities(self) -> "list[SideSensitivity]":
        """Empty without a search."""
        if self.study.search is None:
            return []
        from analysis.describing.sensitivity import sensitivities  # loads optuna, which only a search needs

        return sensitivities(self.study, self.searched)


def findings(
    name: str,
    study: Study,
    tables: Tables,
    links: Mapping[tuple[str, str], str] | None = None,
    compared: Mapping[str, str] | None = None,
) -> Findings:
    """Judges a study's run table."""
    in_search = tables.runs["stage"] == "search"
    searched, runs = tables.runs[in_search], tables.runs[~in_search]
    return Findings(
        name=name,
        question=question_of(study),
        source=study,
        tables=tables._replace(runs=runs),
        searched=searched,
        judged=judge_study(study, tables.runs),
        links=links or {},
        compared=compared or {},
    )


def findings_of_declared(name: str, declared: Declared) -> Findings:
    """Judges a table from elsewhere."""
    return Findings(
        name=name,
        question=declared.question,
        source=declared,
        tables=Tables(declared.runs, curve_table({}), figure_table({})),
        searched=declared.runs.iloc[:0],
        judged=judge_declared(declared),
    )
