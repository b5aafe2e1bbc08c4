"""What the figures depend on, without a name of the machine or a place on it."""

import os
import platform
from importlib.metadata import version
from typing import Any

from spectra_tune.engine.environment import environment


def facts() -> dict[str, Any]:
    """Processor, software, threads, and how busy the machine was before the first measurement."""
    return {
        "environment": environment("cpu"),
        "cores": os.cpu_count(),
        "threads": 1,
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "ray", "mlflow")},
    }
