"""Perceptrons of one architecture trained as one program: a step of all members is one batched step."""
