"""Controlled studies of spectral regularization: how a block of matched runs is declared and trained."""
