"""MLflow's own pages on the store in use, for this machine only."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import TextIO

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from studies.command import places
from studies.command.console import say, to_reader
from studies.command.interrupts import sigterm_interrupts
from studies.command.pasted import command
from studies.command.terminal import UI_BASE, UI_PORT, base_url

PATIENCE_S = 120
"""For the server's first answer: a slow disk takes most of a minute."""


def ui(*, tracking_uri: str | None) -> int:
    """Serves the store's pages in the foreground and prints a link to each of its studies; returns the exit code."""
    uri = places.store(tracking_uri)
    if uri.startswith("http"):
        _say(uri, base_url(uri), _links(uri, base_url(uri)))
        return 0
    links = _links(uri, UI_BASE)  # a store of another version is refused here, in one line
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", UI_PORT)) == 0:
            raise InvalidStudy(f"port {UI_PORT} must be free for the MLflow UI, something answers there: end it first")
    say(to_reader(), f"MLflow UI on {uri}, starting (Ctrl-C ends it)")
    with tempfile.TemporaryFile("w+") as log:
        server = _served(uri, log)
        try:
            with sigterm_interrupts():
                if _answers(server):
                    _say(uri, UI_BASE, links)
                server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
            return 0
        log.seek(0)
        said = [line.strip() for line in log if line.strip()]
    raise InvalidStudy(
        f"the MLflow UI must stay up, it ended with code {server.returncode}: {said[-1] if said else ''}"
    )


def _served(uri: str, log: TextIO) -> subprocess.Popen:
    """MLflow's server; what it says goes into the log."""
    place = ["--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(UI_PORT), "--workers", "2"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return subprocess.Popen(
        [sys.executable, "-m", "mlflow", "ui", *place], env=environment, stdout=log, stderr=subprocess.STDOUT
    )


def _answers(server: subprocess.Popen) -> bool:
    """Waits until the server answers; False where it ended or takes too long."""
    end = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        with suppress(InvalidStudy):
            tracking.check_reachable(UI_BASE)
            return True
        time.sleep(0.5)
    return False


def _links(uri: str, base: str) -> list[tuple[str, str]]:
    found = [(name, tracking.study_link(name, uri, base)) for name in tracking.recorded_studies(uri)]
    return [(name, link) for name, link in found if link is not None]


def _say(uri: str, base: str, links: list[tuple[str, str]]) -> None:
    console = to_reader()
    none = "" if links else f"; no study has run yet: {command('run', 'NAME', uri=uri)}"
    say(console, f"{base}/#/experiments{none}")
    for name, link in links:
        console.print(f"  {name}: {link}", soft_wrap=True)
