"""Targets of the largest singular value over training, knot by knot."""

from ray import tune

from search_spaces.sigma import TARGETS

# Five knots: the first step, the quarters and the last one. Each moves over what a single target does, for the same
# reason; logarithmic, since a change of target acts by its ratio and equal knots should be as near below 1.4, the
# middle, as above it. Equal knots are a static target, so that "no schedule is needed" can be found.
KNOTS = {f"knot_{number}": tune.loguniform(*TARGETS) for number in range(1, 6)}
"""Of an arm with schedule "knots" and five of them."""
