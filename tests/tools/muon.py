"""torch.optim.Muon in the precision of its parameters, where its own products are in bfloat16."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch


@contextmanager
def muon_in_full_precision() -> Iterator[None]:
    with patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
        yield
