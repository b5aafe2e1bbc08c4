"""What it costs: the engine, the penalty and the whole command against their alternatives, as ratios."""
