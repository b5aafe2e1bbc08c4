"""A learning rate that follows the distance of sigma from 1."""

from dataclasses import dataclass

from spectra_tune.errors import InvalidStudy, finite, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceToCriticality:
    """A Condition's `learning_rate_schedule`: its learning rate times |sigma - 1|**(-exponent), within bounds.

    sigma: mean spectral norm of the regularized weights, observed some 50 times in a training (feedback.OBSERVATIONS).
    Source: research plan, phase 4.
    """

    exponent: float  # 0 is a constant learning rate
    lowest: float  # factor of the learning rate, reached far from sigma = 1 if the exponent is positive
    highest: float  # factor near sigma = 1, where the power has no bound of its own

    def __post_init__(self):
        object.__setattr__(self, "exponent", finite(self.exponent, "exponent"))
        for name in ("lowest", "highest"):
            object.__setattr__(self, name, positive(getattr(self, name), name))
        if self.lowest > self.highest:
            raise InvalidStudy(f"lowest must not be above highest, got {self.lowest} and {self.highest}")

    def factor(self, sigma: float) -> float:
        """Of the learning rate at this sigma."""
        distance = abs(sigma - 1.0)
        if distance == 0:
            return self.highest if self.exponent > 0 else self.lowest if self.exponent < 0 else 1.0
        return min(self.highest, max(self.lowest, distance**-self.exponent))

    def __str__(self) -> str:
        return f"distance to criticality ** {-self.exponent:g} in [{self.lowest:g}, {self.highest:g}]"
