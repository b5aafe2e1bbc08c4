"""Exponents by which a target follows capacity and depth."""

from ray import tune

# The plan claims -0.2 and sweeps -0.5 … 0.5. Over widths 8 … 128 the capacity ratio spans a factor of about 170, so
# that the ends already multiply a start by 13. Symmetric about the neutral 0.
BETA = {"beta": tune.uniform(-0.5, 0.5)}

# Layer l's target is multiplied by l to this exponent's negative: at 12 layers the ends are factors of 12.
DEPTH_EXPONENT = {"depth_exponent": tune.uniform(-1.0, 1.0)}
