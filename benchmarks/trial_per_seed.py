"""The usual way to repeat a training over seeds: one Ray Tune trial per run."""

from typing import Any

from ray import tune

from benchmarks.arms import ARMS
from benchmarks.plain_training import PlainTraining, tensors
from spectra_tune.design import Condition

REPORTS = 20


class TrialPerSeed(tune.Trainable):
    """Trains one network by the plain loop, in a reused actor; every step is a report on training and validation."""

    def setup(self, config: dict[str, Any], condition: Condition | None = None) -> None:
        assert condition is not None, "with_parameters hands it in"
        self._condition = condition
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        seed = new_config["seed"]
        x_NF, y_N = tensors(self._condition, "train", seed)
        self._held_out = tensors(self._condition, "validation", seed)
        self._training = PlainTraining(self._condition, ARMS[new_config["arm"]], seed, x_NF, y_N)
        self._train = (x_NF, y_N)
        return True

    def step(self) -> dict[str, Any]:
        epochs = self._condition.epochs
        self._training.train(min(-(-epochs // REPORTS), epochs - self._training.epoch))
        return {
            "train_loss": self._training.loss(*self._train).item(),
            "validation_loss": self._training.loss(*self._held_out).item(),
            "done": self._training.epoch == epochs,
        }
