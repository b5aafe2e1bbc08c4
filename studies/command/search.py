"""The search of a study: run it, record it, and make its candidates the arms of the confirmation."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas
from rich.console import Console

from analysis.describing import tuning
from analysis.judging.compared import short
from spectra_tune import tracking
from spectra_tune.design import SAME_CONFIGURATION, Block, Study, condition_signature
from spectra_tune.results import Tables
from studies.command import catalogue
from studies.command.console import say
from studies.command.interrupts import second_at_once
from studies.command.progress import BarOf, Display

if TYPE_CHECKING:
    from spectra_tune import launching


@second_at_once()
def search(
    talk: Console, bar: BarOf, named: catalogue.Named, tracker: tracking.Tracker, place: str, *, begun: bool
) -> "launching.Searched":
    """All search runs of a study, each configuration recorded as it ends, and then the plan of the confirmation."""
    from spectra_tune import launching

    study = named.study
    assert study.search is not None
    of_outcome = study.outcome.measured.on("validation")
    metric, scale = of_outcome.column, of_outcome.metric.scale
    better = max if of_outcome.metric.higher_is_better else min
    labels = list(study.labels().values())
    shown = {(at, arm): f"{label}, {arm}" for at, label in enumerate(labels) for arm in study.sides()}
    runs_by_side = dict.fromkeys(shown.values(), study.search.configurations * len(study.seeds.search))
    best: dict[str, float] = {}
    with Display(talk, bar, runs_by_side, unit="searches") as display:

        def on_progress(progress: launching.SearchProgress) -> None:
            assert study.search is not None
            if study.search.scheduler != "racing" and len(progress.runs):
                before = tracker.lost
                tracker.log_search(progress.runs, metric)
                if tracker.lost and not before:
                    display.say(f"WARNING: {tracker.lost}; the search goes on, and what waits is written later")
            if progress.best is not None:
                best[progress.arm] = better(best.get(progress.arm, progress.best), progress.best)
            found = ", ".join(f"{arm} {scale * value:.2f}" for arm, value in best.items())
            display.note(f"best {of_outcome.words} (exploratory): {found}")
            wanted = study.search.configurations
            name = shown[progress.stratum, progress.arm]
            display.update(name, progress.done, wanted, finished=progress.finished, error=None)

        searched = launching.run_search(
            f"{named.name}-search",
            study,
            storage=place,
            resume=begun,
            **_rules(study),
            on_progress=on_progress,
            by_value=named.by_value,
        )
        for reason in searched.reasons:
            display.say(f"failed configurations: {reason}")
    if searched.complete:
        tracker.log_search(searched.runs, metric)
        planned = tuning.plan_confirmation(study, searched.runs)
        tracker.log_plan("confirmation.json", json.dumps(asdict(planned), indent=1))
        say_plan(talk, study, planned)
    return searched


def seeds_in_words(study: Study, planned: tuning.ConfirmationPlan) -> str:
    """How many fresh seeds confirm, and how that stands to the power that the search's spread asks for."""
    count, pool, needed = len(planned.seeds), len(study.seeds.confirm), planned.needed
    power, all_of_them = f"{tuning.POWER:.0%} power at the margin".replace("%", " %"), count == pool
    seeds = f"all {pool} fresh seeds of the pool" if all_of_them else f"{count} fresh seeds of the pool's {pool}"
    if needed is None:
        return f"{seeds}; outcomes of single seeds spread too far for any number worth planning to give {power}"
    if needed > count:
        return f"{seeds}; {power} would need {needed}, so that a true effect of the margin may be left inconclusive"
    return f"{seeds}, which is enough for {power} ({max(2, needed)} would be)"


def searched_before(named: catalogue.Named, place: str) -> "launching.Searched":
    """What the storage holds of a study's search."""
    from spectra_tune import launching

    return launching.searched_before(f"{named.name}-search", named.study, storage=place, **_rules(named.study))


def _rules(study: Study) -> dict[str, Callable]:
    """How a configuration's outcomes are scored for the sampler, and who stays in a race."""
    assert study.search is not None
    metric, margin = study.outcome.measured.metric, study.outcome.margin_in_unit
    scores = {"mean": tuning.mean_of, "lower_bound": partial(tuning.lower_bound_of, metric=metric)}
    survivors = partial(tuning.still_racing, margin=margin / metric.scale)
    return {"score": scores[study.search.objective], "survivors": survivors}


def say_plan(talk: Console, study: Study, planned: tuning.ConfirmationPlan) -> None:
    """Prints what will be confirmed, before it is."""
    labels = study.labels()
    say(talk, f"search ended (exploratory); confirmation on {seeds_in_words(study, planned)}")
    for one in planned.candidates:
        chosen = ", ".join(f"{name} {short(value)}" for name, value in one.values.items()) or "nothing to tune"
        say(
            talk,
            f"  {labels[one.condition_signature]}, {one.arm}: configuration {one.configuration} of {one.tried}, "
            f"{chosen}; validation {one.mean:.2f} [{one.low:.2f}, {one.high:.2f}], {len(one.near_best)} near-best",
        )


def blocks_to_judge(study: Study, searched: "launching.Searched | None") -> tuple[Block, ...]:
    """The blocks that carry verdicts: of a searching study those of its candidates."""
    return study.blocks() if searched is None else confirmation_blocks(study, searched.runs)


def confirmation_blocks(study: Study, runs: pandas.DataFrame) -> tuple[Block, ...]:
    """A block per stratum: its candidates as arms, on fresh seeds."""
    planned = tuning.plan_confirmation(study, runs)
    return tuple(
        replace(block, arms=study.confirmed(planned.values(condition_signature(block.condition))), seeds=planned.seeds)
        for block in study.blocks()
    )


def with_search(study: Study, tables: Tables, searched: "launching.Searched | None") -> Tables:
    """The confirmation's tables with the search's runs below, both with side and configuration."""
    if searched is None:
        return tables
    planned = tuning.plan_confirmation(study, searched.runs)
    chosen = {(one.condition_signature, one.arm): (one.side, one.configuration) for one in planned.candidates}
    for one in planned.candidates:
        if one.side == "treatment":
            chosen[one.condition_signature, SAME_CONFIGURATION] = (one.side, one.configuration)
    keys = zip(tables.runs["condition_signature"], tables.runs["arm"], strict=True)
    sides, numbers = zip(*(chosen[key] for key in keys), strict=True)
    confirmed = tables.runs.assign(side=sides, configuration=numbers)
    return tables._replace(runs=pandas.concat([confirmed, searched.runs], ignore_index=True))
