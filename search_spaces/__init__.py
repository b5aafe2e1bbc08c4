"""Where we look: Ray Tune domains for the fields of a Treatment, a Condition and its network.

Compose them: `Search(treatment_space={**SIGMA, **STRENGTH}, nuisance_space=OPTIMIZER, …)`. Every space has a neutral
point, so that "no effect" can be found.
"""

from search_spaces.beta import BETA, DEPTH_EXPONENT
from search_spaces.init import INIT
from search_spaces.knots import KNOTS
from search_spaces.optimizer import OPTIMIZER, SMALL_BATCHES
from search_spaces.sigma import SIGMA, SIGMA_END
from search_spaces.strength import STRENGTH, WIDE_STRENGTH
from search_spaces.width import DEPTH, WIDTH

__all__ = [
    "BETA",
    "DEPTH",
    "DEPTH_EXPONENT",
    "INIT",
    "KNOTS",
    "OPTIMIZER",
    "SIGMA",
    "SIGMA_END",
    "SMALL_BATCHES",
    "STRENGTH",
    "WIDE_STRENGTH",
    "WIDTH",
]
