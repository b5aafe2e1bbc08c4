"""`make chaos`: kills small studies at random moments, resumes them, and counts what was lost or doubled.

python -m tests.tools.chaos [KILLS] [KIND …]: so many kills of each kind of study (chaos_studies.py), by default 30 of
all. Exit code 1 where anything differs from an uninterrupted run.
"""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.processes import training
from spectra_tune import tracking
from spectra_tune.results import Tables, unmeasured
from tests.tools.chaos_studies import STUDIES

LONGEST = 0.9
"""After which a kill may come: so many times what the study takes in peace."""

VICTIMS = ("driver", "worker", "tree")


def main(kills: int, kinds: Sequence[str]) -> int:
    """Each study runs to its end once in peace and then through so many kills; returns the exit code."""
    wrong = [f"{kind}: {line}" for kind in kinds for line in of_kind(kind, kills)]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def of_kind(kind: str, kills: int) -> list[str]:
    """What comes out otherwise than in peace."""
    generator = random.Random(kind)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mine.py").write_text(STUDIES[kind])
        whole = folder / "whole"
        whole.mkdir()
        begin = time.monotonic()
        assert command(folder, whole).wait() == 0, (whole / "log").read_text()
        in_peace_s = time.monotonic() - begin
        expected = tables(whole)
        wrong, left, studies = [], kills, 0
        while left > 0:
            studies += 1
            work = folder / f"killed_{studies}"
            work.mkdir()
            left -= kill_until_done(folder, work, generator, left, LONGEST * in_peace_s)
            wrong += [f"study {studies}: {line}" for line in differences(expected, work)]
            told = f"{kills - left} kills of {studies} studies that take {in_peace_s:.0f} s in peace"
            print(f"{kind}: {told}, {len(wrong)} differences", flush=True)
    return wrong


def kill_until_done(folder: Path, work: Path, generator: random.Random, left: int, longest_s: float) -> int:
    """Kills the study again and again until it ends between two kills; returns how often, perhaps never."""
    kills = 0
    while True:
        running = command(folder, work)
        wait_s = generator.uniform(1.0, longest_s) if kills < left else 600
        with suppress(subprocess.TimeoutExpired):
            running.wait(wait_s)
        if running.poll() is not None:
            if running.returncode == 0 and tracking.find_execution("mine", uri(work)) is not None:
                return kills
            print((work / "log").read_text()[-1500:])
            raise SystemExit(f"chaos: the study ended with code {running.returncode}")
        kill(running, generator.choice(VICTIMS))
        kills += 1


def kill(running: subprocess.Popen, victim: str) -> None:
    """kill -9 of the driver, of a worker (the driver goes on to its end), or of all."""
    driver = psutil.Process(running.pid)
    below = driver.children(recursive=True)
    workers = training(running.pid)
    if victim == "worker" and workers:
        with suppress(psutil.NoSuchProcess):
            workers[0].kill()
        time.sleep(1)
    for process in [driver, *(below if victim == "tree" else [])]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    running.wait()
    psutil.wait_procs(below, timeout=30)  # without its driver, Ray ends itself


def command(folder: Path, work: Path) -> subprocess.Popen:
    with (work / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "studies", "run", str(folder / "mine.py"), "--resume"],
            cwd=work,
            env={**os.environ, "COLUMNS": "200"},
            stdout=log,
            stderr=log,
        )


def uri(work: Path) -> str:
    return f"sqlite:///{work / 'mlflow.db'}"


def tables(work: Path) -> Tables:
    return tracking.read_tables("mine", uri(work))


def differences(expected: Tables, work: Path) -> list[str]:
    """What is not as it would be without a kill."""
    found, wrong = tables(work), []
    if not unmeasured(found.runs).equals(unmeasured(expected.runs)):
        wrong.append("run tables differ")
    if not found.curves.equals(expected.curves):
        wrong.append("curve tables differ")
    if not found.figures.equals(expected.figures):
        wrong.append("figure tables differ")
    connection = sqlite3.connect(work / "mlflow.db")
    try:
        points = Counter(connection.execute("select run_uuid, key, step from metrics"))
        doubled = [key for key, count in points.items() if count > 1]
        statuses = Counter(status for (status,) in connection.execute("select status from runs"))
        arms = connection.execute("select count(*) from tags where key = 'arm_signature'").fetchone()[0]
    finally:
        connection.close()
    if doubled:
        wrong.append(f"{len(doubled)} metric points are doubled, such as {doubled[0]}")
    if set(statuses) != {"FINISHED"} or sum(statuses.values()) != arms + 1:
        wrong.append(f"MLflow runs: {dict(statuses)} for {arms} arms")
    halves = [file.name for file in work.rglob("*.tmp*")]
    return wrong + [f"half a file: {name}" for name in halves]


if __name__ == "__main__":
    given_kills, *given_kinds = sys.argv[1:] or ["30"]
    sys.exit(main(int(given_kills), given_kinds or list(STUDIES)))
