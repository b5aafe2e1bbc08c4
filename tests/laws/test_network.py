"""A network or task of the user's own is refused by name where the engine cannot train it, else has equal bits."""

from dataclasses import dataclass, replace
from typing import Any

import numpy
import pytest
import torch

from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.networks import mlp
from spectra_tune.results import unmeasured
from spectra_tune.tasks import moons, spirals
from tests.conftest import ARMS

NONE = {"none": Treatment.none()}


@dataclass(frozen=True, kw_only=True)
class Own:
    """One hidden layer, without stacked passes."""

    hidden: int = 9
    outputs: int = 1
    regularized: tuple[str, ...] = ("inner",)
    fault: str = ""

    def init(self, generator):
        inner = torch.empty(self.hidden, 2).normal_(generator=generator)
        weights = {"inner": inner, "outer": torch.empty(self.outputs, self.hidden).normal_(generator=generator)}
        if self.fault == "gradients":
            weights["inner"].requires_grad_()
        if self.fault == "flat weight":
            weights["inner"] = inner.reshape(-1)
        return weights

    def forward(self, parameters, x):
        if self.fault == "raises":
            raise ArithmeticError("no logits")
        if self.fault == "batch statistics":
            x = (x - x.mean(dim=0)) / (x.std(dim=0, correction=0) + 1e-3)
        logits = torch.relu(x @ parameters["inner"].view(-1, 2).T) @ parameters["outer"].T
        return logits[:, 0] if self.fault == "flat logits" else logits


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Whatever it is told to draw."""

    x: Any = None
    y: Any = None
    features: Any = 2
    classes: Any = 2
    reference_width: Any = None

    def draw(self, split, seed):
        good = moons(samples=40).draw(split, seed)
        return (good[0] if self.x is None else self.x(good[0])), (good[1] if self.y is None else self.y(good[1]))


def block(network=None, task=None, arms=NONE, seeds=(0,), **given):
    condition = Condition(task=task or moons(samples=40), network=network or mlp(width=4), epochs=3, **given)
    return Block(condition=condition, arms=arms, seeds=seeds)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Own(outputs=2), r"must give logits \(samples, 1\) for 2 classes, got \(8, 2\)"),
        (Own(fault="flat logits"), r"must give logits \(samples, 1\)"),
        (Own(fault="raises"), "got ArithmeticError: no logits"),
        (Own(fault="batch statistics"), "must treat each sample by itself"),
        (Own(fault="gradients"), "without gradients, 'inner' is not"),
        (Own(fault="flat weight"), r"must be \(out, in\), Own's 'inner'"),
        (Own(regularized=("core",)), "regularizes 'core', which its init lacks; it has inner, outer"),
    ],
)
def test_a_network_that_cannot_be_batched_is_refused(network, says):
    with pytest.raises(InvalidStudy, match=says):
        run_block(block(network))


def test_too_few_logits_for_three_classes_are_refused():
    with pytest.raises(InvalidStudy, match=r"\(samples, 3\) for 3 classes, got \(8, 1\)"):
        run_block(block(Own(), task=spirals(samples=60, classes=3)))


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (Drawn(features=3), "samples of 3 features, got \\(40, 2\\)"),
        (Drawn(features=1), "samples of 1 features"),
        (Drawn(x=lambda x: x * 1e39), "finite data that single precision holds"),
        (Drawn(x=lambda x: x * numpy.nan), "finite data"),
        (Drawn(x=lambda x: x.astype(str)), "must draw numbers"),
        (Drawn(x=lambda x: x[:0], y=lambda y: y[:0]), "must draw samples"),
        (Drawn(y=lambda y: y * numpy.nan), "finite data"),
        (Drawn(y=lambda y: y.astype(str)), "must draw numbers and class labels"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused(task, says):
    with pytest.raises(InvalidStudy, match=says):
        run_block(block(task=task))


@pytest.mark.parametrize(
    ("given", "says"),
    [({"classes": 2.0}, "two classes or more"), ({"classes": 1}, "two classes"), ({"features": 0}, "features")],
)
def test_a_task_says_its_sizes(given, says):
    with pytest.raises(InvalidStudy, match=says):
        block(task=Drawn(**given))


def test_a_capacity_exponent_needs_a_width():
    with pytest.raises(InvalidStudy, match="needs a network with a width"):
        block(
            Own(), arms={"beta": Treatment(strength=0.1, schedule="linear", sigma_start=2.0, sigma_end=1.0, beta=0.5)}
        )


@pytest.mark.parametrize("hidden", [5, 7, 9, 33])
def test_a_network_without_stacked_passes_has_equal_bits_in_any_company(hidden):
    together = run_block(block(Own(hidden=hidden), arms=ARMS, seeds=range(16)))
    assert together["equal_bits"].all()
    for seed in (1, 5, 11):
        alone = unmeasured(run_block(block(Own(hidden=hidden), arms=ARMS, seeds=[seed]))).reset_index(drop=True)
        assert alone.equals(unmeasured(together[together["seed"] == seed]).reset_index(drop=True))


@pytest.mark.parametrize("threads", [3, 6])
def test_bits_do_not_depend_on_how_many_threads_the_caller_has(threads):
    given = block(mlp(width=8), task=spirals(samples=600, classes=3), seeds=range(12))
    one = run_block(given)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        many = run_block(given)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert unmeasured(many).equals(unmeasured(one))


@pytest.mark.parametrize(("optimizer", "learning_rate"), [("sgd", 10.0), ("adam", 1e9), ("adam", 1e18)])
def test_a_wide_member_that_blows_up_leaves_its_neighbours_bits(optimizer, learning_rate):
    arms = {"none": Treatment.none(), "static": ARMS["static"]}
    healthy = replace(block(mlp(width=130), arms=arms, optimizer=optimizer), seeds=(0, 1))
    healthy = replace(healthy, condition=replace(healthy.condition, epochs=12))
    wild = {f"wild {name}": Arm(treatment=one, changes={"learning_rate": learning_rate}) for name, one in arms.items()}
    runs = run_block(replace(healthy, arms={**arms, **wild}))
    assert unmeasured(runs[runs["arm"].isin(arms)]).reset_index(drop=True).equals(unmeasured(run_block(healthy)))


def test_a_checkpoint_of_another_block_is_refused(tmp_path):
    training = BlockTraining(block(seeds=[0]))
    training.save(tmp_path / "block.pt")
    with pytest.raises(InvalidStudy, match="another one's"):
        BlockTraining(block(seeds=[1])).load(tmp_path / "block.pt")
