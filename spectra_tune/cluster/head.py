"""The head of the cluster that a study runs on: whether it still answers."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ray

POLL_S = 2.0
"""Seconds between two questions, and at most until an answer."""

SILENCE_S = 15.0
"""From the first question without an answer, after which a head counts as gone; Ray itself waits for a minute, and then
ends this process."""

NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


class Head:
    """Of the cluster that this process is connected to; given: the address that it was told, None for a local one."""

    def __init__(self, given: str | None):
        told = (given or "local").removeprefix("ray://")
        self._address = told if told not in ("local", "auto") else ray.get_runtime_context().gcs_address
        self.name = "the local Ray" if given in (None, "local") else f"the cluster at {self._address}"

    def answers(self) -> bool:
        """Whether something takes a connection there: the kernel does for a process that is merely busy.

        What fails on this side, such as a file too many or a name server away, says nothing about the head.
        """
        host, _, port = self._address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=POLL_S).close()
        except (ConnectionError, TimeoutError):
            return False
        except OSError as error:
            return error.errno not in NO_WAY
        return True

    @contextmanager
    def watched(self, on_gone: Callable[[], None]) -> Iterator[None]:
        """While this lasts, on_gone is called where the head is gone: in a thread where nothing answers for too long,
        else where an error comes and nothing answers.
        """
        ended = threading.Event()

        def watch() -> None:
            silent_since = None
            while not ended.wait(POLL_S):
                if self.answers():
                    silent_since = None
                    continue
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since >= SILENCE_S and not ended.is_set():
                    on_gone()
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        except Exception:
            if not self.answers():
                on_gone()
            raise
        finally:
            ended.set()
