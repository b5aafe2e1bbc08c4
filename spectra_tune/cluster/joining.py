"""The Ray cluster that a study runs on: joined or started, and what it gives a trial."""

import importlib.metadata
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

# Read by a Ray that starts here: workers that it begins before there are trials suit none, since Tune's have an
# environment of their own.
os.environ.setdefault("RAY_prestart_worker_first_driver", "0")

import ray
import ray.exceptions

from spectra_tune.cluster.token import check_token
from spectra_tune.design import InvalidStudy

PATIENCE_S = 5
"""For a cluster's first answer."""

NODE_PATIENCE_S = 120
"""For a node's first worker to start and answer."""


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
    logging.getLogger("ray").setLevel(logging.ERROR)  # whether there is authentication is said where it matters
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address and address != "local" and not address.startswith("ray://"):
            check_token(address)
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", include_dashboard=False, **quiet)
    except InvalidStudy:
        raise
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InvalidStudy(f"a Ray cluster must answer at {address or 'this machine'}, got: {reason}") from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # what fails is said in one line, not by Ray in hundreds


def check_nodes() -> None:
    """Refuses a cluster of which a node has not this process's code and packages: its blocks would all fail there."""
    ours = _software()
    for address, answer in asked(_software):
        wrong = _difference(ours, answer)
        if wrong:
            raise InvalidStudy(
                f"every node must have this machine's code and packages, the one at {address} has not: {wrong}; "
                "install constraints.txt and this code there, or remove the node"
            )


def asked(question: Callable[[], Any], resource: str = "") -> list[tuple[str, Any]]:
    """Address and coming answer of every node, or of those that have some of a resource; all think at once.

    A worker that was asked for its resource ends: it may hold some of it.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    answers = []
    for node in ray.nodes():
        if node["Alive"] and (not resource or node["Resources"].get(resource)):
            there = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
            asking = ray.remote(num_cpus=0, max_retries=0, max_calls=1 if resource else 0)(question)
            asking = asking.options(scheduling_strategy=there)
            answers.append((node["NodeManagerAddress"], asking.remote()))
    return answers


def _difference(ours: dict[str, str], answer: Any) -> str:
    """How a node's software differs from ours, or why it did not say; nothing where it is the same."""
    try:
        theirs: Any = ray.get(answer, timeout=NODE_PATIENCE_S)
    except ray.exceptions.NodeDiedError:
        return ""  # it takes no block either
    except (ray.exceptions.RayError, ImportError) as error:
        lines = [" ".join(line.split()) for line in str(error).splitlines() if "Error" in line]
        return (lines or [type(error).__name__])[-1][-200:]
    return ", ".join(f"{name} {theirs[name]}, here {our}" for name, our in ours.items() if theirs[name] != our)


def _software() -> dict[str, str]:
    """What decides on a run's bits on this machine."""
    from spectra_tune.fingerprint import code_digest

    return {name: importlib.metadata.version(name) for name in ("torch", "numpy", "pandas")} | {"code": code_digest()}
