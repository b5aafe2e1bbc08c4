"""A study's runs as one block against one Ray Tune trial per run."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.judging.contrasts import arm_summaries
from benchmarks.arms import ARMS
from benchmarks.clock import interleaved
from benchmarks.row import NotMeasured, Row
from spectra_tune import launching, tracking  # launching first: it sets what Ray reads when it is imported
from spectra_tune.design import Condition, Outcome, Seeds, Study
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from spectra_tune.tracking.store import client_of

# isort: split
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback

from benchmarks.local_ray import CPUS, local_ray
from benchmarks.trial_per_seed import TrialPerSeed


def measure(*, tiny: bool) -> Iterator[Row]:
    """Runs a second of wall time as one block over that as a trial per run, both recorded in MLflow on SQLite.

    The trials are done as well as Tune and MLflow's callback for it allow: a class, reused actors, no checkpoints, no
    log files. The block goes through `run_blocks` and the Tracker, checkpoints included. Ray has started, and the
    stores are made, before the clock starts; both sides start their own actors.
    """
    width, epochs, seeds, repeats = (4, 2, 1, 1) if tiny else (16, 100, 20, 2)
    study = Study(
        question="What does a trial per seed cost?",
        conditions=[Condition(task=moons(samples=64 if tiny else 1000), network=mlp(width=width), epochs=epochs)],
        arms=ARMS,
        contrasts=[("penalty", "none")],
        seeds=Seeds(confirm=range(seeds)),
        outcome=Outcome(metric="test_accuracy"),
    )
    with tempfile.TemporaryDirectory() as folder, local_ray():
        places = iter(range(2 * repeats))
        stores = [f"sqlite:///{folder}/mlflow_{side}.db" for side in ("trials", "block")]
        for store in stores:
            client_of(store).search_experiments()  # makes its tables
        taken = interleaved(
            lambda: _trials(study, Path(folder), f"trials_{next(places)}", stores[0]),
            lambda: _block(study, Path(folder), f"block_{next(places)}", stores[1]),
            repeats=repeats,
            clock=time.perf_counter,
        )
    runs = len(ARMS) * seeds
    trials_s, block_s = ([pair[side] for pair in taken] for side in range(2))
    yield Row(
        section="alternatives",
        case=f"trial per seed / one block, width {width}, {epochs} epochs, {runs} runs, {CPUS} CPUs",
        ratios=tuple(one / other for one, other in zip(trials_s, block_s, strict=True)),
        figures={
            "block_runs_per_s": runs / (sum(block_s) / repeats),
            "trials_runs_per_s": runs / (sum(trials_s) / repeats),
        },
    )


def _trials(study: Study, folder: Path, name: str, store: str) -> None:
    trainable = tune.with_parameters(TrialPerSeed, condition=study.conditions[0])
    results = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space={"arm": tune.grid_search(list(ARMS)), "seed": tune.grid_search(list(study.seeds.confirm))},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(
            name=name,
            storage_path=str(folder),
            verbose=0,
            callbacks=[MLflowLoggerCallback(tracking_uri=store, experiment_name=name)],
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    ).fit()
    if results.num_errors:
        raise NotMeasured(f"every trial must end, got: {' '.join(str(results.errors[0]).split())[-300:]}")


def _block(study: Study, folder: Path, name: str, store: str) -> None:
    tracker = tracking.Tracker.begin(
        name, study, store, labels=study.labels(), description=study.question, parameters={}, tags={}
    )
    tracker.add(study.blocks())

    def on_progress(progress: launching.Progress) -> None:
        if not progress.curves.empty:
            tracker.log_curves(progress.curves)

    blocks = {"block": study.blocks()[0]}
    trained = launching.run_blocks(name, blocks, storage=str(folder), resume=False, on_progress=on_progress)
    if trained.failures or not trained.complete:
        raise NotMeasured(f"the block must end, got: {trained.failures or 'an interrupted study'}")
    summaries = arm_summaries(trained.tables.runs)
    tracker.finish(
        trained.tables,
        outcome=study.outcome.metric,
        summaries=summaries,
        tags={key: {} for key in summaries},
        parent_metrics={},
        description=study.question,
        artifacts={},
    )
