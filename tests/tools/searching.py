"""A small searching study, and batches that are answered without training."""

from dataclasses import replace

import numpy
import pandas
from ray import tune

from analysis.describing.tuning import still_racing
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, condition_signature, grid
from spectra_tune.engine import run_block
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.search import Searched
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, curve_table, figure_table
from spectra_tune.tasks import moons
from studies.command.search import confirmation_blocks, with_search

STUDY = Study(
    question="Which?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=8)], epochs=[6]),
    arms={"none": Treatment.none(), "penalty": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("penalty", "none")],
    seeds=Seeds(search=range(3), confirm=range(100, 112)),
    outcome=Outcome(metric="test_accuracy"),
    search=Search(
        treatment_space={"sigma_end": tune.uniform(0.5, 4.0), "strength": tune.loguniform(1e-4, 1.0)},
        nuisance_space={"learning_rate": tune.loguniform(1e-3, 1e-1)},
        configurations=6,
        batch=3,
    ),
)


def searching(**given) -> Study:
    """The study with other fields of its search."""
    return replace(STUDY, search=replace(STUDY.search, **given))


def margin(outcomes):
    """Who stays in a race with a margin of a percentage point."""
    return still_racing(outcomes, 0.01)


def answered(batch, outcome, study=STUDY) -> pandas.DataFrame:
    """A batch's rows whose validation accuracy is outcome(values, seed)."""
    rows = [
        {
            "arm": batch.arm,
            "side": study.sides()[batch.arm],
            "configuration": number,
            "seed": seed,
            "status": "ok",
            "stage": "search",
            "signature": f"{sorted(values.items())}{seed}",
            "condition_signature": condition_signature(study.conditions[batch.stratum]),
            "epochs": 6,
            "validation_accuracy": outcome(values, seed),
            "validation_accuracy_of_constant": 0.5,
            **{"sigma_end": 1.0, "strength": 0.1, "learning_rate": 0.01} | values,
        }
        for number, values in batch.values.items()
        for seed in batch.seeds
    ]
    return pandas.DataFrame(rows)


def near_two(values, seed) -> float:
    """Accuracy that is best at sigma_end 2, with noise of the seed and of the run."""
    end = values.get("sigma_end", 1.0)
    noise = numpy.random.default_rng([seed, int(1e9 * values.get("learning_rate", 0.0))]).normal()
    return 0.9 - 0.05 * abs(end - 2.0) + 0.001 * noise


def confirmed(study: Study, values) -> Tables:
    """The tables of a searching study whose configurations are values(arm): a list of the factors' values per side."""
    parts = []
    for stratum in range(len(study.conditions)):
        for arm in study.sides():
            numbered = dict(enumerate(values(arm)))
            batch = ConfigurationBatch(stratum=stratum, arm=arm, values=numbered, repeats={}, seeds=study.seeds.search)
            parts.append(batch.labelled(study, run_block(batch.block(study))))
    searched = Searched(runs=pandas.concat(parts, ignore_index=True), reasons=(), complete=True)
    runs = pandas.concat([run_block(block) for block in confirmation_blocks(study, searched.runs)], ignore_index=True)
    return with_search(study, Tables(runs, curve_table({}), figure_table({})), searched)
