"""Commands in a terminal of this many columns, and with an output that nobody reads."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios


def in_terminal(*arguments: str, columns: int, **environment: str) -> str:
    """What a command shows in a terminal, both of its outputs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(_command(arguments), stdout=theirs, stderr=theirs, env=_environment(environment))
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # so a terminal ends on Linux
            part = b""
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


def in_pipe(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command with both outputs in pipes."""
    return subprocess.run(_command(arguments), capture_output=True, timeout=60, env=_environment(environment))


def unread(*arguments: str, both: bool = False) -> subprocess.CompletedProcess[bytes]:
    """The command with a standard output (or both) that its reader has left."""
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        return subprocess.run(
            _command(arguments), stdout=theirs, stderr=theirs if both else subprocess.PIPE, timeout=60
        )
    finally:
        os.close(theirs)


def without_controls(text: str) -> str:
    """The text with its colours and cursor movements taken away."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "studies", *arguments]


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    return {**kept, "TERM": "xterm-256color", **more}
