"""The Ray cluster that a study runs on: joined or started, and what it gives a trial."""

import importlib
import logging
import os
import socket
from typing import Any

# Read by Ray when it is imported: the terminal belongs to the study's own progress display.
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")

import ray

from spectra_tune.design import InvalidStudy

BLOCKS_PER_GPU = 8

PATIENCE_S = 5
"""For a cluster's first answer."""


def check_address(address: str | None) -> None:
    """Refuses a cluster address at which nothing answers, within seconds; Ray itself would wait for minutes."""
    place = (address or os.environ.get("RAY_ADDRESS") or "local").removeprefix("ray://")
    if place in ("local", "auto"):
        return
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit():
        raise InvalidStudy(f"a Ray address must be HOST:PORT, ray://HOST:PORT or auto, got {address!r}")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE_S).close()
    except OSError as error:
        raise InvalidStudy(f"a Ray cluster must answer at {place}, got: {error}; start it or mend --address") from None


def connect(address: str | None) -> None:
    """Joins the Ray cluster at this address (or at RAY_ADDRESS), or starts a local one with all cores."""
    check_address(address)
    if ray.is_initialized():
        return
    address = address or os.environ.get("RAY_ADDRESS")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InvalidStudy(f"a Ray cluster must answer at {address or 'this machine'}, got: {reason}") from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # what fails is said in one line, not by Ray in hundreds


def warm_up(blocks: int) -> None:
    """Starts workers for so many blocks, at most one per processor, and has them load what trials need; does not wait.

    Trials take over such workers, so that their start overlaps with what this process does until then.
    """
    workers = min(blocks, int(ray.cluster_resources().get("CPU", 1)))
    for _ in range(workers):
        _load.remote()


@ray.remote(num_cpus=1, max_retries=0)
def _load() -> None:
    importlib.import_module("spectra_tune.trainable")
    importlib.import_module("sklearn.datasets")


def gpu_share(blocks: int) -> float:
    """GPUs per block: none where the cluster has none, else at most one and at least an eighth."""
    gpus = ray.cluster_resources().get("GPU", 0)
    if not gpus:
        return 0
    return 1 / min(BLOCKS_PER_GPU, max(1, -(-blocks // int(gpus))))
