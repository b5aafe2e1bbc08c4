"""Numbers of optimizers that nobody sets: torch.optim's defaults."""

BETAS, EPSILON = (0.9, 0.999), 1e-8
"""Adam's decay rates, and what keeps divisions finite, RMSprop's too."""

MOMENTUM = 0.9
"""Of stochastic gradient descent."""

SMOOTHING = 0.99
"""RMSprop's decay rate."""

CLIP_SMALL = 1e-6
"""What torch.nn.utils.clip_grad_norm_ adds to a norm that it divides by."""
