"""What the engine is compared with: PyTorch as one would write it by hand, a network at a time.

Axes: N sample, F feature, B batch.
"""

import torch
from torch import Tensor, nn

from spectra_tune.design import Condition, Treatment
from spectra_tune.randomness import derived_seed
from spectra_tune.schedules import progress_at, sigma_target


def tensors(condition: Condition, split: str, seed: int) -> tuple[Tensor, Tensor]:
    """x (samples, features) and y (samples,) of a task of two classes, float32."""
    x, y = condition.task.draw(split, seed)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


class PlainTraining:
    """The run of (condition, treatment, seed) on one nn.Sequential: fused Adam, autograd through the spectral norm.

    It draws what the engine draws, so both train the same run. Of a Condition it knows two hidden ReLU layers, Adam at
    a constant rate without decay, and both batch policies. It measures nothing on the way, the engine does.
    """

    def __init__(self, condition: Condition, treatment: Treatment, seed: int, x_NF: Tensor, y_N: Tensor):
        self._condition, self._treatment, self._seed = condition, treatment, seed
        self._x_NF, self._y_N = x_NF, y_N
        width = condition.network.width
        torch.manual_seed(derived_seed(seed, "init", "stream", 0))
        first, second = nn.Linear(x_NF.shape[1], width), nn.Linear(width, width)
        self.network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(width, 1))
        self.hidden = (first.weight, second.weight)
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=condition.learning_rate, fused=True)
        self.epoch = 0

    def train(self, epochs: int) -> None:
        """Trains for so many epochs more."""
        count = len(self._y_N)
        batches = -(-count // (self._condition.batch_size or count))
        steps = batches * self._condition.epochs
        for _ in range(epochs):
            for number, (x_BF, y_B) in enumerate(self._epoch_batches()):
                loss = self.loss(x_BF, y_B)
                if self._treatment.strength > 0:
                    loss = loss + self._penalty(progress_at(self.epoch * batches + number, steps))
                self._optimizer.zero_grad()
                loss.backward()
                self._optimizer.step()
            self.epoch += 1

    def _epoch_batches(self):
        if self._condition.batch_size is None:
            yield self._x_NF, self._y_N
            return
        generator = torch.Generator().manual_seed(derived_seed(self._seed, "order", self.epoch, "stream", 0))
        for index_B in torch.randperm(len(self._y_N), generator=generator).split(self._condition.batch_size):
            yield self._x_NF[index_B], self._y_N[index_B]

    def loss(self, x_NF: Tensor, y_N: Tensor) -> Tensor:
        """Mean cross-entropy in nats."""
        return nn.functional.binary_cross_entropy_with_logits(self.network(x_NF).squeeze(1), y_N)

    def _penalty(self, progress: float) -> Tensor:
        treatment = self._treatment
        terms = []
        for layer, weight in enumerate(self.hidden, start=1):
            target = sigma_target(
                treatment.schedule, progress, layer, sigma_start=treatment.sigma_start, sigma_end=treatment.sigma_end
            )
            terms.append((torch.linalg.matrix_norm(weight, 2) - target) ** 2)
        return treatment.strength * torch.stack(terms).sum()
