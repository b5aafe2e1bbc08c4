"""Nuisance factors: what both sides tune, so that neither is crippled."""

from ray import tune

# Adam's default is 1e-3 and the plan's value 1e-2, half-way between the ends; full batches of these small tasks still
# learn at 1e-1 and hardly move in 100 epochs at 1e-3.
# A weight decay of 1e-6 is nothing; at 1e-2 Adam's L2 term outweighs the loss's gradient near its minimum.
OPTIMIZER = {"learning_rate": tune.loguniform(1e-3, 1e-1), "weight_decay": tune.loguniform(1e-6, 1e-2)}

# Batches of 16: Adam's default lies inside; at 3e-4 one pass over a thousand samples hardly teaches anything, at 2e-2
# it is noise.
SMALL_BATCHES = {"learning_rate": tune.loguniform(3e-4, 2e-2)}
