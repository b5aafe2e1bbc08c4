"""Generators of a member's own, one for each purpose; and torch's global one, lent to it and put back.

Its state goes on from loan to loan; for those of numpy and Python see other_generators.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from spectra_tune.design import Member
from spectra_tune.engine.members.other_generators import seed_others
from spectra_tune.randomness import derived_seed


def seed_of(member: Member, *purpose: str | int) -> int:
    """The seed of a member's draws for one purpose."""
    return derived_seed(member.seed, *purpose, "stream", member.stream)


def generator_of(member: Member, *purpose: str | int) -> torch.Generator:
    """A generator of a member's own for one purpose."""
    return torch.Generator().manual_seed(seed_of(member, *purpose))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within, the global generators draw from this seed on; torch's draws afterwards as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        seed_others(seed)
        yield


class RandomState:
    """A member's own state of torch's global generators, for code of others that draws from them, such as Dropout."""

    def __init__(self, seed: int, device: str):
        self._devices = [] if torch.device(device).type == "cpu" else [torch.device(device)]
        with self._put_back():
            torch.manual_seed(seed)
            self._states = self._now()

    @contextmanager
    def lent(self, *, kept: bool = True) -> Iterator[None]:
        """Torch draws from this state within, and from what it had before afterwards.

        kept: whether the next loan goes on where this one ends; else what is drawn within changes nothing.
        """
        with self._put_back():
            self.restore(self._states, torch_too=True)
            yield
            if kept:
                self._states = self._now()

    def _put_back(self):
        return torch.random.fork_rng(devices=self._devices)

    def _now(self) -> list[Tensor]:
        return [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in self._devices)]

    def state(self) -> list[Tensor]:
        """What `restore` continues from."""
        return [state.clone() for state in self._states]

    def restore(self, states: list[Tensor], *, torch_too: bool = False) -> None:
        """Continues from a state; torch_too: and has torch draw from it now."""
        self._states = [state.clone() for state in states]
        if torch_too:
            torch.set_rng_state(self._states[0])
            for device, state in zip(self._devices, self._states[1:], strict=True):
                torch.cuda.set_rng_state(state, device)
