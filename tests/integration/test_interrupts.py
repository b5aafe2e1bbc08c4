"""A second Ctrl-C ends a study at once, and nothing is lost."""

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
from tests.tools.nodes import killed, trains, waited_for
from tests.tools.study_file import GOOD, written

pytestmark = [pytest.mark.integration, pytest.mark.slow]

AT_ONCE_S = 5


def test_a_second_interrupt_ends_at_once_and_resuming_completes(folder):
    file = written(folder, GOOD.replace("[6]", "[200_000]"))
    command = [sys.executable, "-m", "studies", "run", file]
    log = folder.parent / "log"
    with log.open("w") as output:
        study = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        assert waited_for(lambda: trains(study)), log.read_text()
        time.sleep(1)
        below = psutil.Process(study.pid).children(recursive=True)
        os.killpg(study.pid, signal.SIGINT)  # as a terminal does: to all processes of the command
        time.sleep(0.2)
        second = time.monotonic()
        os.killpg(study.pid, signal.SIGINT)
        assert study.wait(60) == 130, log.read_text()
        assert time.monotonic() - second < AT_ONCE_S
    finally:
        killed(study)
    assert "interrupted at once; the same command with --resume continues" in log.read_text()
    assert "Traceback" not in log.read_text()
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    runs = tracking.read_tables("mine", f"sqlite:///{folder / 'mlflow.db'}").runs
    for block in catalogue.load(file).study.blocks():
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(unmeasured(run_block(block)))
    _, left = psutil.wait_procs(below, timeout=90)
    assert not left, "without its driver, Ray ends itself"


def test_a_study_whose_reader_leaves_stops_in_order_and_resuming_completes(folder):
    blocks = "*(mlp(width=w) for w in (6, 8, 12, 16, 24, 32))"
    file = written(folder, GOOD.replace("[6]", "[100_000]").replace("mlp(width=8)", blocks))
    command = [sys.executable, "-m", "studies", "run", file]
    study = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert study.stdout is not None
        assert study.stdout.readline().startswith("mine: ")
        study.stdout.close()  # as `| head -1` does
        study.stdout = None
        _, said = study.communicate(timeout=120)
    finally:
        killed(study)
    assert study.returncode == 130, said
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    recorded = tracking.find_execution("mine", f"sqlite:///{folder / 'mlflow.db'}")
    assert f"continue with: spectra-tune run {file} --resume" in said
    assert recorded is not None
    assert not recorded.finished
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
