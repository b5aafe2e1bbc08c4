"""The record that a study was begun with: its storage knows, so that it is not continued or recorded beside it."""

import json
from dataclasses import asdict, dataclass

from spectra_tune.launching.storage_file import BEGAN, StorageFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A study's parent MLflow run, and the store that it was made in."""

    tracking_uri: str  # without credentials
    run_id: str


def keep_beginning(folder: str, beginning: Beginning) -> None:
    """Writes it into a study's folder; one that is there is replaced."""
    text = json.dumps(asdict(beginning))
    file = StorageFile(folder, BEGAN)
    if not file.create(text):
        file.write(text)


def read_beginning(folder: str) -> Beginning | None:
    """What a study's folder knows; None where it knows nothing."""
    text = StorageFile(folder, BEGAN).read()
    return None if text is None else Beginning(**json.loads(text))
