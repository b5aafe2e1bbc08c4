"""Networks, declared: one file beside this one for each, which loads nothing heavy until a network is built.

A network is a frozen dataclass whose fields are its hyperparameters, with
- `build(task) -> torch.nn.Module`, whose initial weights come from the global generators of torch, numpy or Python: the
  engine seeds them around the call, by the member's own seed, and puts them back;
- `regularized(module) -> {name: operator}`, its penalised weights as linear maps (spectra_tune.operators), from the
  input on; operators/of_module.py finds those of torch.nn's layers, of a convolution without the size that it sees.
It trains in turn, as the module that it is. Optional, where training all members in one program pays:
- `stacked(task)`, its stacked form (see perceptron_stacked.py) or None.
- `parameter_count(task)`, trainable numbers, counted without building it.
"""

from spectra_tune.networks.attention import transformer
from spectra_tune.networks.convolutional import cnn
from spectra_tune.networks.graph import gcn
from spectra_tune.networks.module import module
from spectra_tune.networks.perceptron import mlp
from spectra_tune.networks.recurrent import rnn

__all__ = ["cnn", "gcn", "mlp", "module", "rnn", "transformer"]
