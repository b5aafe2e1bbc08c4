"""The fused kernel: perceptrons trained on a processor by compiled code, member by member."""
