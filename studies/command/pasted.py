"""Command lines that are printed: each can be pasted into the shell that it was printed in."""

import shlex
from pathlib import Path

from spectra_tune import tracking
from spectra_tune.credentials import without_secrets

STORAGE = "ray_results"
"""Ray's storage where no other is given."""


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
