"""A block as a Ray Tune trainable: Tune's dict names a block, every step reports on all its members."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import tune

from spectra_tune.blocks import BlockTraining
from spectra_tune.blocks.environment import OutOfMemory, use_one_thread
from spectra_tune.design import Block
from spectra_tune.results import Tables, packed, with_costs
from spectra_tune.timing import time_arms

STATE_FILE = "block.pt"

PASSING = (OSError, MemoryError, OutOfMemory)
"""Errors that another try, perhaps elsewhere, may not meet: they fail the trial, and Ray retries it. Any other would
come again from equal specs; it is reported as the block's result."""


class BlockTrainable(tune.Trainable):
    """Trains the block that `config["block"]` names. Results: epoch, epochs, curves; at the end tables, or error."""

    def setup(self, config: dict[str, Any], blocks: Mapping[str, Block] | None = None) -> None:
        assert blocks is not None, "launching hands the blocks in"
        use_one_thread()
        self._blocks = blocks
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._block = self._blocks[new_config["block"]]
        self._training: BlockTraining | None = None
        return True

    def _trained(self) -> BlockTraining:
        """The block in training, begun at the first need so that an error in it is reported by `step`."""
        if self._training is None:
            self._training = BlockTraining(self._block, device=self._device)
        return self._training

    @property
    def _device(self) -> str:
        return "cuda" if ray.get_gpu_ids() else "cpu"

    def step(self) -> dict[str, Any]:
        try:
            report = self._trained().advance()
        except PASSING:
            raise
        except Exception as error:  # anything that a user's task or network may raise is this block's result
            return {"error": _one_line(error), "traceback": traceback.format_exc(), "done": True}
        result: dict[str, Any] = {"epoch": report.epoch, "epochs": report.epochs, "done": report.runs is not None}
        if report.runs is None:
            return result | {"curves": packed(report.curves)}
        costs = {name: timing.columns for name, timing in time_arms(self._block, device=self._device).items()}
        training = self._trained()
        tables = Tables(with_costs(report.runs, costs), training.curves(), training.figures())
        return result | {name: packed(table) for name, table in tables._asdict().items()}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        if self._training is not None:
            self._training.save(Path(checkpoint_dir) / STATE_FILE)

    def load_checkpoint(self, checkpoint_dir: str | dict | None) -> None:
        file = Path(str(checkpoint_dir)) / STATE_FILE
        self._training = None
        if file.exists():
            self._trained().load(file)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
