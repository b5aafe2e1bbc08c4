"""Claim: a published gain between unmatched results, and the arms that bridge it."""

from dataclasses import dataclass
from typing import Any

from spectra_tune.errors import InvalidStudy, finite, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What was claimed, and a chain of a study's arms from the claim's baseline to its treatment, a change at a time.

    The report takes the claimed gain apart along the chain; its parts and what they leave add up to the claim.
    """

    gain_pp: float  # as published
    baseline: str  # the arm that stands for what the claim compared with
    steps: Any  # given as [(what changes, arm)], kept as a tuple of pairs; the last arm is the claim's treatment

    def __post_init__(self):
        object.__setattr__(self, "gain_pp", finite(self.gain_pp, "gain_pp"))
        pairs = [tuple(step) for step in listed(self.steps, "the steps of a claim")]
        if not pairs or any(len(pair) != 2 or not all(isinstance(word, str) for word in pair) for pair in pairs):
            raise InvalidStudy(f"the steps of a claim are pairs (what changes, arm), got {self.steps!r}")
        object.__setattr__(self, "steps", tuple(pairs))
        chain = self.chain
        if len(set(chain)) != len(chain):
            raise InvalidStudy(f"a claim's chain needs distinct arms, got {', '.join(chain)}")

    @property
    def chain(self) -> tuple[str, ...]:
        """The arms in order, the claim's baseline first."""
        return (self.baseline, *(arm for _, arm in self.steps))
