"""Members as real modules with real optimizers, trained one after another, each under its own random state."""
