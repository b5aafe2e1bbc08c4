"""What the penalty adds to a step of a convolutional network, beside torch's spectral_norm, and how wrong that is."""

import copy
from collections.abc import Callable, Iterator
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.clock import interleaved, one_thread
from benchmarks.row import Row
from spectra_tune.design import Treatment
from spectra_tune.penalties import SpectralPenalty

TREATMENT = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1)
TARGET = 1.5
"""At most, penalised over unpenalised."""


def measure(*, tiny: bool) -> Iterator[Row]:
    """CPU time of a penalised step over that of an unpenalised one, one thread; the same for torch's spectral_norm.

    That normalises by a norm of the reshaped kernel, which it estimates: `too_low_percent` says how far it lies below
    the spectral norm of the map, at the convolution where it is furthest.
    """
    size, batch, steps, repeats = (12, 8, 3, 1) if tiny else (28, 64, 60, 5)
    with one_thread():
        model = _lenet(size)
        x, y = _drawn(size, batch)
        normalised: nn.Sequential = copy.deepcopy(model)
        for layer in list(normalised)[:-1]:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.utils.parametrizations.spectral_norm(layer)
        plain, penalised = (
            _training(copy.deepcopy(model), x, y),
            _training(model, x, y, penalty_of=steps * (repeats + 1)),
        )
        theirs = _training(normalised, x, y)
        loops = [_loop(one, steps) for one in (plain, penalised, theirs)]
        for loop in loops:
            loop()  # what is done once
        taken = interleaved(*loops, repeats=repeats)
    case = f"LeNet {size}x{size}, batch {batch}"
    milliseconds = {"step_ms": 1e3 * min(one[0] for one in taken) / steps}
    yield Row(
        section="operators",
        case=case,
        ratios=tuple(ours / without for without, ours, _ in taken),
        target=None if tiny else TARGET,
        at_least=False,
        figures=milliseconds | {"penalised_step_ms": 1e3 * min(one[1] for one in taken) / steps},
    )
    yield Row(
        section="operators",
        case=f"{case}, torch's spectral_norm",
        ratios=tuple(other / without for without, _, other in taken),
        at_least=False,
        figures={"too_low_percent": 100 * _too_low(model, normalised, x[:1])},
    )


def _lenet(size: int) -> nn.Sequential:
    torch.manual_seed(0)
    last = ((size // 2) - 4) // 2
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(16 * last * last, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def _drawn(size: int, batch: int) -> tuple[Tensor, Tensor]:
    """Images of blobs whose place is their class."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(batch) % 10
    x = 0.3 * torch.rand(batch, 1, size, size, generator=generator)
    for image, label in zip(x, y.tolist(), strict=True):
        image[:, label : label + 3, label : label + 3] += 1
    return x, y


def _training(model: nn.Module, x: Tensor, y: Tensor, penalty_of: int = 0) -> Callable[[], None]:
    """One step of a training, with a penalty over so many steps."""
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    penalty = SpectralPenalty(model, TREATMENT, steps=penalty_of, example=x[:1]) if penalty_of else None
    done = 0

    def step() -> None:
        nonlocal done
        adam.zero_grad()
        loss = cross_entropy(model(x), y)
        if penalty is not None:
            loss = loss + penalty(done)
        loss.backward()
        adam.step()
        done += 1

    return step


def _loop(step: Callable[[], None], steps: int) -> Callable[[], None]:
    def loop() -> None:
        for _ in range(steps):
            step()

    return loop


def _too_low(model: nn.Sequential, normalised: nn.Sequential, example: Tensor) -> float:
    """The largest share by which the norm of a reshaped kernel lies below that of its map, in both trained models."""
    shares = []
    for one in (model, normalised):
        images = example
        for layer in one:
            if isinstance(layer, nn.Conv2d):
                kernel = layer.weight.detach().double()
                numbers = prod(images.shape[1:])
                every = torch.eye(numbers, dtype=torch.float64).view(numbers, *images.shape[1:])
                matrix = nn.functional.conv2d(every, kernel, padding=layer.padding).flatten(1)  # type: ignore[arg-type]
                gram = matrix @ matrix.T
                true = torch.linalg.eigvalsh(gram)[-1].sqrt()
                shares.append(1 - float(torch.linalg.matrix_norm(kernel.flatten(1), 2) / true))
            images = layer(images).detach()
    return max(shares)
