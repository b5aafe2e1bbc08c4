"""Where a study's records and checkpoints lie: its MLflow store and Ray's storage."""

import os
import shutil
from pathlib import Path

from spectra_tune import tracking
from spectra_tune.credentials import without_secrets
from spectra_tune.design import InvalidStudy
from studies.command.pasted import STORAGE


def store(given: str | None) -> str:
    """The tracking URI of an MLflow store that answers."""
    uri = tracking.absolute_tracking_uri(given or tracking.default_tracking_uri())
    tracking.check_reachable(uri)
    return uri


def storage(given: str | None) -> str:
    """Ray's storage: a URI as it is, a folder as an absolute path that can be written; nothing is made yet."""
    place = given or STORAGE
    if "://" in place:
        if without_secrets(place) != place:
            raise InvalidStudy(
                f"--storage must be without credentials, since Ray records it, got {without_secrets(place)}; give them "
                "as the bucket's own variables, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        return place
    folder = Path(place).absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    disk = shutil.disk_usage(nearest)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK) or not disk.total:  # /proc holds no files
        raise InvalidStudy(f"--storage must be a folder that can be written, got {folder}")
    if disk.free == 0:
        raise InvalidStudy(f"--storage must have space left, {folder} is full")
    return str(folder)
