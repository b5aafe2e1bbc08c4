"""Servers that tests start on this machine and end again: MLflow's, and PostgreSQL as its backend store."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy

PATIENCE_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(backend: str, artifacts: Path, port: int) -> subprocess.Popen:
    """MLflow's tracking server, once it answers. Its processes are a group of their own: see `ended`."""
    place = ["--backend-store-uri", backend, "--artifacts-destination", str(artifacts)]
    place += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (artifacts.parent / "server.log").open("a") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *place],
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        with suppress(InvalidStudy):
            tracking.check_reachable(f"http://127.0.0.1:{port}")
            return server
        time.sleep(0.3)
    ended(server)
    raise RuntimeError((artifacts.parent / "server.log").read_text()[-2000:])


def ended(server: subprocess.Popen) -> None:
    """Kills a server with all its processes."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, 9)
    server.wait()


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh PostgreSQL server's URI; skips where there is none to start."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("needs PostgreSQL's server programs: apt-get install postgresql")
    programs = Path(found).resolve().parent
    root = os.geteuid() == 0  # PostgreSQL refuses to run as root
    user = {"user": "nobody"} if root else {}
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if root:
            shutil.chown(folder, "nobody")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
        data = str(folder / "data")
        subprocess.run([found, "-D", data, "-U", "spectra", "--auth=trust", "--no-sync"], check=True, **quiet)
        server = subprocess.Popen([str(programs / "postgres"), "-D", data, "-p", str(port), "-k", name, "-F"], **quiet)
        try:
            ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
            end = time.monotonic() + PATIENCE_S
            while subprocess.run(ready, **quiet).returncode and time.monotonic() < end:
                time.sleep(0.2)
            yield f"postgresql://spectra@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # at once: SIGTERM would wait for clients to go
            server.wait()
