"""Steps by the fused kernel: one member after another, all of its steps at once.

Axes: M member, T step, L regularized layer, P place of a pulled one, S sample.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf, prod
from typing import Any

import numpy
import torch
from numpy import ndarray

from spectra_tune.design import Member
from spectra_tune.engine.fused import judging, optimizing, pulling
from spectra_tune.engine.fused.checking import checked_kernel
from spectra_tune.engine.fused.memory import layers_of, work_for
from spectra_tune.engine.fused.tables import Members, Numbers, Protocol, Samples, Work
from spectra_tune.engine.members.phases import PhaseLog
from spectra_tune.engine.stacked.buffers import Buffers
from spectra_tune.engine.stacked.evaluation import Evaluation
from spectra_tune.engine.stacked.stack import Stack
from spectra_tune.engine.stacked.steps import Stretch
from spectra_tune.networks.perceptron_stacked import StackedPerceptron
from spectra_tune.objectives import REGRESSION, objective_of

MULTIPLICATIONS = 2e9
"""Of a call, about a tenth of a second: whoever has had enough waits no longer."""


class FusedSteps:
    """The Steps of perceptrons on a processor.

    regularized: of which layers, from 1, sigma is measured; pulled: places among them. log: of a curriculum's phases.
    """

    def __init__(
        self,
        members: Sequence[Member],
        network: StackedPerceptron,
        evaluation: Evaluation,
        buffers: Buffers,
        regularized: Sequence[int],
        pulled: Sequence[int],
        batch: int,
        log: PhaseLog | None,
    ):
        self._kernel = checked_kernel()
        self._evaluation, self._log = evaluation, log
        self._sizes, self._count = network.sizes, len(members)
        self._layers = layers_of(buffers.parameters, network.sizes)
        self._regularized = numpy.array([layer - 1 for layer in regularized], numpy.int64)
        self._pulled = self._regularized[list(pulled)]
        condition, treatment = members[0].condition, members[0].treatment
        penalised = treatment.strength > 0
        outputs, regression = network.sizes[-1], objective_of(condition.task).name == REGRESSION
        self._rows = outputs if regression else 1
        self._numbers = _numbers_of(buffers)
        samples = evaluation.stack("train").count
        self._protocol = Protocol(
            rectified=network.activation == "relu",
            kind=judging.SQUARES if regression else judging.LOGIT if outputs == 1 else judging.LOGITS,
            optimizer=optimizing.NUMBERS[condition.optimizer],
            penalty=pulling.NUMBERS[treatment.penalty] if penalised else pulling.NONE,
            power=treatment.power,
            batch=batch,
            batches=-(-samples // batch),
            clipped=any(member.condition.clip for member in members),
            counted=log is not None,
        )
        self._members = Members(
            strength=_of(members, lambda member: member.treatment.strength),
            one_sided=numpy.array([member.treatment.one_sided for member in members]),
            decay=_of(members, lambda member: member.condition.weight_decay),
            bound=_of(members, lambda member: member.condition.clip or inf),
            order=numpy.zeros(len(members), numpy.int64),
            hits=numpy.zeros(len(members), numpy.int64),
            kept=numpy.zeros((len(members), len(self._pulled), self._layers.n_in.max()), numpy.float32),
        )
        self._batched = condition.batch_size is not None
        self._work: dict[int, Work] = {}
        self._samples: dict[str, Samples] = {}

    def train(self, stretch: Stretch) -> Iterator[int]:
        samples = self._of_split("train", self._evaluation.stack("train"))
        work = self._work_for(self._protocol.batch)
        rates_TM, batches = stretch.rates_TM.numpy(), self._protocol.batches
        targets_TPM = self._targets(stretch)
        weights = sum(n_in * n_out for n_in, n_out in pairwise(self._sizes))
        at_once = max(1, int(MULTIPLICATIONS / (3 * weights * samples.count * self._count)))
        for begin in range(0, len(stretch.epochs), at_once):
            epochs = stretch.epochs[begin : begin + at_once]
            steps = slice(begin * batches, (begin + len(epochs)) * batches)
            self._kernel.train(
                self._layers,
                self._numbers,
                samples,
                work,
                self._protocol,
                self._members,
                self._pulled,
                rates_TM if len(rates_TM) == 1 else rates_TM[steps],
                targets_TPM[steps],
                self._orders(stretch, epochs, samples.count),
                stretch.first + steps.start,
            )
            if self._log is not None:
                hits_M = torch.from_numpy(self._members.hits.copy())
                self._log.see(hits_M[: self._log.members], len(epochs) * samples.count)
                self._members.hits[:] = 0
            yield len(epochs)

    def _targets(self, stretch: Stretch) -> ndarray:
        """Of sigma (steps, pulled, members); of nothing where nothing is pulled."""
        if stretch.targets_TLM is None:
            steps = len(stretch.epochs) * self._protocol.batches
            return numpy.zeros((steps, 0, self._count), numpy.float32)
        places = numpy.flatnonzero(numpy.isin(self._regularized, self._pulled))
        return numpy.ascontiguousarray(stretch.targets_TLM.numpy()[:, places])

    def _orders(self, stretch: Stretch, epochs: range, count: int) -> ndarray:
        """Orders of the samples (epochs, distinct, samples); of full batches one that is as they are."""
        if not self._batched:
            return numpy.arange(count, dtype=numpy.int32).reshape(1, 1, -1)
        orders = []
        for epoch in epochs:
            of_epoch, self._members.order[:] = stretch.order(epoch)
            orders.append(of_epoch.numpy().astype(numpy.int32))
        return numpy.stack(orders)

    def scores(self, split: str, phase: int | None = None) -> dict[str, ndarray]:
        stack = self._evaluation.stack(split, phase)
        samples = self._of_split(split, stack) if split != "test" else self._flat(stack)
        shape = (self._rows, 1) if self._protocol.kind == judging.SQUARES else (2, max(self._sizes[-1], 2) + 1)
        sums = numpy.zeros((self._count, *shape))
        order = numpy.arange(samples.count, dtype=numpy.int32)
        work = self._work_for(samples.count)
        self._kernel.score(self._layers, self._numbers.value, samples, work, self._protocol, order, sums)
        return stack.scored.scores(sums)

    def sigmas(self) -> list[ndarray]:
        sigma_LM = numpy.zeros((len(self._regularized), self._count))
        self._kernel.norms(
            self._layers, self._numbers.value, self._regularized, self._work_for(self._protocol.batch).room, sigma_LM
        )
        return list(sigma_LM)

    def enter(self) -> None:
        self._samples = {}

    def fallbacks(self) -> list[int]:
        """None: every sigma that is used is exact, or within a proven bound."""
        return [0] * self._count

    def state(self) -> dict[str, Any]:
        """The vectors that the next step's sigma are found from."""
        return {"kept": torch.from_numpy(self._members.kept.copy())}

    def restore(self, state: dict[str, Any]) -> None:
        self._members.kept[:] = state["kept"].numpy()

    def _work_for(self, samples: int) -> Work:
        if samples not in self._work:
            self._work[samples] = work_for(self._sizes, samples, self._rows)
        return self._work[samples]

    def _of_split(self, split: str, stack: Stack) -> Samples:
        if split not in self._samples:
            self._samples[split] = self._flat(stack)
        return self._samples[split]

    def _flat(self, stack: Stack) -> Samples:
        """A split's samples, as the kernel takes them."""
        shared = stack.x_MJN.stride(0) == 0
        distinct = slice(0, 1 if shared else None)
        x_MFS = stack.x_MJN[distinct, :-1, : stack.count]
        target_MRS = stack.target[distinct, ..., : stack.count].reshape(len(x_MFS), self._rows, -1)
        return Samples(
            x=x_MFS.transpose(1, 2).reshape(-1).contiguous().numpy(),
            target=target_MRS.transpose(1, 2).reshape(-1).to(torch.float32).contiguous().numpy(),
            shared=shared,
            count=stack.count,
            features=x_MFS.shape[1],
            rows=self._rows,
        )


def _of(members: Sequence[Member], value: Any) -> ndarray:
    return numpy.array([value(member) for member in members], numpy.float32)


def _numbers_of(buffers: Buffers) -> Numbers:
    """The buffers' memory, and what a penalty may pull to: what stands in it now."""
    value = buffers.flat.numpy()
    nothing = numpy.zeros(len(value), numpy.float32)
    parts = [(part.storage_offset(), prod(part.shape[1:])) for part in buffers.parts()]
    start, length = (numpy.array(column, numpy.int64) for column in zip(*parts, strict=True))
    return Numbers(
        value=value,
        gradient=buffers.flat_gradient.numpy(),
        mean=buffers.moments["mean"].numpy() if "mean" in buffers.moments else nothing,
        square=buffers.moments["square"].numpy() if "square" in buffers.moments else nothing,
        initial=value.copy(),
        start=start,
        length=length,
    )
