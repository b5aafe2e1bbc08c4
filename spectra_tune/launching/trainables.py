"""Blocks as Ray Tune trainables: Tune's dict says which block, every step reports on all its members."""

import math
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import ray
from ray import tune

from spectra_tune.design import Block, Study
from spectra_tune.engine import BlockTraining, failed_runs, run_block
from spectra_tune.engine.environment import OutOfMemory, use_one_thread
from spectra_tune.engine.timing import time_arms
from spectra_tune.launching.block_store import ended_blocks, read_ended, write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.results import Tables, curve_table, figure_table, joined, packed, with_costs

STATE_FILE = "block.pt"

PASSING = (OSError, MemoryError, OutOfMemory)
"""Errors that another try, perhaps elsewhere, may not meet: they fail the trial, and Ray retries it. Any other would
come again from equal specs; it is reported as the block's result."""


class BlockTrainable(tune.Trainable):
    """Trains the block that `config["block"]` names. Results: epoch, epochs, curves; at the end done, perhaps error.

    What a block that has ended gave lies in the study's folder (see block_store.py), not in its last result.
    """

    def setup(
        self, config: dict[str, Any], blocks: Mapping[str, Block] | None = None, folder: str | None = None
    ) -> None:
        assert blocks is not None, "launching hands the blocks in"
        use_one_thread()
        self._blocks, self._folder = blocks, folder
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._name = new_config["block"]
        self._block: Block | None = self._blocks[self._name]
        self._training: BlockTraining | None = None
        return True

    def _trained(self) -> BlockTraining:
        """The block in training, begun at the first need so that an error in it is reported by `step`."""
        if self._training is None:
            assert self._block is not None
            self._training = BlockTraining(self._block, device=self._device, report_every=self._report_every())
        return self._training

    def _report_every(self) -> int | None:
        """Epochs between two reports; None is the engine's own choice."""
        return None

    @property
    def _device(self) -> str:
        return "cuda" if ray.get_gpu_ids() else "cpu"

    def step(self) -> dict[str, Any]:
        assert self._folder is not None, "launching says where"
        if self._training is None and self._name in ended_blocks(self._folder):  # and a kill came before that was known
            return {"done": True, "error": (read_ended(self._folder, self._name) or {}).get("error")}
        result = self._advanced()
        if not result["done"]:
            return result
        write_ended(self._folder, self._name, result)
        return {name: value for name, value in result.items() if name not in (*Tables._fields, "traceback")}

    def _advanced(self) -> dict[str, Any]:
        """The result of training up to the next report, at the end with tables."""
        try:
            report = self._trained().advance()
        except PASSING:
            raise
        except Exception as error:  # anything that a user's task or network may raise is this block's result
            return self._failed(error)
        result: dict[str, Any] = {"epoch": report.epoch, "epochs": report.epochs, "done": report.runs is not None}
        if report.runs is None:
            return result | {"curves": packed(report.curves)}
        return result | self._ended(report.runs)

    def _failed(self, error: Exception) -> dict[str, Any]:
        """The result of a block that raised: its arms are trained alone, and those that raise again have failed."""
        assert self._block is not None
        reasons, tables = [], []
        several = len(self._block.arms) > 1
        for name, arm in self._block.arms:
            alone = replace(self._block, arms=[(name, arm)])
            try:
                if not several:
                    raise error
                tables.append(_trained_alone(alone, self._device))
            except PASSING:
                raise
            except Exception as its_error:  # as above
                reasons.append(f"{name}: {_one_line(its_error)}")
                tables.append(Tables(failed_runs(alone, device=self._device), curve_table({}), figure_table({})))
        whole = {name: packed(table) for name, table in joined(tables)._asdict().items()}
        said = {"error": "; ".join(reasons or [_one_line(error)]), "traceback": traceback.format_exc()}
        return {"done": True} | said | whole

    def _ended(self, runs: pandas.DataFrame) -> dict[str, Any]:
        """What the last result of a block carries."""
        assert self._block is not None
        costs = {name: timing.columns for name, timing in time_arms(self._block, device=self._device).items()}
        training = self._trained()
        tables = Tables(with_costs(runs, costs), training.curves(), training.figures())
        return {name: packed(table) for name, table in tables._asdict().items()}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        if self._training is not None:
            self._training.save(Path(checkpoint_dir) / STATE_FILE)

    def load_checkpoint(self, checkpoint_dir: str | dict | None) -> None:
        file = Path(str(checkpoint_dir)) / STATE_FILE
        self._training = None
        if file.exists():
            try:
                self._trained().load(file)
            except Exception:  # half a file, or another one: whatever it is, training anew gives the same bits
                traceback.print_exc()
                self._training = None


class SearchTrainable(BlockTrainable):
    """Trains the pack of configurations that Tune's dict holds. Results: at the end runs; with `interim` also before
    it, with `objective`, the mean of the configurations' `metric`, by which a scheduler may stop the trial.

    No curves, no pictures, no timings: those are the confirmation's.
    """

    def setup(
        self, config: dict[str, Any], study: Study | None = None, metric: str = "", interim: bool = False
    ) -> None:
        assert study is not None, "launching hands the study in"
        use_one_thread()
        self._study, self._metric, self._interim = study, metric, interim
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._pack = ConfigurationBatch.of(new_config)
        self._block = self._pack.block(self._study)
        self._training = None
        return True

    def _report_every(self) -> int | None:
        assert self._block is not None
        return None if self._interim else self._block.condition.epochs

    def step(self) -> dict[str, Any]:
        if self._block is None:
            return {"runs": packed(pandas.DataFrame()), "objective": math.nan, "done": True}  # all are repeats
        result = self._advanced()
        result.pop("curves", None)
        if self._interim and "runs" not in result:
            result |= self._rows(self._trained().runs().assign(status="stopped"))
        return result

    def _failed(self, error: Exception) -> dict[str, Any]:
        """Configurations that fail together are tried alone: one that raises must not take the others with it."""
        pack, parts, reasons = self._pack, [], [_one_line(error)]
        alone = [replace(pack, values={number: values}, repeats={}) for number, values in pack.values.items()]
        for one in alone:
            block = one.block(self._study)
            assert block is not None
            try:
                parts.append(run_block(block, device=self._device))
            except PASSING:
                raise
            except Exception as its_error:  # as above
                parts.append(failed_runs(block, device=self._device))
                reasons.append(_one_line(its_error))
        return {"done": True, "reason": "; ".join(dict.fromkeys(reasons))} | self._rows(
            pandas.concat(parts, ignore_index=True)
        )

    def _ended(self, runs: pandas.DataFrame) -> dict[str, Any]:
        return self._rows(runs)

    def _rows(self, runs: pandas.DataFrame) -> dict[str, Any]:
        """The runs as a result, and the mean that schedulers look at."""
        values = runs[self._metric].where(runs["status"].isin(("ok", "stopped")), runs[f"{self._metric}_of_constant"])
        labelled = self._pack.labelled(self._study, runs)
        return {"runs": packed(labelled), "objective": float(values.mean())}


def _trained_alone(block: Block, device: str) -> Tables:
    """A block's tables, from its beginning to its end."""
    training = BlockTraining(block, device=device)
    while not training.finished:
        report = training.advance()
    assert report.runs is not None
    costs = {name: timing.columns for name, timing in time_arms(block, device=device).items()}
    return Tables(with_costs(report.runs, costs), training.curves(), training.figures())


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
