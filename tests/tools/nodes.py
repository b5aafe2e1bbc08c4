"""Ray nodes and studies as processes of this machine: started, watched and killed by tests."""

import os
import subprocess
import sys
import time
from contextlib import suppress

import psutil

from benchmarks.processes import training

PATIENCE_S = 90
RAY = ["-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]


def node(folder, *options, **given):
    """A Ray node in a process group of its own, of one processor where the options do not say."""
    processors = [] if "--num-cpus" in options else ["--num-cpus", "1"]
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1", **given}
    with (folder / "node.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, *RAY, *processors, *options],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def killed(started):
    """Kills a node with everything that it started."""
    with suppress(psutil.NoSuchProcess):
        processes = [*psutil.Process(started.pid).children(recursive=True), psutil.Process(started.pid)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    started.wait()


def trains(started) -> bool:
    """Whether a block trains on this node."""
    return bool(training(started.pid))


def waited_for(claim) -> bool:
    """Whether a claim comes true before patience ends."""
    end = time.monotonic() + PATIENCE_S
    while not claim() and time.monotonic() < end:
        time.sleep(0.3)
    return claim()
