"""What is printed as to be done next: a command for the shell, or a call for the notebook, that it was printed in."""

import shlex
from pathlib import Path

from spectra_tune import tracking
from spectra_tune.credentials import without_secrets
from studies.command.catalogue import Named

STORAGE = "ray_results"
"""Ray's storage where no other is given."""


def verb_on(
    named: Named,
    verb: str,
    *flags: str,
    uri: str | None = None,
    place: str | None = None,
    address: str | None = None,
) -> str:
    """What does a verb on this study: see `command`; in a notebook, whose study knows the places, a method of it."""
    if named.module is not None:
        return command(verb, named.typed, *flags, uri=uri, place=place, address=address)
    if verb == "sync":  # what is trained is read back, judged and recorded
        verb, flags = "run", ("--resume",)
    return f"{verb}({', '.join(option(named, flag) for flag in flags)})"


def option(named: Named, flag: str) -> str:
    """An option as it is given there."""
    return flag if named.module is not None else f"{flag.removeprefix('--').replace('-', '_')}=True"


def command(
    verb: str,
    typed: str = "",
    *flags: str,
    uri: str | None = None,
    place: str | None = None,
    address: str | None = None,
) -> str:
    """`spectra-tune VERB …` with the options without which it would look elsewhere than its printer did.

    typed: as `Named.typed` is, quoted for a shell. uri and place: as resolved; address: as given. Credentials are
    masked, as everywhere: such a line asks for them.
    """
    options = list(flags)
    if address is not None:
        options += ["--address", address]
    if place is not None and place != str(Path(STORAGE).absolute()):
        options += ["--storage", without_secrets(place)]
    if uri is not None and uri != tracking.absolute_tracking_uri(tracking.default_tracking_uri()):
        options += ["--tracking-uri", without_secrets(uri)]
    return " ".join(word for word in ("spectra-tune", verb, typed, shlex.join(options)) if word)
