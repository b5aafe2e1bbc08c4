"""What a machine says of its GPUs, asked from one that need not have torch loaded."""

NOT_BUILT = 0
"""Bytes of a GPU that torch can use, where it is not built for any."""


def gpu_bytes() -> int | None:
    """Memory of the smallest GPU of this machine that torch can use; None where it sees none."""
    import torch

    if not torch.backends.cuda.is_built():
        return NOT_BUILT
    there = range(torch.cuda.device_count())
    return min((torch.cuda.get_device_properties(at).total_memory for at in there), default=None)
