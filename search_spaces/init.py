"""How weights begin."""

from ray import tune

# Torch's own start, and the rival of every penalty on a spectrum: a start where all singular values are equal already.
INIT = {"init": tune.choice(["linear", "orthogonal"])}
