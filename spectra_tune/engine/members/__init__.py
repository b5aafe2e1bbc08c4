"""What a block's members have, whichever way they train: data, generators, targets, learning rates, reactions."""
