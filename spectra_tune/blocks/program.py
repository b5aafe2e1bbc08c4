"""A program: up to 16 members of one protocol whose every step is one batched step.

Axes: M member, O output, F feature, N sample, L regularized layer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from spectra_tune.blocks.samples import Samples, Stack, batch_of, stacked
from spectra_tune.blocks.scores import cross_entropy, cross_entropy_error, scores
from spectra_tune.design import Member
from spectra_tune.networks import implement
from spectra_tune.randomness import derived_seed
from spectra_tune.schedules import LEARNING_RATES, progress_at, sigma_target
from spectra_tune.spectrum import add_penalty_gradient, top_singular_value

CHUNK = 16
"""Members of a program, the last one repeated where there are fewer: of a fixed number a member's bits do not
depend on the others (12 and 20 do not have this property)."""

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": lambda parameters, **rates: torch.optim.Adam(parameters, fused=True, **rates),
    "adamw": lambda parameters, **rates: torch.optim.AdamW(parameters, fused=True, **rates),
    "sgd": lambda parameters, **rates: torch.optim.SGD(parameters, momentum=0.9, fused=True, **rates),
    "rmsprop": lambda parameters, **rates: torch.optim.RMSprop(parameters, **rates),
}


class Program:
    """Members that share a resolved Condition and whether they are penalised; their seeds and targets differ."""

    def __init__(
        self,
        members: Sequence[Member],
        draw: Callable[[str, int], Samples],
        capacity_ratio: float,
        device: str,
        dtype: torch.dtype,
    ):
        self.members = tuple(members)
        padded = self.members + self.members[-1:] * (CHUNK - len(self.members))
        self._padded = padded
        self.condition = padded[0].condition
        self.network = implement(self.condition.network, self.condition.task)
        self._capacity_ratio = capacity_ratio
        self._device, self._dtype = device, dtype
        splits = ("train", "validation", "test") if padded[0].stage == "confirm" else ("train", "validation")
        self.stacks = {
            split: stacked([draw(split, member.seed) for member in padded], device, dtype) for split in splits
        }
        self._allocate([self.network.init(generator_of(member, "init")) for member in padded])
        self.epoch = 0
        train = self.stacks["train"]
        self.batches = -(-train.count // (self.condition.batch_size or train.count))
        self.steps = self.condition.epochs * self.batches
        self.penalised = padded[0].treatment.strength > 0
        self._strength_M = self._per_member([member.treatment.strength for member in padded])
        self._one_sided_M = torch.tensor([member.treatment.one_sided for member in padded], device=device)
        self.optimizer = OPTIMIZERS[self.condition.optimizer](
            [self._flat], lr=self.condition.learning_rate, weight_decay=self.condition.weight_decay
        )

    def _allocate(self, initial: list[dict[str, Tensor]]) -> None:
        """Puts all members' parameters into one buffer, with one view (members, …) per name, and gradients likewise."""
        shapes = {name: (CHUNK, *value.shape) for name, value in initial[0].items()}
        sizes = [torch.Size(shape).numel() for shape in shapes.values()]
        flat = torch.cat([torch.stack([one[name] for one in initial]).flatten() for name in shapes])
        self._flat = flat.to(device=self._device, dtype=self._dtype)
        self._flat.grad = torch.zeros_like(self._flat)

        def views(buffer: Tensor) -> dict[str, Tensor]:
            return {
                name: part.view(shape) for (name, shape), part in zip(shapes.items(), buffer.split(sizes), strict=True)
            }

        self.parameters, self._gradients = views(self._flat), views(self._flat.grad)

    def _per_member(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, device=self._device, dtype=self._dtype)

    @property
    def finished(self) -> bool:
        return self.epoch == self.condition.epochs

    def train(self, epochs: int) -> None:
        """Trains all members for so many epochs more."""
        factor = LEARNING_RATES[self.condition.learning_rate_schedule]
        for _ in range(epochs):
            for number, batch in enumerate(self._epoch_batches()):
                step = self.epoch * self.batches + number
                self.optimizer.param_groups[0]["lr"] = self.condition.learning_rate * factor(
                    progress_at(step, self.steps)
                )
                self._loss_gradient(batch)
                if self.penalised:
                    targets_LM = self.sigma_targets(step)
                    for target_M, name in zip(targets_LM, self.network.regularized, strict=True):
                        add_penalty_gradient(
                            self.parameters[name], self._gradients[name], self._strength_M, target_M, self._one_sided_M
                        )
                self.optimizer.step()
            self.epoch += 1

    def _epoch_batches(self):
        """The batches of the present epoch: the whole data, or each member's own order of them."""
        train = self.stacks["train"]
        if self.condition.batch_size is None:
            yield train
            return
        orders: dict[tuple[int, int], Tensor] = {}
        for member in self._padded:
            if (member.seed, member.stream) not in orders:
                generator = generator_of(member, "order", self.epoch)
                orders[member.seed, member.stream] = torch.randperm(train.count, generator=generator)
        order_MN = torch.stack([orders[member.seed, member.stream] for member in self._padded]).to(self._device)
        for order_MB in order_MN.split(self.condition.batch_size, dim=1):
            yield batch_of(train, order_MB)

    def _loss_gradient(self, batch: Stack) -> None:
        """Writes the gradient of every member's mean loss."""
        if hasattr(self.network, "stacked_backward"):
            outputs = self.network.stacked_forward(self.parameters, batch.x_MFN)
            error_MON = cross_entropy_error(outputs[-1], batch)
            self.network.stacked_backward(self.parameters, outputs, error_MON, self._gradients)
            return

        def loss(parameters: dict[str, Tensor], x_NF: Tensor, y_N: Tensor, weight_N: Tensor) -> Tensor:
            logits_1ON = self.network.forward(parameters, x_NF).T.unsqueeze(0)
            return cross_entropy(logits_1ON, y_N.unsqueeze(0), weight_N.unsqueeze(0)).squeeze(0)

        gradients = torch.func.vmap(torch.func.grad(loss))(
            self.parameters, batch.x_MFN.transpose(1, 2), batch.y_MN, batch.weight_MN
        )
        for name, gradient in gradients.items():
            self._gradients[name].copy_(gradient)

    def sigma_targets(self, step: int) -> Tensor:
        """Targets (layers, members) of the regularized weights' sigma at a step."""
        progress = progress_at(step, self.steps)
        layers = range(1, len(self.network.regularized) + 1)
        rows = []
        for layer in layers:
            by_treatment = {
                treatment: sigma_target(
                    treatment.schedule,
                    progress,
                    layer,
                    sigma_start=treatment.sigma_start,
                    sigma_end=treatment.sigma_end,
                    capacity_ratio=self._capacity_ratio,
                    beta=treatment.beta,
                    depth_exponent=treatment.depth_exponent,
                )
                for treatment in {member.treatment for member in self.members}
            }
            rows.append([by_treatment[member.treatment] for member in self._padded])
        return self._per_member(rows)

    def logits(self, split: str) -> Tensor:
        """Logits (members, outputs, samples) on a split."""
        x_MFN = self.stacks[split].x_MFN
        if hasattr(self.network, "stacked_forward"):
            return self.network.stacked_forward(self.parameters, x_MFN)[-1]
        return torch.func.vmap(self.network.forward)(self.parameters, x_MFN.transpose(1, 2)).transpose(1, 2)

    def scores(self, split: str) -> dict[str, list[float]]:
        """Accuracy, balanced accuracy and loss of each member on a split."""
        measured = scores(self.logits(split), self.stacks[split], self.condition.task.classes)
        return {measure: values[: len(self.members)].tolist() for measure, values in measured.items()}

    def sigmas(self) -> list[list[float]]:
        """Spectral norm of each regularized weight, by layer and member."""
        weights = (self.parameters[name] for name in self.network.regularized)
        return [top_singular_value(weight)[0][: len(self.members)].tolist() for weight in weights]

    def targets_reached(self) -> list[list[float]]:
        """Targets of the step taken last (before the first: of the first), by layer and member."""
        step = max(self.epoch * self.batches - 1, 0)
        return self.sigma_targets(step)[:, : len(self.members)].tolist()

    def finite(self) -> list[bool]:
        """Whether each member's parameters are all finite."""
        flags_M = torch.stack([value.flatten(1).isfinite().all(dim=1) for value in self.parameters.values()]).all(dim=0)
        return flags_M[: len(self.members)].tolist()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs for equal bits: orders derive from the epoch, so no generator has a state."""
        return {"epoch": self.epoch, "parameters": self._flat.cpu(), "optimizer": self.optimizer.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same program."""
        self.epoch = state["epoch"]
        with torch.no_grad():
            self._flat.copy_(state["parameters"])
        self.optimizer.load_state_dict(state["optimizer"])


def generator_of(member: Member, *purpose: str | int) -> torch.Generator:
    """A generator of a member's own for one purpose."""
    return torch.Generator().manual_seed(derived_seed(member.seed, *purpose, "stream", member.stream))
