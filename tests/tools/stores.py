"""MLflow stores for tests."""

import functools
import shutil
import tempfile
from pathlib import Path

from spectra_tune.tracking.store import client_of


def empty_store(folder: Path) -> str:
    """The URI of a store in this folder, as the first that opens it makes it: MLflow's tables with nothing in them.

    Copied: to make one takes MLflow seconds, in which it goes through the history of its schema.
    """
    shutil.copy(_made(), folder / "mlflow.db")
    return f"sqlite:///{folder / 'mlflow.db'}"


@functools.cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="spectra-tune-store-"))
    client_of(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder / "mlflow.db"
