"""The Ray cluster that a study runs on: joined or started, asked what it has, and whether it is still there."""

from spectra_tune.cluster.head import Head
from spectra_tune.cluster.joining import check_address, check_nodes, connect

__all__ = ["Head", "check_address", "check_nodes", "connect"]
