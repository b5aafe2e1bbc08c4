"""Blocks on a Ray that is told of GPUs, trained on processors.

python -m tests.tools.pretended_gpus FOLDER: three blocks that share one, and what they were given.
python -m tests.tools.pretended_gpus run FILE …: the command, with one GPU or on the cluster at --address.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import ray

from spectra_tune import launching
from spectra_tune.design import Block, Condition
from spectra_tune.launching import blocks as launcher
from spectra_tune.launching import gpus
from spectra_tune.launching.trainables import BlockTrainable
from spectra_tune.networks import mlp
from spectra_tune.results import Tables
from spectra_tune.tasks import moons
from tests.conftest import ARMS

BLOCKS = {
    f"width{width}": Block(
        condition=Condition(task=moons(samples=40), network=mlp(width=width), epochs=40), arms=ARMS, seeds=range(2)
    )
    for width in (4, 8, 12)
}


def started(*arguments: str, log: Path, **given: str) -> subprocess.Popen:
    """This file as a process of its own, in the working directory."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **given}
    command = [sys.executable, "-m", "tests.tools.pretended_gpus", *arguments]
    with log.open("w") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


class OnProcessor(BlockTrainable):
    """Trains on the processor whatever Ray gave."""

    @property
    def _device(self):
        return "cpu"


class Noting(OnProcessor):
    """Notes at each step what Ray gave; the worker of the first block dies once."""

    def step(self):
        file = Path(self._folder).parent / f"{self._name}.given"
        with file.open("a") as notes:
            notes.write(f"{ray.get_gpu_ids()} {ray.get_runtime_context().get_assigned_resources().get('GPU')}\n")
        if self._name == "width4" and len(file.read_text().splitlines()) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step()


def one_gpu() -> None:
    """Starts a local Ray that is told of a GPU."""
    ray.init(address="local", num_cpus=2, num_gpus=1, include_dashboard=False, log_to_driver=False)


def shared(folder: str) -> Tables:
    """Trains the blocks, each as if it needed 3 GiB of a GPU's memory."""
    one_gpu()
    launcher.BlockTrainable = Noting
    launcher.bytes_on_gpu = lambda block: 3 * 2**30
    gpus.gpu_bytes = lambda: None
    trained = launching.run_blocks("shared", BLOCKS, storage=folder, resume=False, on_progress=lambda progress: None)
    assert trained.complete
    assert not trained.failures
    return trained.tables


def command(arguments: list[str]) -> int:
    """What `spectra-tune` does with the arguments, as if torch could use the GPUs that Ray is told of."""
    from studies.__main__ import main

    launcher.BlockTrainable = OnProcessor
    gpus.gpu_bytes = lambda: None
    if "--address" not in arguments:
        one_gpu()
    return main(arguments)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(command(sys.argv[1:]))
    shared(sys.argv[1]).runs.to_parquet(Path(sys.argv[1]) / "runs.parquet")
