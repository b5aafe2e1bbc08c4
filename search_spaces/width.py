"""Sizes of a network. Each value is a stratum of its own: sizes are never traded against each other."""

from ray import tune

# The plan's widths; 128 is where an exact decomposition still costs less than the iterative one.
WIDTH = {"width": tune.choice([8, 16, 32, 64, 128])}

# A power law in depth needs six layers or more.
DEPTH = {"depth": tune.choice([2, 4, 6, 8, 12])}
