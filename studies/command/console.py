"""How lines reach their reader: wrapped in a terminal, whole in a pipe, in signs that the output can carry."""

import codecs
import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console

from spectra_tune.credentials import without_secrets
from studies.command.interrupts import reader_gone

READABLE = 100
"""Columns of prose, in however wide a window."""

WHOLE = 10_000
"""Columns where no window bounds them."""

IN_ASCII = {"−": "-", "–": "-", "—": "-", "…": "...", "±": "+-", "×": "x", "·": ".", "≤": "<=", "≥": ">=", "≠": "!="}
IN_ASCII |= {"→": "->", "‘": "'", "’": "'", "“": '"', "”": '"', "σ": "sigma", "α": "alpha", "β": "beta", "Δ": "delta"}


def _readable(error: UnicodeError) -> tuple[str | bytes, int]:
    """What an encoding lacks: our signs in ASCII, a byte of an undecodable path as it came, all else escaped."""
    assert isinstance(error, UnicodeEncodeError)
    sign, after = error.object[error.start], error.start + 1
    if "\udc80" <= sign <= "\udcff":
        return bytes([ord(sign) - 0xDC00]), after
    return IN_ASCII.get(sign) or sign.encode("ascii", "backslashreplace").decode("ascii"), after


codecs.register_error("readable", _readable)


def readable_output() -> None:
    """From here on, no sign is too much for the encoding of this process's output."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="readable")


def carried(text: str, encoding: str) -> str:
    """A text as it will look in an encoding: what is measured and wrapped must be that."""
    return text.encode(encoding, "readable").decode(encoding, "surrogateescape")


class _Console(Console):
    """Where nobody reads any more, what is under way ends in order."""

    def on_broken_pipe(self) -> None:
        _unread(self.file)
        reader_gone()


def _unread(stream: object) -> None:
    """Sends what is still in a stream's buffer nowhere, lest Python complains of it at its end."""
    with suppress(OSError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)


def to_reader(*, quiet: bool = False, stderr: bool = False, width: int = WHOLE) -> Console:
    """Standard output or error: as wide as its terminal; elsewhere this wide, and never with a cursor that moves."""
    stream: TextIO = sys.stderr if stderr else sys.stdout
    shown = stream.isatty()
    return _Console(
        quiet=quiet,
        stderr=stderr,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if shown else width,
        force_interactive=None if shown else False,
        force_jupyter=False,  # lines are lines there, too
    )


def say(console: Console, text: str = "") -> None:
    """Prints lines, each wrapped where the console has a width; credentials in addresses are masked."""
    text = carried(without_secrets(text), console.encoding)
    if console.width < WHOLE:
        text = wrapped(text, console.width)
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


_LABEL = re.compile(r" *(?:- |\S+(?: \S+)* {2,})")
_WIDEST_LABEL = 26
_SHELL_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s'"])+"""
_COMMAND = rf"spectra-tune(?: {_SHELL_WORD}(?<![;,])(?=\s|$))*(?: {_SHELL_WORD}(?=\s|$))?(?=\s|$)"  # see pasted.py
_INTERVAL, _WITH_NUMBER = r"\[[^][]{1,30}\]\S*", r"[^\W\d]+ \d\S*"
_WORD = re.compile(rf"{_COMMAND}|{_INTERVAL}|{_WITH_NUMBER}|\S+")


def wrapped(text: str, width: int) -> str:
    """Lines broken at blanks; words, intervals in brackets, "width 16" and commands stay whole.

    What follows hangs below what the line says after its label ("arms        "), else by two columns.
    """
    width = min(width, READABLE)
    return "\n".join(one for line in text.split("\n") for one in _wrapped(line, width))


def _wrapped(line: str, width: int) -> list[str]:
    if cell_len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    label = _LABEL.match(line)
    if label and cell_len(label[0]) <= min(_WIDEST_LABEL, width // 2):
        first, hang = label[0], " " * cell_len(label[0])
    else:
        first, hang = indent, f"{indent}  "
    lines = [first]
    empty = True
    for word in _WORD.findall(line[len(first) :]):
        if not empty and cell_len(lines[-1]) + 1 + cell_len(word) > width:
            lines.append(hang)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return lines
