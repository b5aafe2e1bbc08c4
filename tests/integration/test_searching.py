"""A search on real Ray Tune, and a searching study from its plan to its verdicts."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import pandas
import pytest
import torch
from mlflow import MlflowClient
from ray import tune

from analysis.describing.pareto import fronts
from analysis.describing.tuning import mean_of
from spectra_tune import launching, tracking
from spectra_tune.design import SAME_CONFIGURATION, Arm, Attack, Block, Outcome, Seeds, Treatment, grid
from spectra_tune.engine import run_block
from spectra_tune.launching.block_store import ENDED
from spectra_tune.operators.dense import Matrix
from spectra_tune.results import unmeasured
from spectra_tune.tasks import moons
from studies.__main__ import main
from tests.tools.searching import STUDY, margin, searching
from tests.tools.study_file import written

ATTACK = Attack(norm="l2", epsilon=0.1, steps=3)

pytestmark = pytest.mark.integration

FILE = """
from ray import tune

STUDY = Study(
    question="Which?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=8)], epochs=[6]),
    arms={"none": Treatment.none(), "penalty": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("penalty", "none")],
    seeds=Seeds(search=range(3), confirm=range(100, 112)),
    search=Search(
        treatment_space={"sigma_end": tune.uniform(0.5, 4.0)},
        nuisance_space={"learning_rate": tune.loguniform(1e-3, 1e-1)},
        configurations=6,
        batch=3,
    ),
)
"""


def searched(study, storage, name="search", **given):
    return launching.run_search(
        name,
        study,
        storage=str(storage),
        **{"resume": False, "score": mean_of, "survivors": margin, "on_progress": lambda progress: None, **given},
    )


@dataclass(frozen=True, kw_only=True)
class Moody:
    """A network that cannot be made with one activation, and whose logits are not finite with another."""

    activation: str = "tanh"

    def build(self, task):
        if self.activation == "none":
            raise ArithmeticError("no such activation")
        return Wild() if self.activation == "wild" else torch.nn.Sequential(*layers())

    def regularized(self, module):
        return {"hidden": Matrix(module[0].weight)}


def layers():
    return torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)


class Wild(torch.nn.Sequential):
    """Its outputs are not finite."""

    def __init__(self):
        super().__init__(*layers())

    def forward(self, x):
        return super().forward(x) * float("inf")


def test_a_search_on_tune_gives_the_runs_that_this_process_gives(ray, tmp_path):
    study = replace(STUDY, outcome=Outcome(metric="test_robust_accuracy", attack=ATTACK))
    found = searched(study, tmp_path)
    assert found.complete
    assert not found.reasons
    runs = found.runs
    assert len(runs) == 2 * 2 * 6 * 3
    assert set(runs["stage"]) == {"search"}
    assert runs["test_accuracy"].isna().all(), "search runs are not evaluated on test data"
    assert "test_robust_accuracy" not in runs
    assert runs[["validation_accuracy", "validation_robust_accuracy"]].notna().all(axis=None)
    one = runs[(runs["width"] == 8) & (runs["arm"] == "penalty") & (runs["configuration"] == 4)]
    arm = Arm(
        treatment=Treatment(strength=one["strength"].iloc[0], sigma_end=one["sigma_end"].iloc[0]),
        changes={"learning_rate": one["learning_rate"].iloc[0]},
    )
    here = run_block(
        Block(
            condition=STUDY.conditions[1],
            arms={"penalty": arm},
            seeds=range(3),
            stage="search",
            evaluations=[ATTACK],
        )
    )
    there = unmeasured(one).drop(columns=["side", "configuration"]).reset_index(drop=True)
    assert there.equals(unmeasured(here))

    again = searched(study, tmp_path, resume=True)
    assert again.runs.equals(runs)
    other = searched(study, tmp_path, name="other")
    assert unmeasured(other.runs).equals(unmeasured(runs)), "equal searches on four workers"


def test_a_configuration_that_fails_or_diverges_counts_as_the_constant(ray, tmp_path):
    search = replace(
        STUDY.search,
        treatment_space={"sigma_end": tune.choice([1.0, 2.0])},
        nuisance_space={"activation": tune.choice(["tanh", "none", "wild"])},
        sampler="grid",
        configurations=6,
    )
    conditions = grid(task=[moons(samples=60)], network=[Moody()], epochs=[3])
    found = searched(replace(STUDY, conditions=conditions, search=search), tmp_path)
    assert found.complete
    line = 1 + Path(__file__).read_text().splitlines().index('            raise ArithmeticError("no such activation")')
    assert found.reasons == (f"ArithmeticError: no such activation ({__file__}, line {line})",)
    status = found.runs.groupby("activation")["status"].unique().map(list).to_dict()
    assert status == {"tanh": ["ok"], "none": ["failed"], "wild": ["diverged"]}
    lost = found.runs[found.runs["status"] != "ok"]
    assert lost["validation_accuracy"].isna().all()
    assert lost["validation_accuracy_of_constant"].eq(0.5).all()
    assert found.runs.groupby(["side", "configuration"]).size().eq(3).all()


@pytest.mark.parametrize("scheduler", ["asha", "median", "racing"])
def test_what_a_scheduler_stops_stays_in_the_table(ray, tmp_path, scheduler):
    study = searching(sampler="random", scheduler=scheduler, configurations=9, batch=9)
    study = replace(study, conditions=[replace(study.conditions[0], epochs=27)])
    found = searched(study, tmp_path)
    assert found.complete
    assert found.runs.groupby("side")["configuration"].nunique().eq(9).all()
    if scheduler != "racing":
        stopped = found.runs[found.runs["status"] == "stopped"]
        assert set(found.runs["status"]) == {"ok", "stopped"}
        assert stopped["validation_accuracy"].notna().all()
        full = found.runs[found.runs["status"] == "ok"].groupby("side")["configuration"].nunique()
        assert (full >= 1).all()
    assert searched(study, tmp_path, resume=True).runs.equals(found.runs)


@pytest.mark.slow
def test_rays_state_does_not_grow_with_the_rows_that_a_search_gives(ray, tmp_path):
    sizes = []
    for seeds in (2, 40):
        study = replace(searching(sampler="random"), seeds=Seeds(search=range(seeds), confirm=range(100, 112)))
        assert searched(study, tmp_path, name=f"seeds{seeds}").complete
        (state,) = (tmp_path / f"seeds{seeds}").glob("experiment_state-*.json")
        sizes.append(state.stat().st_size)
    assert sizes[1] < 1.5 * sizes[0], sizes


def test_a_search_that_begins_anew_forgets_what_an_earlier_one_of_its_name_left(ray, tmp_path):
    study = searching(sampler="random")
    searched(study, tmp_path)
    kept = tmp_path / "search" / ENDED
    before = {file: file.stat().st_mtime_ns for file in kept.iterdir()}
    (kept / "another.zip").write_bytes(b"of another search")
    assert searched(study, tmp_path).complete
    after = {file: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert set(after) == set(before)
    assert all(after[file] > before[file] for file in before)


def test_nsga2_on_tune_gives_every_size_its_configurations(ray, tmp_path):
    study = searching(sampler="nsga2")
    found = searched(study, tmp_path)
    assert found.complete
    tried = found.runs.groupby(["condition_signature", "side"])["configuration"].nunique()
    assert tried.to_list() == [6] * 4
    assert searched(study, tmp_path, resume=True).runs.equals(found.runs)
    assert {one.arm for one in fronts(study, found.runs)} == {"none", "penalty"}


def test_a_searching_study_from_plan_to_verdict(ray, folder, capsys):
    file = written(folder, FILE)
    assert main(["run", file]) == 0
    first = capsys.readouterr().out
    said = " ".join(first.split())
    assert "search ended (exploratory); confirmation on" in said
    assert "moons(samples=60), width 8, penalty − none:" in said
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    runs = tracking.read_tables("mine", uri).runs
    assert runs.groupby(["stage", "side"]).size().loc["search"].to_dict() == {"baseline": 36, "treatment": 36}
    confirmed = runs[runs["stage"] == "confirm"]
    assert set(confirmed["seed"]) <= set(range(100, 112))
    assert confirmed["test_accuracy"].notna().all()
    assert runs[runs["stage"] == "search"]["test_accuracy"].isna().all()
    for (signature, arm), rows in confirmed.groupby(["condition_signature", "arm"]):
        searched_rows = runs[
            (runs["stage"] == "search")
            & (runs["condition_signature"] == signature)
            & (runs["arm"] == ("penalty" if arm == SAME_CONFIGURATION else arm))
            & (runs["configuration"] == rows["configuration"].iloc[0])
        ]
        assert set(searched_rows["learning_rate"]) == set(rows["learning_rate"])

    client = MlflowClient(tracking_uri=uri)
    children = client.search_runs(["1"], "tags.`spectra_tune.kind` = 'configuration'", max_results=1000)
    assert len(children) == 2 * 2 * 6
    assert {child.info.status for child in children} == {"FINISHED"}
    parent, *_ = client.search_runs(["1"], "tags.`spectra_tune.kind` = 'study'")
    assert "confirmation.json" in {item.path for item in client.list_artifacts(parent.info.run_id)}
    child, *_ = client.search_runs(["1"], "params.stage = 'search' and params.arm = 'penalty'")
    assert main(["rerun", child.info.run_id]) == 0
    arm, *_ = client.search_runs(["1"], "params.stage = 'confirm' and params.arm = 'penalty'")
    assert main(["rerun", arm.info.run_id]) == 0
    assert capsys.readouterr().out.count("bits agree in every column") == 2

    assert main(["report", file, "--output", "out"]) == 0
    text = (folder / "out" / "report.md").read_text()
    for part in ("## Search (exploratory)", "learning rate", "near-best", "promised, pp"):
        assert part in text
    assert main(["sync", file, "--tracking-uri", "sqlite:///again.db"]) == 0
    again = tracking.read_tables("mine", f"sqlite:///{folder / 'again.db'}").runs
    assert again.equals(runs)


@pytest.mark.slow
def test_a_search_killed_in_the_middle_ends_as_if_it_had_not_been(tmp_path):
    file = written(tmp_path / "any", FILE.replace("epochs=[6]", "epochs=[3000]"))
    tables = {}
    for name in ("whole", "killed"):
        work = tmp_path / name
        work.mkdir()
        command = [sys.executable, "-m", "studies", "run", file]
        environment = {**os.environ, "COLUMNS": "200"}
        if name == "killed":
            with (work / "log").open("w") as log:
                process = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
                end = time.monotonic() + 60
                while "searches" not in (work / "log").read_text() and time.monotonic() < end:
                    time.sleep(0.2)
                process.send_signal(signal.SIGKILL)
                process.wait()
            command.append("--resume")
        subprocess.run(command, cwd=work, env=environment, check=True, capture_output=True)
        tables[name] = tracking.read_tables("mine", f"sqlite:///{work / 'mlflow.db'}")
    assert unmeasured(tables["killed"].runs).equals(unmeasured(tables["whole"].runs))
    assert isinstance(tables["whole"].runs, pandas.DataFrame)
    assert numpy.isfinite(tables["whole"].runs["validation_accuracy"]).all()
