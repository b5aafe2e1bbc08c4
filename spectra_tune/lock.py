"""One process runs a study at a time: it holds a lock, with a heartbeat, in every place that it writes to."""

import json
import os
import platform
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from spectra_tune.errors import InvalidStudy

BEAT_S = 15.0
"""Seconds between two heartbeats; a holder that finds another's lock in its place stops, so that this is also the
longest that two processes can run beside each other where a place has no exclusive create."""

STALE_S = 120.0
"""Age of a heartbeat after which a holder that cannot be looked at is taken for gone."""

SETTLE_S = 1.0
"""Until a lock that was not created exclusively is read back: of two that wrote at once, the last one holds it."""


_RELEASED: set[str] = set()
"""Tokens of locks that this process, which goes on, has given back; where a place was away they still lie there."""


class Place(Protocol):
    """Where a lock lies."""

    exclusive: bool  # of two that create at once, one is told that it failed

    def read(self) -> str | None: ...
    def create(self, text: str) -> bool: ...  # False where one is there
    def write(self, text: str) -> None: ...
    def remove(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The process that holds a lock."""

    host: str
    machine: str  # the host in this boot, with its namespace of processes: those of one machine can look at each other
    process: int
    born: str  # the process's start as the system tells it: a number alone is used again
    since: float
    beat: float
    token: str  # of this lock and no other

    @classmethod
    def this_process(cls) -> "Holder":
        me, now = os.getpid(), time.time()
        return cls(
            host=platform.node(),
            machine=_machine(),
            process=me,
            born=_born(me) or "",
            since=now,
            beat=now,
            token=uuid.uuid4().hex,
        )

    @classmethod
    def of(cls, text: str | None) -> "Holder | None":
        """What a lock's text says; None where it says nothing, such as half a text that a kill left."""
        with suppress(ValueError, TypeError):
            return cls(**json.loads(text or ""))
        return None

    @property
    def text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def in_sight(self) -> bool:
        """Whether this process can see whether that one lives."""
        return self.machine == _machine()

    @property
    def age_s(self) -> float:
        """Seconds since its last heartbeat, by both machines' clocks."""
        return max(0.0, time.time() - self.beat)

    @property
    def gone(self) -> bool:
        """Whether it runs no more: seen on its own machine, elsewhere concluded from a heartbeat that is stale."""
        if self.token in _RELEASED:
            return True
        return _born(self.process) != self.born if self.in_sight else self.age_s > STALE_S

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since, UTC)
        return f"process {self.process} on {self.host} since {since:%Y-%m-%d %H:%M:%S} UTC"


def _machine() -> str:
    parts = [platform.node()]
    with suppress(OSError):  # only Linux has these; elsewhere a host has one namespace
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return " ".join(parts)


def _born(process: int) -> str | None:
    """When a process of this machine started, as the system tells it; None of one that has ended."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else fields[18]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    asked = ["ps", "-o", "lstart=", "-p", str(process)]
    said = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return said.stdout.strip() or None


def check_free(study: str, place: Place) -> Holder | None:
    """Refuses a study that a living process runs; returns the holder of a lock that a kill left."""
    holder = Holder.of(place.read())
    if holder is not None and not holder.gone:
        unseen = f", last heard of {holder.age_s:.0f} s ago; {STALE_S:.0f} s after that --resume takes over"
        raise InvalidStudy(
            f"study {study!r} is being run by {holder}{'' if holder.in_sight else unseen}: wait for it, or end it there"
        )
    return holder


class Lock:
    """What this process holds of a study, from `take` to the end of the `with` block, errors and Ctrl-C included.

    on_lost is called in a thread, with a line, where another process has taken the study over.
    """

    def __init__(self, study: str, on_lost: Callable[[str], None]):
        self._study, self._on_lost = study, on_lost
        self._me = Holder.this_process()
        self._held: list[Place] = []
        self._unsure: list[Place] = []
        self._beating: list[threading.Thread] = []
        self._ended = threading.Event()

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, *raised) -> None:
        self.release()

    def release(self) -> None:
        """Ends it before the block does, for one who ends the process."""
        self._ended.set()
        for beating in self._beating:
            beating.join(BEAT_S)  # a heartbeat under way would put the lock back
        _RELEASED.add(self._me.token)
        for place in self._held:
            with suppress(Exception):  # a place that went away: the lock there grows stale
                if self._holds(place):
                    place.remove()

    def take(self, place: Place, *, take_over: bool) -> Holder | None:
        """Locks a place; one that a living process holds is refused, and one that a kill left unless it may be taken
        over. Returns whom it was taken over from.
        """
        left = None
        if not place.create(self._me.text):
            left = check_free(self._study, place)
            if left is None:  # another one is in the middle of creating it, or was killed there
                time.sleep(SETTLE_S)
                left = check_free(self._study, place)
            if not take_over:
                raise InvalidStudy(f"study {self._study!r} was run by {_left(left)}: add --resume to take it over")
            place.write(self._me.text)
        self._held.append(place)
        if left is not None or not place.exclusive:
            self._unsure.append(place)
        self._beating.append(threading.Thread(target=self._beat, args=(place,), daemon=True))
        self._beating[-1].start()
        return left

    def confirm(self) -> None:
        """Refuses where another process has locked a place at the same moment; to be called before anything is done."""
        if self._unsure:
            time.sleep(max(0.0, self._me.since + SETTLE_S - time.time()))
        for place in self._unsure:
            if not self._holds(place):
                check_free(self._study, place)
                raise InvalidStudy(f"study {self._study!r} is being taken over by another process: add --resume")
        self._unsure = []

    def _holds(self, place: Place) -> bool:
        holder = Holder.of(place.read())
        return holder is not None and holder.token == self._me.token

    def _beat(self, place: Place) -> None:
        while not self._ended.wait(BEAT_S):
            with suppress(Exception):  # whatever a place that went away raises: the next beat tries again
                if not self._holds(place) and not self._ended.is_set():
                    by = Holder.of(place.read())
                    self._on_lost(f"study {self._study!r} is no longer this process's, but {by or 'nobody'}'s")
                    return
                place.write(replace(self._me, beat=time.time()).text)


def _left(holder: Holder | None) -> str:
    """Whom a lock was left by, and why it is gone."""
    if holder is None:
        return "a process that was killed as it began"
    return f"{holder}, which {'is gone' if holder.in_sight else f'gave no sign of life for {holder.age_s:.0f} s'}"
