"""Trained networks that a study keeps: a file each in its folder of the storage, under the run's signature.

They lie beside what their blocks gave, and are written before a block counts as ended (see engine/kept_models.py for
what is in a file).
"""

from collections.abc import Mapping

from spectra_tune.launching.block_store import names_in, read_whole, remove, within, write_whole

MODELS, FILE = "models", ".pt"


def keep_models(folder: str, models: Mapping[str, bytes]) -> None:
    """Keeps networks, by signature."""
    for signature, content in models.items():
        write_whole(within(folder, MODELS), f"{signature}{FILE}", content)


def kept_model(folder: str, signature: str) -> bytes | None:
    """The file of a run's network; None where it is not kept."""
    return read_whole(within(folder, MODELS), f"{signature}{FILE}")


def forget_models(folder: str) -> None:
    """Removes those of an earlier study of the same name."""
    for name in names_in(within(folder, MODELS)):
        remove(within(folder, MODELS), name)
