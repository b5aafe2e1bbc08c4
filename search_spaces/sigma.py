"""Targets of the largest singular value."""

from ray import tune

# Square layers of torch.nn.Linear start near 1.1, He-initialised ones near 2.8; half and one and a half times these
# ends are far from either. 1, where linear and orthogonal layers keep a signal's size, lies inside.
TARGETS = (0.5, 4.0)

SIGMA_END = {"sigma_end": tune.uniform(*TARGETS)}
"""Of a static target, or of the last step of one that moves."""

SIGMA = {"sigma_start": tune.uniform(*TARGETS), **SIGMA_END}
"""Of schedules that move; start = end is a static target, so that "no schedule is needed" can be found."""
