"""What processes of a study do, seen from outside."""

from contextlib import suppress

import psutil


def training(driver: int) -> list[psutil.Process]:
    """Processes below a command's that train a trial; none where it has ended."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(driver).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if "Trainable" in " ".join(one.cmdline()):  # what Ray calls a worker while it has one
                    found.append(one)
    return found
