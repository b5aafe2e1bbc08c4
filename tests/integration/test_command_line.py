"""The command line: one clear line and exit code 2 for what cannot be done, verdicts for what can."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from mlflow import MlflowClient

from spectra_tune import tracking
from spectra_tune.lock import Lock
from spectra_tune.results import unmeasured
from studies.__main__ import main, parser
from studies.command import catalogue
from studies.command.terminal import base_url
from tests.tools.study_file import GOOD, written

PICTURES = ("forest", "paired-static-none", "cost", "curves", "sigmas", "spectra", "boundaries-moons-samples-60")


def client_of(folder):
    return MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")


def refused(capsys, *arguments):
    """The line that a refused command prints."""
    assert main(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required: VERB"),
        (["lst"], "invalid choice: 'lst'"),
        (["run"], "required: NAME"),
        (["run", "capacity", "--bogus"], "unrecognized arguments: --bogus"),
        (["run", "capacity", "--storage"], "expected one argument"),
        (["advise", "--task", "moons"], "required: --width, --epochs"),
        (["advise", "--task", "moons", "--width", "0", "--epochs", "5"], "--width must be a whole number >= 1, got 0"),
        (["advise", "--task", "moons", "--width", "wide", "--epochs", "5"], "invalid int value: 'wide'"),
        (["report", "capacity", "--from", "absent.parquet"], "absent.parquet is absent"),
        (["report", "capacity", "--from", "a", "--tracking-uri", "sqlite:///b.db"], "leave one away"),
        (["show", "capacty"], "did you mean 'capacity'?"),
        (["run", "capacty"], "did you mean 'capacity'?"),
        (["report", "capacty"], "did you mean 'capacity'?"),
        (["report", "capacity"], "must have run"),
        (["run", "absent.py"], "a study file must exist"),
        (["run", "capacity", "--storage", "/dev/null/x"], "--storage must be a folder that can be written"),
        (["run", "capacity", "--tracking-uri", "http://127.0.0.1:9"], "an MLflow server must answer"),
        (["run", "capacity", "--tracking-uri", "ftp://x"], "a tracking URI must begin with"),
        (["run", "capacity", "--address", "127.0.0.1:9"], "a Ray cluster must answer"),
        (["ui", "--tracking-uri", "http://127.0.0.1:9"], "an MLflow server must answer"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_and_writes_nothing(folder, capsys, arguments, says):
    assert says in refused(capsys, *arguments)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1", "must define STUDY"),
        ("STUDY = 3", "must define STUDY"),
        ("1 / 0", "line 5: ZeroDivisionError"),
        ("x = = 2", "line 5: SyntaxError"),
        ("raise SystemExit(3)", "line 5: SystemExit"),
        ("from spectra_tune.tasks import mons", "did you mean 'moons'?"),
        ("Treatment(stregth=0.1)", "did you mean 'strength'?"),
        ("moons(nois_std=0.1)", "did you mean 'noise_std'?"),
        ("Treatment(strength=0.1, schedule='linaer')", "did you mean 'linear'?"),
        ("Treatment(strength=0.1, sigma_end=0)", "sigma_end must be a finite number > 0"),
        ("Treatment(strength=-0.1)", "strength must be a finite number >= 0"),
        (GOOD.replace('"none": Treatment.none(), ', ""), "every study has the arm 'none'"),
        (GOOD.replace('("static", "none")', '("statc", "none")'), "did you mean 'static'?"),
        (GOOD.replace("range(9)", "[1, 1]"), "must be distinct"),
        (GOOD.replace("range(9)", "[1], search=[1]"), "must be disjoint"),
        (GOOD.replace("test_accuracy", "train_accuracy"), "a verdict is about test data"),
        (GOOD.replace("mlp(width=4)", "mlp(width=0)"), "width must be a whole number >= 1"),
        (
            GOOD.replace(
                '"static": Treatment(strength=0.1, sigma_end=1.0)',
                '"static": Arm(treatment=Treatment(strength=0.1, sigma_end=1.0), changes={"epochs": 9})',
            ),
            "static and none differ in epochs: 9 and 6",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["show", "run"])
def test_a_study_file_that_cannot_be_carried_out_is_refused(folder, capsys, verb, text, says):
    line = refused(capsys, verb, written(folder, text))
    assert says in line
    assert list(folder.iterdir()) == []


def test_a_relative_path_says_the_line_too(folder, capsys):
    file = written(folder, "1 / 0")
    assert "line 5: ZeroDivisionError" in refused(capsys, "show", os.path.relpath(file))


def test_the_options_stay_as_they_are():
    verbs = parser()._subparsers._group_actions[0].choices
    options = {
        verb: sorted(option for action in one._actions for option in action.option_strings if option.startswith("--"))
        for verb, one in verbs.items()
    }
    assert options == {
        "list": ["--help"],
        "show": ["--help", "--smoke"],
        "run": [
            "--accept-changes",
            "--address",
            "--help",
            "--quiet",
            "--resume",
            "--smoke",
            "--storage",
            "--tracking-uri",
        ],
        "report": ["--format", "--from", "--help", "--output", "--smoke", "--tracking-uri"],
        "sync": ["--help", "--smoke", "--storage", "--tracking-uri"],
        "rerun": ["--help", "--tracking-uri"],
        "judge": [
            *("--alpha", "--arm", "--baseline", "--condition", "--fraction", "--from-mlflow", "--help"),
            *("--lower-is-better", "--margin", "--metric", "--output", "--percent", "--seed", "--selected-on"),
            *("--tracking-uri", "--treatment"),
        ],
        "advise": ["--epochs", "--help", "--network", "--task", "--width"],
        "ui": ["--help", "--tracking-uri"],
    }


def test_show_prints_the_plan(folder, capsys):
    assert main(["show", "capacity"]) == 0
    plan = capsys.readouterr().out
    for line in (
        "blocks      8: moons, width 8;",
        "arms        none; static; linear",
        "contrasts   linear − static; linear − none; static − none",
        "seeds       20 (100 to 119)",
        "runs        480",
        "tests m     24",
        "smallest p  1.9e-06",
        "alpha       can be reached",
    ):
        assert line in plan
    assert list(folder.iterdir()) == []


def test_show_warns_where_alpha_cannot_be_reached(folder, capsys):
    assert main(["show", written(folder, GOOD.replace("range(9)", "range(5)"))]) == 0
    plan = capsys.readouterr().out
    assert "alpha       CANNOT be reached" in plan
    assert "At least 8 seeds are needed" in plan


@pytest.mark.integration
def test_a_study_runs_once_and_is_reported_as_often_as_wanted(ray, folder, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "planted-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    file = written(folder, GOOD.replace("    seeds", '    keep_models="best",\n    seeds'))
    of_sigterm = signal.getsignal(signal.SIGTERM)
    assert main(["run", file]) == 0
    assert signal.getsignal(signal.SIGTERM) is of_sigterm
    first = capsys.readouterr().out
    assert "finished" in first
    assert "moons(samples=60), width 8, static − none: " in first.replace("\n", " ")
    assert "/#/compare-runs?runs=" in first
    assert "models      best: 4 networks at most, by validation_accuracy: " in first
    assert "/#/experiments/1/models?workflowType=machine_learning" in first

    assert "add --resume" in refused(capsys, "run", file)

    assert main(["run", file, "--resume"]) == 0
    again = capsys.readouterr().out
    assert "finished" not in again
    assert again in first

    assert main(["report", file, "--output", "out"]) == 0
    pictures = {f"{name}.{kind}" for name in PICTURES for kind in ("png", "svg")}
    tables = {"report.md", "report.html", "contrasts.csv", "runs.parquet", "curves.parquet", "figures.parquet"}
    tables |= {"descriptive.csv", "spread.csv"}
    assert {entry.name for entry in (folder / "out").iterdir()} == tables | pictures
    assert "/#/experiments/1/runs/" in (folder / "out" / "report.html").read_text()
    assert "train_accuracy" in (folder / "out" / "report.md").read_text()
    assert {entry.name for entry in folder.iterdir()} == {"mlflow.db", "mlartifacts", "ray_results", "out"}

    kept = [entry for entry in folder.rglob("*") if entry.is_file()]
    assert not [entry for entry in kept if b"planted-secret" in entry.read_bytes()]

    capsys.readouterr()
    client = client_of(folder)
    parent, *_ = client.search_runs(["1"], "tags.`spectra_tune.kind` = 'study'")
    child, *_ = client.search_runs(["1"], "params.arm = 'static'")
    models = {(one.source_run_id, one.tags["signature"]) for one in client.search_logged_models(["1"])}
    assert len(models) == 4
    assert main(["rerun", child.info.run_id]) == 0
    assert "9 runs trained again, bits agree in every column" in capsys.readouterr().out
    assert "only the MLflow run of an arm" in refused(capsys, "rerun", parent.info.run_id)
    for absent in ("nonsense", "0" * 32):
        assert f"spectra-tune: no run {absent!r} in sqlite:///{folder}/mlflow.db: " in refused(capsys, "rerun", absent)

    assert "must hold the blocks of the study" in refused(
        capsys, "sync", file, "--storage", "other", "--tracking-uri", "sqlite:///b.db"
    )
    said = refused(capsys, "run", file, "--resume", "--tracking-uri", "sqlite:///b.db")
    began = f"sqlite:///{folder}/mlflow.db"
    assert f"with the record that it began with, it is in {began}, not in sqlite:///{folder}/b.db: " in said
    assert f": spectra-tune run {file} --resume; or begin it anew with another --storage" in said
    assert not (folder / "b.db").exists()
    assert main(["sync", file, "--tracking-uri", "sqlite:///again.db"]) == 0
    warning, _, printed = capsys.readouterr().out.partition("\n")
    assert warning.startswith(f"WARNING: the study began in {began}, where its record stays as it is: ")
    assert printed.partition("Look into it")[0] in first
    assert f"Look into it: spectra-tune ui --tracking-uri sqlite:///{folder}/again.db, then" in printed
    assert tracking.find_execution("mine", f"sqlite:///{folder / 'again.db'}").finished
    synced = MlflowClient(tracking_uri=f"sqlite:///{folder / 'again.db'}").search_logged_models(["1"])
    assert {one.tags["signature"] for one in synced} == {signature for _, signature in models}

    changed = written(folder, GOOD.replace("range(9)", "range(10)"))
    says = f"has changed since it was recorded in {began}, in its seeds and keep_models: "
    for command in (["run", changed, "--resume"], ["report", changed], ["rerun", child.info.run_id]):
        assert says in refused(capsys, *command)


@pytest.mark.integration
def test_a_block_that_fails_is_said_and_the_code_is_one(ray, folder, capsys):
    broken = GOOD.replace("mlp(width=4), mlp(width=8)", "Broken()").replace(
        "STUDY",
        """
from dataclasses import dataclass
import torch
from spectra_tune.operators.dense import Matrix

@dataclass(frozen=True)
class Broken:
    def build(self, task):
        return Tired(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    def regularized(self, module):
        return {"hidden": Matrix(module[0].weight)}

class Tired(torch.nn.Sequential):
    calls = 0
    def forward(self, x):
        self.calls += self.training
        if self.calls > 3:
            raise ArithmeticError("no more")
        return super().forward(x)

STUDY""",
        1,
    )
    assert main(["run", written(folder, broken, "broken.py")]) == 1
    printed = capsys.readouterr().out
    assert "failed: broken-moons_samples_60-" in printed
    lines = (folder.parent / "broken.py").read_text().splitlines()
    line = 1 + lines.index('            raise ArithmeticError("no more")')
    place = f"{folder.parent / 'broken.py'}, line {line}"
    assert f"none: ArithmeticError: no more ({place}); static: ArithmeticError: no more ({place})" in printed
    assert "uninformative" in printed, "both arms count as the constant predictor"
    runs = tracking.read_tables("broken", f"sqlite:///{folder / 'mlflow.db'}").runs
    assert set(runs["status"]) == {"failed"}
    assert runs["test_accuracy_of_constant"].notna().all()
    assert main(["run", str(folder.parent / "broken.py"), "--resume"]) == 0


@pytest.mark.integration
def test_a_study_is_not_continued_with_other_software_unless_that_is_said(ray, folder, capsys):
    file = written(folder)
    study = catalogue.load(file).study
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    tracker = tracking.Tracker.begin(
        "mine", study, uri, labels=study.labels(), description="", parameters={}, tags={"study": file}
    )
    tracker.stop("KILLED")
    client_of(folder).set_tag(tracker.run_id, "version.torch", "1.0.0")
    with Lock("mine", pytest.fail) as held:
        held.take(tracking.ParentLock(uri, tracker.run_id), take_over=False)
        for command in (["run", file], ["run", file, "--resume", "--accept-changes"], ["sync", file]):
            said = refused(capsys, *command)
            assert f"study 'mine' is being run by process {os.getpid()} on " in said
    assert not (folder / "ray_results").exists()
    said = refused(capsys, "run", file, "--resume")
    assert "changed are torch 1.0.0 → 2." in said
    assert "add --accept-changes" in said
    assert main(["run", file, "--resume", "--accept-changes"]) == 0
    tags = client_of(folder).get_run(tracker.run_id).data.tags
    assert "spectra_tune.lock" not in tags
    assert not (folder / "ray_results" / "mine" / "lock.json").exists()
    assert tags["version.torch"] == "1.0.0"
    assert tags["resumed.version.torch"].startswith("2.")


def test_no_credentials_are_shown(folder, capsys):
    said = refused(capsys, "run", written(folder), "--tracking-uri", "http://someone:planted@127.0.0.1:9")
    assert "planted" not in said
    assert "http://***@127.0.0.1:9" in said
    assert base_url("https://someone:planted@host:5000") == "https://host:5000"


@pytest.mark.slow
@pytest.mark.integration
def test_a_study_killed_in_the_middle_ends_as_if_it_had_not_been(tmp_path):
    file = written(tmp_path / "any", GOOD.replace("[6]", "[60000]"))
    tables = {}
    for name in ("whole", "killed"):
        work = tmp_path / name
        work.mkdir()
        command = [sys.executable, "-m", "studies", "run", file]
        environment = {**os.environ, "COLUMNS": "200"}
        if name == "killed":
            with (work / "log").open("w") as log:
                process = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                for places in ([], ["--storage", "other"], ["--tracking-uri", "sqlite:///other.db"]):
                    second = subprocess.run([*command, "--resume", *places], cwd=work, capture_output=True, text=True)
                    assert (second.returncode, second.stdout) == (2, ""), second.stderr
                    assert f"study 'mine' is being run by process {process.pid} on " in second.stderr
                    assert second.stderr.count("\n") == 1
                assert {one.name for one in work.iterdir()} <= {"log", "ray_results", "mlflow.db", "mlartifacts"}
                assert process.poll() is None, "the first one trains on"
                process.kill()
                process.wait()
            command.append("--resume")
        said = subprocess.run(command, cwd=work, env=environment, check=True, capture_output=True, text=True).stdout
        assert (f"taken over from process {process.pid} on " in said) if name == "killed" else ("taken" not in said)
        connection = sqlite3.connect(work / "mlflow.db")
        same_point = "select count(*) n from metrics group by run_uuid, key, step"
        assert connection.execute(f"select max(n) from ({same_point})").fetchone() == (1,)
        connection.close()
        tables[name] = tracking.read_tables("mine", f"sqlite:///{work / 'mlflow.db'}")
    assert unmeasured(tables["killed"][0]).equals(unmeasured(tables["whole"][0]))
    assert tables["killed"][1].equals(tables["whole"][1])
