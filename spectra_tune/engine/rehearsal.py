"""A user's own tasks and networks tried once, before anything of a study is launched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from spectra_tune.called import called
from spectra_tune.design import Block, Member, Study, members
from spectra_tune.design.condition import MUON
from spectra_tune.engine.environment import repeatable
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.member import CHECKED_SAMPLES, MemberInTurn
from spectra_tune.engine.kept_models import EXAMPLE, check_traced
from spectra_tune.engine.members.draws import Draw, checked_draw
from spectra_tune.engine.members.example import example
from spectra_tune.engine.members.generators import seeded
from spectra_tune.engine.members.hidden_matrices import hidden_matrices
from spectra_tune.engine.members.other_generators import others_put_back
from spectra_tune.engine.members.parameters import built, digest_of_parameters
from spectra_tune.engine.way import stacks
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks.contract import check_outputs, check_weights
from spectra_tune.objectives import SPLITS
from spectra_tune.own_code import place_of, place_of_error, said
from spectra_tune.penalties.pulled import fan_scales, pulled, with_last

LONGEST_REASON = 200
"""Letters of what a library says of a user's network."""


@repeatable()
@others_put_back()
def rehearse(study: Study) -> None:
    """Refuses a study of which a user's own code could not be trained, in a line that says where in it.

    Every task is drawn twice, for one seed; every network is built and trained for one step of a few samples.
    """
    draws: dict[Any, Draw] = {}
    tried: set[Any] = set()
    asked: set[Any] = set()
    exported: set[Any] = set()
    for block in study.blocks():
        task = block.condition.task
        if task not in draws:
            with _saying(task.draw):
                _check_draws(task, block.seeds[0])
            draws[task] = Draw(task)
        few = Block(condition=block.condition, arms=block.arms, seeds=block.seeds[:1])
        for member in members(few):
            pulled = member.treatment.schedule if member.treatment.strength > 0 else None
            condition = member.condition
            kind = (task, condition.network, condition.batch_size, condition.adversarial, pulled)
            if kind not in tried:
                tried.add(kind)
                _try(member, draws[task])
            of_weights = (task, condition.network, condition.optimizer, member.treatment)
            if of_weights not in asked:
                asked.add(of_weights)
                _check_weights_named(member)
            if study.keep_models and (task, condition.network) not in exported:
                exported.add((task, condition.network))
                _check_exported(member, draws[task])


@contextmanager
def _saying(*definitions: Callable[..., Any]) -> Iterator[None]:
    """Says of an error within where in a user's code it is: the line that raised it, else the first definition."""
    try:
        yield
    except Exception as error:  # anything that a user's task or network may raise
        message = str(error) if isinstance(error, InvalidStudy) else said(error)
        place = place_of_error(error) or place_of(*definitions)
        raise InvalidStudy(f"{place}: {message}" if place else message) from error


def _check_draws(task: Any, seed: int) -> None:
    """Draws every split twice, the global generators being elsewhere at the second time."""
    for split in SPLITS:
        found = []
        for elsewhere in (0, 1):
            with seeded(elsewhere):
                found.append(checked_draw(task, split, seed).digest)
        if found[0] != found[1]:
            raise InvalidStudy(
                f"{called(task)} must draw the same data whenever it is asked for one split and seed, two draws of "
                f"{split!r}, seed {seed}, differ: draw from a generator seeded by them, "
                "numpy.random.default_rng([seed, …])"
            )


def _check_weights_named(member: Member) -> None:
    """Refuses a Treatment that cannot pull what it names, or all that its network regularizes, and Muon where it has
    nothing to move."""
    network = member.condition.network
    with _saying(network.build):
        module = built(member)
    with _saying(network.regularized, type(module).__init__, network.build):
        operators = with_last(module, network.regularized(module), member.treatment)
        pulled(network, module, operators, member.treatment)
        fan_scales(network, operators, [member.treatment])
        if member.condition.optimizer == MUON:
            hidden_matrices(network, module)


def _check_exported(member: Member, draw: Draw) -> None:
    """Refuses a network of which no graph can be made, as models in MLflow are kept."""
    network, task = member.condition.network, member.condition.task
    module = built(member).float().eval()
    x = example(task, draw("validation", member.seed).x[:EXAMPLE])
    try:
        check_traced(module, x)
    except Exception as error:  # anything that tracing a user's network may raise
        place = place_of_error(error) or place_of(type(module).forward)
        raise InvalidStudy(
            f"{f'{place}: ' if place else ''}keep_models needs networks that torch.export can make a graph of, "
            f"{network} is none: {_in_short(error)}; mend that, or take keep_models away"
        ) from error


def _in_short(error: Exception) -> str:
    """What torch.export says first; what follows is advice to its own developers, and whole graphs."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}"[:LONGEST_REASON]


def _try(member: Member, draw: Draw) -> None:
    """Builds a member's network twice, and trains it for a step."""
    network, task = member.condition.network, member.condition.task
    with _saying(network.build):
        module, again = built(member), built(member)
    kind = type(module)
    with _saying(kind.__init__, network.build):
        check_weights(network, module)
        one, other = (digest_of_parameters(dict(of.named_parameters())) for of in (module, again))
        if one != other:
            raise InvalidStudy(
                f"{network} must start from its seed, two builds of one seed differ: draw initial weights from the "
                "global generator of torch, numpy or Python, each of which is seeded for it"
            )
    if stacks(member.condition):
        return
    data = Data(task, draw, "cpu", torch.float32)
    with _saying(kind.forward, network.build):
        x = data.numbers(data.of("train", member.seed)[0][:CHECKED_SAMPLES])
        check_outputs(network, module.to(torch.float32), x, task)
    with _saying(network.regularized, kind.__init__, network.build):
        trained = MemberInTurn(member, data, 1.0, "cpu", torch.float32)
    with _saying(kind.forward, network.build):
        trained.rehearse(CHECKED_SAMPLES)
