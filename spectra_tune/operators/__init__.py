"""Linear maps that weights define, and their top singular values."""
