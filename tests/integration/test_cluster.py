"""Two real Ray nodes on this machine: one joins, gets work and dies in the middle; nothing is lost."""

import os
import signal
import subprocess
import sys
import time

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
    file = written(work, four.replace("[6]", "[12000]"))
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
        nodes.append(node(tmp_path, "--address", f"127.0.0.1:{port}", *local))
        assert waited_for(lambda: trains(nodes[1])), "a node that joins gets work"
        time.sleep(2)
        killed(nodes[1])
        assert study.wait(300) == 0, (tmp_path / "log").read_text()
    finally:
        for started in nodes:
            killed(started)
        if study.poll() is None:
            study.send_signal(signal.SIGKILL)
    runs = tracking.read_tables("mine", f"sqlite:///{work / 'mlflow.db'}").runs
    for block in catalogue.load(file).study.blocks():
        here = unmeasured(run_block(block))
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(here)
