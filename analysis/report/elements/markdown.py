"""Text as Markdown that says exactly this text: what people named may hold any sign."""

import re


class Markdown(str):
    """Text that is Markdown already, such as a link; a table escapes all other."""

    __slots__ = ()


_SPECIAL = re.compile(
    r"(?P<kept>\[[-+−–\d.,%e ]*\](?![(\[:]))"  # an interval, which no reader takes for a link
    r"|(?P<escaped>[\\`*|$~\[\]]|<(?=[A-Za-z/!?])|&(?=[#\w])"
    r"|(?<![^\W_])_|_(?![^\W_]))"  # within a word it stands for itself
)


def literal(text: str) -> str:
    """The text in one line, with a backslash before every sign that Markdown, or the mathematics in it, would take for
    its own; what is Markdown already stays."""
    if isinstance(text, Markdown):
        return text
    return _SPECIAL.sub(lambda sign: sign["kept"] or f"\\{sign['escaped']}", re.sub(r"\s*[\r\n]+\s*", " ", str(text)))
