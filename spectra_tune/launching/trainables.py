"""Blocks as Ray Tune trainables: Tune's dict says which block, every step reports on all its members."""

import io
import math
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas
import ray
from ray import tune

from spectra_tune import engine
from spectra_tune.design import Block, Study
from spectra_tune.launching.attempts import attempts, forget_attempts, interruptions, keep_attempt
from spectra_tune.launching.begun_blocks import forget_state, keep_state, kept_state
from spectra_tune.launching.block_store import read_ended, write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.kept_models import keep_models
from spectra_tune.launching.parts import Part
from spectra_tune.loading import without_collections
from spectra_tune.objectives import SplitMetric
from spectra_tune.own_code import place_of_error, said
from spectra_tune.results import Tables, curve_table, figure_table, joined, kept_runs, scored, with_costs


class BlockTrainable(tune.Trainable):
    """Trains the block, or the part of one, that `config["block"]` names. Results: epoch, epochs, curves; at the end
    done, perhaps error.

    What a block that has ended gave lies in the study's folder (see block_store.py), not in its last result, and so
    does the state from which another worker goes on (see begun_blocks.py). Curves on the way are plain columns: the
    driver gets them with each result, and Ray writes a trial's newest one as JSON.
    """

    reported_s, kept_s = 10.0, 50.0
    """Of training after which a state is kept: at the next report; between two, but for the epoch in which they pass.
    So a kill costs about a minute at most, and where reports are frequent ten seconds."""

    def setup(self, config: dict[str, Any], parts: Mapping[str, Part] | None = None, folder: str = "") -> None:
        assert parts is not None, "launching hands the parts in"
        engine.use_one_thread()
        self._parts, self._folder = parts, folder
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._name = new_config["block"]
        self._part = self._parts[self._name]
        self._block: Block | None = self._part.block
        self._training: engine.BlockTraining | None = None
        self._begun = False
        self._kept = time.monotonic()
        return True

    def _trained(self) -> "engine.BlockTraining":
        """The block in training, begun at the first need so that an error in it is reported by `step`."""
        if self._training is None:
            assert self._block is not None
            with without_collections():  # a worker's first block loads torch, numba and what its task draws with
                every = self._report_every()
                self._training = engine.BlockTraining(self._block, device=self._device, report_every=every)
        return self._training

    def _report_every(self) -> int | None:
        """Epochs between two reports; None is the engine's own choice."""
        return None

    @property
    def _device(self) -> str:
        named = None if self._block is None else self._block.condition.device
        return named or ("cuda" if ray.get_gpu_ids() else "cpu")

    def step(self) -> dict[str, Any]:
        if self._training is None and (ended := read_ended(self._folder, self._name)):  # a kill came before Ray knew
            return {"done": True, "error": ended.facts.get("error")}
        if not self._begun:
            self._go_on()
            keep_attempt(self._folder, self._name, self._epoch())
            self._begun = True
        result, tables = self._advanced()
        if result["done"]:
            broken_off = interruptions(attempts(self._folder, self._name))
            tables["runs"] = tables["runs"].assign(interruptions=broken_off)
            write_ended(self._folder, self._name, tables, result)
            forget_state(self._folder, self._name)
            forget_attempts(self._folder, self._name)
            result.pop("traceback", None)
        else:
            self._keep(reported="curves" in result)
        return result

    def _keep(self, *, reported: bool) -> None:
        """Keeps the state of training where enough of it has passed."""
        if time.monotonic() - self._kept >= (self.reported_s if reported else self.kept_s):
            self.save_checkpoint()

    def save_checkpoint(self, checkpoint_dir: str = "") -> None:  # noqa: ARG002, Ray's own is left empty
        """Keeps the state of training; Ray asks for it too, where a scheduler has a trial wait for others."""
        if self._training is not None:
            state = io.BytesIO()
            self._training.save(state)
            keep_state(self._folder, self._name, state.getvalue())
            self._kept = time.monotonic()

    def load_checkpoint(self, checkpoint: Any) -> None:  # noqa: ARG002
        """The next step goes on from what is kept."""
        self._training, self._begun = None, False

    def _go_on(self) -> None:
        """Continues from the state that an earlier worker kept, where there is one."""
        state = kept_state(self._folder, self._name)
        if state is None:
            return
        try:
            self._trained().load(io.BytesIO(state))
        except Exception:  # half a file, or another one: whatever it is, training anew gives the same bits
            traceback.print_exc()
            self._training = None

    def _epoch(self) -> int:
        """About the epoch that training is at; 0 only where it has not begun."""
        training = self._training
        return 0 if training is None or not training.share else max(1, round(training.share * training.epochs))

    def _advanced(self) -> tuple[dict[str, Any], dict[str, pandas.DataFrame]]:
        """Trains up to the next report, or until a state is due to be kept: the result, and at the end the tables."""
        try:
            training = self._trained()
            report = training.advance_for(self._kept + self.kept_s - time.monotonic())
        except _passing():
            raise
        except Exception as error:  # anything that a user's task or network may raise is this block's result
            return self._failed(error)
        result: dict[str, Any] = {"epochs": training.epochs, "done": report is not None and report.runs is not None}
        if report is None:
            return result | {"epoch": training.epochs * training.share}, {}
        result["epoch"] = report.epoch
        if report.runs is None:
            return result | {"curves": report.curves.to_dict("list")}, {}
        return result, self._ended(report.runs)

    def _failed(self, error: Exception) -> tuple[dict[str, Any], dict[str, pandas.DataFrame]]:
        """What a part gives that raised: its arms are trained alone, and of one that raises again its seeds.

        So a run fails where it raises by itself, whatever it was beside.
        """
        assert self._block is not None
        reasons: list[str] = []
        arms = [replace(self._block, arms=[arm]) for arm in self._block.arms]
        tables = [one for arm in arms for one in self._alone(arm, reasons, error if len(arms) == 1 else None)]
        said = {"error": "; ".join(dict.fromkeys(reasons)) or _one_line(error), "traceback": traceback.format_exc()}
        return {"done": True} | said, joined(tables)._asdict()

    def _alone(self, block: Block, reasons: list[str], error: Exception | None = None) -> list[Tables]:
        """Tables of an arm, or of its seeds one by one where it raises (or is known to have raised)."""
        try:
            if error is not None:
                raise error
            return [self._to_its_end(block)]
        except _passing():
            raise
        except Exception as its_error:  # anything that a user's task or network may raise
            if len(block.seeds) > 1:
                return [one for seed in block.seeds for one in self._alone(replace(block, seeds=[seed]), reasons)]
            ((arm, _),) = block.arms
            reasons.append(f"{arm}: {_one_line(its_error)}")
            return [Tables(engine.failed_runs(block, device=self._device), curve_table({}), figure_table({}))]

    def _to_its_end(self, block: Block) -> Tables:
        """A block's tables, from its beginning to its end."""
        training = engine.BlockTraining(block, device=self._device)
        while not training.finished:
            report = training.advance()
        assert report.runs is not None
        self._keep_models(training, report.runs)
        return self._tables(block, training, report.runs)

    def _tables(self, timed: Block, training: "engine.BlockTraining", runs: pandas.DataFrame) -> Tables:
        """What has ended; with the costs of a block's arms where this is the part that times them for all."""
        if self._part.first:
            costs = {name: timing.columns for name, timing in engine.time_arms(timed, device=self._device).items()}
            runs = with_costs(runs, costs)
        whole = self._part.whole
        return Tables(runs, training.curves(), training.figures(whole.seeds) if whole.pictured else figure_table({}))

    def _keep_models(self, training: "engine.BlockTraining", runs: pandas.DataFrame) -> None:
        """Keeps the networks that the study asks for; of a part of a block the best of its own seeds."""
        kept = self._part.whole.kept_models
        if kept is not None:
            for models in training.models(kept_runs(runs, kept)["signature"].tolist()):
                keep_models(self._folder, models)

    def _ended(self, runs: pandas.DataFrame) -> dict[str, pandas.DataFrame]:
        """The tables of a part that has ended."""
        assert self._block is not None
        training = self._trained()
        self._keep_models(training, runs)
        try:
            return self._tables(self._part.whole, training, runs)._asdict()
        except _passing():
            raise
        except Exception:  # of a seed in another part, which says so: this part's own have trained
            return self._tables(self._block, training, runs)._asdict()


class SearchTrainable(BlockTrainable):
    """Trains the batch of configurations that Tune's dict holds. Results: at the end done, and the objective: the mean
    of the configurations' `metric`, signed. Their rows lie in the folder, under the batch's name (see block_store.py).

    With `interim` there is an objective at every report (and none where a state is due to be kept on the way to it), by
    which a scheduler may stop the trial there. So the rows so far are in these results, as plain records: any of them
    may be the last.

    No curves, no pictures, no timings: those are the confirmation's.
    """

    def setup(
        self,
        config: dict[str, Any],
        study: Study | None = None,
        folder: str = "",
        metric: SplitMetric | None = None,
        interim: bool = False,
    ) -> None:
        assert study is not None, "launching hands the study in"
        assert metric is not None, "and by what it is searched"
        engine.use_one_thread()
        self._study, self._folder, self._metric, self._interim = study, folder, metric, interim
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._batch = ConfigurationBatch.of(new_config)
        self._name = self._batch.name
        self._block = self._batch.block(self._study)
        self._training, self._begun = None, False
        self._kept = time.monotonic()
        return True

    def _report_every(self) -> int | None:
        assert self._block is not None
        return None if self._interim else self._block.condition.total_epochs

    def step(self) -> dict[str, Any]:
        if not self._begun:
            self._go_on()
            self._begun = True
        result, tables = self._advanced()
        reported = result.pop("curves", None) is not None  # else a state is due to be kept on the way
        if result["done"]:
            write_ended(self._folder, self._name, tables, result)
            forget_state(self._folder, self._name)
            return result | {"objective": self._objective(tables["runs"])}
        self._keep(reported=reported)
        if self._interim and reported:
            rows = self._batch.labelled(self._study, self._trained().runs().assign(status="stopped"))
            result |= {"runs": rows.to_dict("records"), "objective": self._objective(rows)}
        return result

    def _failed(self, error: Exception) -> tuple[dict[str, Any], dict[str, pandas.DataFrame]]:
        """Configurations that fail together are tried alone: one that raises must not take the others with it."""
        batch, parts, reasons = self._batch, [], [_one_line(error)]
        alone = [replace(batch, values={number: values}, repeats={}) for number, values in batch.values.items()]
        for one in alone:
            block = one.block(self._study)
            try:
                parts.append(engine.run_block(block, device=self._device))
            except _passing():
                raise
            except Exception as its_error:  # as above
                parts.append(engine.failed_runs(block, device=self._device))
                reasons.append(_one_line(its_error))
        said = {"done": True, "reason": "; ".join(dict.fromkeys(reasons))}
        return said, self._ended(pandas.concat(parts, ignore_index=True))

    def _ended(self, runs: pandas.DataFrame) -> dict[str, pandas.DataFrame]:
        return {"runs": self._batch.labelled(self._study, runs)}

    def _objective(self, runs: pandas.DataFrame) -> float:
        """The mean that schedulers look at, signed so that more is better; NaN without rows."""
        if runs.empty:
            return math.nan
        return self._metric.metric.sign * float(scored(runs, self._metric.column).mean())


def _one_line(error: BaseException) -> str:
    """What was raised, and where in a user's code."""
    place = place_of_error(error)
    return said(error) + (f" ({place})" if place and place not in str(error) else "")


def _passing() -> tuple[type[Exception], ...]:
    """Errors that another try, perhaps elsewhere, may not meet: they fail the trial, and Ray retries it.

    Any other would come again from equal specs; it is reported as the block's result.
    """
    return OSError, MemoryError, engine.OutOfMemory
