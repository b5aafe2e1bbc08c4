"""Real Ray nodes on this machine: one joins, gets work and dies, or the head does; nothing is lost."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from spectra_tune import tracking
from spectra_tune.engine import run_block
from spectra_tune.results import unmeasured
from studies.command import catalogue
from tests.tools.nodes import killed, node, trains, waited_for
from tests.tools.servers import free_port
from tests.tools.study_file import GOOD, written

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BARE = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "spectra_tune":
            raise ModuleNotFoundError("No module named 'spectra_tune'", name=name)

sys.meta_path.insert(0, Without())
"""


def test_a_node_without_the_code_is_named_and_nothing_hangs(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "sitecustomize.py").write_text(BARE)
    file, port = written(work), free_port()
    local = ["--node-ip-address", "127.0.0.1"]
    nodes = [node(tmp_path, "--head", "--port", str(port), "--include-dashboard=false", *local)]
    try:
        assert waited_for(lambda: "Ray runtime started" in (tmp_path / "node.log").read_text())
        nodes.append(node(tmp_path, "--address", f"127.0.0.1:{port}", *local, PYTHONPATH=str(tmp_path / "bare")))
        assert waited_for(lambda: (tmp_path / "node.log").read_text().count("Ray runtime started") == 2)
        refused = subprocess.run(
            [sys.executable, "-m", "studies", "run", file, "--address", f"127.0.0.1:{port}"],
            cwd=work,
            env={**os.environ, "RAY_AUTH_MODE": "disabled"},
            capture_output=True,
            text=True,
            timeout=300,
        )
    finally:
        for started in nodes:
            killed(started)
    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert "every node must have this machine's code and packages, the one at " in refused.stderr
    assert "has not: ModuleNotFoundError: No module named 'spectra_tune'; install" in refused.stderr


def test_a_node_joins_gets_work_and_dies_and_the_study_ends_complete(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    four = GOOD.replace("mlp(width=4), mlp(width=8)", "*(mlp(width=w) for w in (8, 9, 10, 11))")
    file = written(work, four.replace("[6]", "[200_000]"))
    port = free_port()
    local = ["--node-ip-address", "127.0.0.1"]
    nodes = [node(tmp_path, "--head", "--port", str(port), "--include-dashboard=false", *local)]
    try:
        environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "COLUMNS": "200"}
        assert waited_for(lambda: "Ray runtime started" in (tmp_path / "node.log").read_text())
        command = [sys.executable, "-m", "studies", "run", file, "--address", f"127.0.0.1:{port}"]
        with (tmp_path / "log").open("w") as log:
            study = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
        assert waited_for(lambda: trains(nodes[0])), (tmp_path / "log").read_text()
        nodes.append(node(tmp_path, "--address", f"127.0.0.1:{port}", "--node-ip-address", "127.0.0.2"))
        begun = work / "ray_results" / "mine" / "attempts"
        assert waited_for(lambda: any("127.0.0.2" in one.read_text() for one in begun.glob("*.json"))), "it gets work"
        killed(nodes[1])
        assert study.wait(300) == 0, (tmp_path / "log").read_text()
    finally:
        for started in nodes:
            killed(started)
        if study.poll() is None:
            study.send_signal(signal.SIGKILL)
    runs = tracking.read_tables("mine", f"sqlite:///{work / 'mlflow.db'}").runs
    told = runs[runs["interruptions"] != ""].groupby("width")["interruptions"].unique()
    assert len(told) == 1, "the other node's block was not broken off"
    assert [how.endswith(" after the node 127.0.0.2 was lost") for how in told.iloc[0]] == [True]
    for block in catalogue.load(file).study.blocks():
        here = unmeasured(run_block(block))
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(here)


def test_the_heads_death_is_one_line_within_half_a_minute_and_another_head_completes_the_study(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    file, port = written(work, GOOD.replace("[6]", "[200_000]")), free_port()
    start = ["--head", "--port", str(port), "--include-dashboard=false", "--node-ip-address", "127.0.0.1"]
    command = [sys.executable, "-m", "studies", "run", file, "--address", f"127.0.0.1:{port}"]
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "COLUMNS": "200"}
    log, nodes, ended = tmp_path / "log", [node(tmp_path, *start)], work / "ray_results" / "mine" / "ended"
    try:
        assert waited_for(lambda: "Ray runtime started" in (tmp_path / "node.log").read_text())
        with log.open("w") as out:
            study = subprocess.Popen(command, cwd=work, env=environment, stdout=out, stderr=out)
        assert waited_for(lambda: list(ended.glob("*.zip"))), log.read_text()
        (gcs,) = (one for one in psutil.Process(nodes[0].pid).children(recursive=True) if one.name() == "gcs_server")
        gcs.kill()
        killed_at = time.monotonic()
        assert waited_for(lambda: "is gone" in log.read_text())
        assert time.monotonic() - killed_at < 30
        assert study.wait(30) == 1
        kept = f"stopped: the cluster at 127.0.0.1:{port} is gone; 1 of 2 blocks are kept: spectra-tune run {file} "
        assert log.read_text().endswith(f"\n{kept}--resume --address 127.0.0.1:{port}\n"), "and nothing of Ray's"
        assert tracking.find_execution("mine", f"sqlite:///{work / 'mlflow.db'}").finished is False
        killed(nodes[0])
        nodes.append(node(tmp_path, *start))
        assert waited_for(lambda: (tmp_path / "node.log").read_text().count("Ray runtime started") == 2)
        again = subprocess.run([*command, "--resume"], cwd=work, env=environment, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert "taken over" not in again.stdout, "the lock was given back"
    finally:
        for started in nodes:
            killed(started)
        if study.poll() is None:
            study.kill()
    runs = tracking.read_tables("mine", f"sqlite:///{work / 'mlflow.db'}").runs
    for block in catalogue.load(file).study.blocks():
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(unmeasured(run_block(block)))


def test_a_cluster_with_a_token_tells_a_client_without_it_what_to_set(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    file, port = written(work), free_port()
    for name in ("token", "other"):
        (tmp_path / name).write_text(name * 8)
    start = ["--head", "--port", str(port), "--include-dashboard=false", "--node-ip-address", "127.0.0.1"]
    its = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    bare = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    bare["HOME"] = str(work)  # where no token is kept
    head = node(tmp_path, *start, **its)
    tried = {}
    try:
        assert waited_for(lambda: "Ray runtime started" in (tmp_path / "node.log").read_text())
        for had, given in (
            ("no RAY_AUTH_MODE", {}),
            ("RAY_AUTH_MODE=token and no token", {"RAY_AUTH_MODE": "token"}),
            ("another token", its | {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "other")}),
            (f"RAY_AUTH_MODE=token and no token in {work}/nowhere", its | {"RAY_AUTH_TOKEN_PATH": f"{work}/nowhere"}),
            ("its token", its),
        ):
            tried[had] = subprocess.run(
                [sys.executable, "-m", "studies", "run", file, "--address", f"127.0.0.1:{port}"],
                cwd=work,
                env={**bare, **given},
                capture_output=True,
                text=True,
                timeout=120,
            )
    finally:
        killed(head)
    assert tried.pop("its token").returncode == 0
    for had, refused in tried.items():
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.count("\n") == 1, refused.stderr
        assert f"the cluster at 127.0.0.1:{port} takes only clients with its token, got {had}" in refused.stderr
        assert "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to a file" in refused.stderr
