"""What a search costs beside its training, and what its samplers and schedulers find for the runs that they spend."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy
import pandas

from analysis.describing.tuning import candidates, mean_of, still_racing
from benchmarks.row import NotMeasured, Row
from search_spaces import OPTIMIZER, SIGMA_END, STRENGTH
from spectra_tune import launching
from spectra_tune.design import Block, Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.engine import run_block
from spectra_tune.launching.side_search import SideSearch
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

# isort: split
import ray

from benchmarks.local_ray import local_ray

MOONS = moons(samples=1000)

WAYS = (("tpe", None), ("gp", None), ("nsga2", None), ("random", None), ("tpe", "asha"), ("random", "racing"))
"""Sampler and scheduler of each comparison; shares are of what `random` finds, per run."""

SYNTHETIC = {"task": moons(samples=200), "width": 8, "epochs": 50, "metric": "test_accuracy"}
REAL = {"task": border(), "width": 16, "epochs": 200, "metric": "test_balanced_accuracy"}
"""What they are compared on."""


def measure(*, tiny: bool) -> Iterator[Row]:
    """Milliseconds a suggestion; the share of a large search that is not training; gain found per run spent.

    A way's gain: how much better its candidate scores on 40 fresh seeds than the mean of random's first configurations,
    percentage points; spent: its runs, in runs of full length.
    """
    yield from _suggestions(5 if tiny else 100)
    with local_ray():
        yield _orchestration(*((4, 2) if tiny else (1000, 5)))
        for on in (SYNTHETIC, REAL):
            fewer = {"epochs": 60} if tiny else {}  # of fewer, nothing learns the border and no gain can be compared
            yield from _found(
                {**on, **fewer},
                configurations=4 if tiny else 24,
                repeats=1 if tiny else 4,
                confirmed=4 if tiny else 40,
            )


def _study(
    *,
    configurations: int,
    seeds: int,
    epochs: int,
    width: int = 16,
    task: Any = MOONS,
    metric: str = "test_accuracy",
    **given,
) -> Study:
    return Study(
        question="What does a search cost?",
        conditions=grid(task=[task], network=[mlp(width=width)], epochs=[epochs]),
        arms={"none": Treatment.none(), "penalty": Treatment(strength=0.1, sigma_end=1.0)},
        contrasts=[("penalty", "none")],
        seeds=Seeds(search=range(seeds), confirm=range(1000, 1040)),
        outcome=Outcome(metric=metric),
        search=Search(
            treatment_space={**SIGMA_END, **STRENGTH},
            nuisance_space=OPTIMIZER,
            configurations=configurations,
            **given,
        ),
    )


def _racing(outcomes):
    return still_racing(outcomes, 0.01)


def _suggestions(many: int) -> Iterator[Row]:
    """Time of a suggestion, with results told in batches of eight; against random draws."""
    taken = {}
    for sampler in ("random", "tpe", "gp"):
        study = _study(configurations=many, seeds=1, epochs=1, sampler=sampler)
        side = SideSearch(study, [0], "penalty", mean_of, _racing, 8)
        begin = time.perf_counter()
        while (batch := side.next()) is not None:
            rows = [
                {
                    "configuration": number,
                    "seed": 0,
                    "status": "ok",
                    "validation_accuracy": -abs(values["sigma_end"] - 2),
                }
                for number, values in batch.values.items()
            ]
            side.close(batch, pandas.DataFrame(rows))
        taken[sampler] = 1000 * (time.perf_counter() - begin) / many
    for sampler, milliseconds in taken.items():
        yield Row(
            section="searching",
            case=f"a suggestion of {sampler} / of random, {many} configurations of 4 factors",
            ratios=(milliseconds / taken["random"],),
            figures={f"{sampler}_s": milliseconds / 1000},
        )


def _orchestration(configurations: int, seeds: int) -> Row:
    """1 - (training seconds of all rows / cores) / wall time of the search."""
    study = _study(configurations=configurations, seeds=seeds, epochs=100, batch=50)
    cores = int(ray.cluster_resources()["CPU"])
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        found = _searched(study, folder)
        wall_s = time.perf_counter() - begin
    training_s = float(found.runs["seconds"].sum()) / min(cores, 2)  # two sides, each waiting for its own results
    return Row(
        section="searching",
        case=f"outside training, {configurations} configurations x {seeds} seeds x 2 sides, width 16, {cores} cores",
        ratios=(1 - training_s / wall_s,),
        target=0.20,
        at_least=False,
        figures={"wall_s": wall_s, "training_s": training_s, "runs_per_s": len(found.runs) / wall_s},
    )


def _found(on: Mapping[str, Any], *, configurations: int, repeats: int, confirmed: int) -> Iterator[Row]:
    gains: dict[tuple[str, str | None], list[float]] = {way: [] for way in WAYS}
    spent: dict[tuple[str, str | None], list[float]] = {way: [] for way in WAYS}
    for repeat in range(repeats):
        for sampler, scheduler in WAYS:
            study = _study(
                configurations=configurations,
                seeds=3 if scheduler != "racing" else 8,
                sampler=sampler,
                scheduler=scheduler,
                seed=repeat,
                **on,
            )
            with tempfile.TemporaryDirectory() as folder:
                runs = _searched(study, folder).runs
            gains[sampler, scheduler].append(_gain(study, runs, confirmed))
            reached = runs["status"].ne("stopped") * 1.0 + runs["status"].eq("stopped") * 0.3
            spent[sampler, scheduler].append(float(reached[runs["arm"] == "penalty"].sum()))
    base = numpy.mean(gains["random", None]) / numpy.mean(spent["random", None])
    for way in WAYS:
        per_run = [gain / runs for gain, runs in zip(gains[way], spent[way], strict=True)]
        named = " with ".join(filter(None, way))
        yield Row(
            section="searching",
            case=f"gain per run, {named} / random, {on['task']}, {configurations} configurations",
            ratios=tuple(float(one / base) for one in per_run),
            figures={"gain_pp": float(numpy.mean(gains[way])), "spent_runs": float(numpy.mean(spent[way]))},
        )


def _gain(study: Study, runs: pandas.DataFrame, confirmed: int) -> float:
    """The outcome of the treatment side's candidate over that of the untuned arm, on fresh seeds, pp."""
    chosen = next(one for one in candidates(study, runs) if one.arm == "penalty")
    arms = {"untuned": dict(study.arms)["penalty"], "tuned": study.configured("penalty", chosen.values)}
    block = Block(condition=study.conditions[0], arms=arms, seeds=range(5000, 5000 + confirmed))
    by_arm = run_block(block).groupby("arm")[study.outcome.metric].mean()
    return 100 * float(by_arm["tuned"] - by_arm["untuned"])


def _searched(study: Study, folder: str) -> launching.Searched:
    found = launching.run_search(
        "search",
        study,
        storage=str(Path(folder)),
        resume=False,
        score=mean_of,
        survivors=_racing,
        on_progress=lambda _: None,
    )
    if not found.complete:
        raise NotMeasured("the search must run to its end, it did not")
    return found
