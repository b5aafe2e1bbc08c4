"""How much of a real command's time is not training."""

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import studies
from benchmarks.arms import ARMS
from benchmarks.clock import one_thread, seconds
from benchmarks.processes import training
from benchmarks.row import NotMeasured, Row
from spectra_tune import tracking
from spectra_tune.design import Block, Condition
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

NAME = "whole_path"
TRAINING_S = 120
"""Wall time of training that the study is cut to on this machine."""

LEAST_BLOCKS = 8

STUDY = """
from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STUDY = Study(
    question="What does a study cost beside its training?",
    conditions=grid(
        task=[moons(samples={samples})],
        network=[mlp(width={width})],
        learning_rate=[0.01 / (1 + at) for at in range({blocks})],
        epochs=[{epochs}],
    ),
    arms={{
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    }},
    contrasts=[("linear", "static"), ("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range({seeds})),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
)
"""


def measure(*, tiny: bool) -> Iterator[Row]:
    """The share of wall time of one `spectra-tune run FILE` in which its cores did not train.

    1 - (sum of the run table's `seconds` / cores in use) / (wall time of the process). `seconds` are the wall time of
    the blocks' steps with their reports; whatever else there is counts as outside: interpreter and imports, Ray,
    drawing data, MLflow, waiting, a core without a block, analysis, the report. A fresh store and storage, and as many
    equal blocks as fill every core evenly; the study's length is set so that training takes two minutes.
    """
    cores = os.cpu_count() or 1
    blocks = 1 if tiny else cores * -(-LEAST_BLOCKS // cores)
    sizes = {"samples": 64, "width": 4, "seeds": 2} if tiny else {"samples": 1000, "width": 64, "seeds": 20}
    epochs = 2 if tiny else max(20, round(TRAINING_S * cores / blocks / _seconds_per_epoch(**sizes)))
    in_use = min(cores, blocks)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{NAME}.py"
        file.write_text(STUDY.format(**sizes, blocks=blocks, epochs=epochs))
        wall_s, first_trial_s = _run(file)
        runs, *_ = tracking.read_tables(NAME, f"sqlite:///{folder}/mlflow.db")
    training_s = float(runs["seconds"].sum()) / in_use
    yield Row(
        section="whole_path",
        case=f"outside training, {blocks} blocks on {in_use} cores, {len(runs)} runs, {epochs} epochs",
        ratios=(1 - training_s / wall_s,),
        target=0.10,
        at_least=False,
        figures={"wall_s": wall_s, "training_s": training_s, "to_the_first_trial_s": first_trial_s},
    )


def _seconds_per_epoch(*, samples: int, width: int, seeds: int) -> float:
    """CPU time of an epoch of a block of three arms, two of them penalised."""

    def block(arm: str, epochs: int):
        condition = Condition(task=moons(samples=samples), network=mlp(width=width), epochs=epochs)
        return lambda: run_block(Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(seeds)))

    with one_thread():
        block("penalty", 1)()  # first calls load kernels and modules
        none_20, none_100, penalty_20, penalty_100 = (
            seconds(block(arm, epochs)) for arm in ARMS for epochs in (20, 100)
        )
    longer = none_100 - none_20 + 2 * (penalty_100 - penalty_20)
    if longer <= 0:
        raise NotMeasured(f"100 epochs must take longer than 20, got {longer:.3g} s more")
    return longer / 80


def _run(file: Path) -> tuple[float, float]:
    """Wall time of the command on a study file, in the file's folder, and after how much of it a worker had a trial."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    environment |= {
        "PYTHONPATH": str(Path(studies.__file__).parent.parent),
        "RAY_USAGE_STATS_ENABLED": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [sys.executable, "-m", "studies", "run", str(file)]
    command += ["--tracking-uri", f"sqlite:///{file.parent / 'mlflow.db'}", "--storage", str(file.parent / "ray")]
    begin = time.perf_counter()
    with (file.parent / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=file.parent, env=environment, stdout=log, stderr=log)
    first_trial_s = math.nan
    while running.poll() is None:
        if math.isnan(first_trial_s) and training(running.pid):
            first_trial_s = time.perf_counter() - begin
        time.sleep(0.1)
    wall_s = time.perf_counter() - begin
    if running.returncode:
        said = (file.parent / "log").read_text().strip().splitlines() or ["nothing"]
        raise NotMeasured(f"the study must run to its end, code {running.returncode}: {said[-1]}")
    return wall_s, first_trial_s
