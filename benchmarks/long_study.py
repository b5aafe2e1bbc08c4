"""python -m benchmarks.long_study [BLOCKS] [FOLDER]: memory over a long study, and how soon --resume trains again.

Not part of `make bench`: it takes about half an hour. Prints a line every quarter of a minute.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

import studies
from benchmarks.processes import training

NAME = "long_study"

STUDY = """
from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STUDY = Study(
    question="What does a study of very many blocks cost?",
    conditions=grid(
        task=[moons(samples=20)],
        network=[mlp(width=2)],
        learning_rate=[0.01 / (1 + at) for at in range({blocks})],
        epochs=[1],
    ),
    arms={{"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)}},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(2)),
    outcome=Outcome(metric="test_accuracy", alpha=0.01),
)
"""

INTERRUPTED_AT = 3 / 4
"""Of the blocks."""

EVERY_S = 15


def main(blocks: int, folder: Path) -> None:
    """Runs the study, interrupts it at three quarters, resumes it, and runs it to its end."""
    (folder / f"{NAME}.py").write_text(STUDY.format(blocks=blocks))
    running, begun = started(folder), time.monotonic()
    watched(running, folder, begun, lambda: ended(folder) >= INTERRUPTED_AT * blocks)
    running.send_signal(signal.SIGINT)
    asked = time.monotonic()
    code = running.wait()
    print(f"interrupted: code {code} after {time.monotonic() - asked:.1f} s, {ended(folder)} blocks", flush=True)
    before = ended(folder)
    running, begun = started(folder, "--resume"), time.monotonic()
    while ended(folder) == before and running.poll() is None:
        time.sleep(0.1)
    print(f"first new block {time.monotonic() - begun:.1f} s after --resume", flush=True)
    watched(running, folder, begun, lambda: ended(folder) >= blocks)
    print(f"last block after {time.monotonic() - begun:.0f} s", flush=True)
    code = running.wait()
    print(f"code {code} after {time.monotonic() - begun:.0f} s; state {state_bytes(folder) / 1e6:.1f} MB", flush=True)


def started(folder: Path, *options: str) -> subprocess.Popen:
    """`spectra-tune run` on the study, in the folder."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    environment |= {"PYTHONPATH": str(Path(studies.__file__).parent.parent), "RAY_USAGE_STATS_ENABLED": "0"}
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "studies", "run", f"{NAME}.py", *options],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )


def watched(running: subprocess.Popen, folder: Path, begun: float, enough: Callable[[], bool]) -> None:
    """Prints memory and the number of ended blocks until there are enough, or the study ends."""
    said = 0.0
    while not enough() and running.poll() is None:
        if time.monotonic() - said > EVERY_S:
            said = time.monotonic()
            driver, workers = resident_mb(running.pid)
            print(
                f"{said - begun:5.0f} s  {ended(folder):5} blocks  driver {driver:.0f} MB  "
                f"workers {', '.join(f'{one:.0f}' for one in workers)} MB  state {state_bytes(folder) / 1e6:.1f} MB",
                flush=True,
            )
        time.sleep(0.5)


def resident_mb(driver: int) -> tuple[float, list[float]]:
    """Resident memory of the driver and of its workers that train."""
    workers = []
    for one in training(driver):
        with suppress(psutil.NoSuchProcess):
            workers.append(one.memory_info().rss / 1e6)
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(driver).memory_info().rss / 1e6, workers
    return 0.0, workers


def ended(folder: Path) -> int:
    """Blocks that have ended."""
    return sum(1 for _ in folder.glob(f"ray_results/{NAME}/ended/*.zip"))


def state_bytes(folder: Path) -> int:
    """Of Ray's newest record of its trials."""
    return max((file.stat().st_size for file in folder.glob(f"ray_results/{NAME}/experiment_state-*")), default=0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        many, where = (*sys.argv[1:], *("2000", temporary)[len(sys.argv) - 1 :])
        Path(where).mkdir(exist_ok=True)
        main(int(many), Path(where))
