"""The penalty's weight in the loss."""

from ray import tune

# At 1e-4 a layer one unit off its target adds 1e-4 nats to a loss of about 0.7: nothing, the neutral point. At 1 the
# penalty reaches its target within a tenth in 100 epochs at all widths from 8 to 64; more only slows the data's part.
STRENGTH = {"strength": tune.loguniform(1e-4, 1.0)}

# Of penalties on the whole spectrum and on the way from the initial weights, which are gentler: at 1e-4 they are
# nothing, at 3 they hold the weights where the penalty wants them and the first tasks are learnt more slowly.
WIDE_STRENGTH = {"strength": tune.loguniform(1e-4, 3.0)}
