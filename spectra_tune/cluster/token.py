"""Whether a cluster lets this process in: one with token authentication takes only clients that have its token."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ray._private import services
from ray._private.authentication.authentication_token_setup import (
    ensure_token_if_auth_enabled,
    maybe_enable_token_auth_if_token_available,
)
from ray._raylet import GcsClient  # type: ignore[attr-defined]
from ray.exceptions import AuthenticationError, RayError

from spectra_tune.design import InvalidStudy

MODE, PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH"

AUTO = "auto"


def check_token(place: str) -> None:
    """Refuses what Ray would try twenty times: a cluster at HOST:PORT, or at auto, that does not know this process."""
    if place == AUTO:
        maybe_enable_token_auth_if_token_available(warn_if_disabled=False)  # as Ray does where it finds a cluster
        place = services.canonicalize_bootstrap_address_or_die(AUTO)
    had = _refused(place)
    if had:
        raise InvalidStudy(
            f"the cluster at {place} takes only clients with its token, got {had}: set {MODE}=token, and {PATH} to a "
            "file with the token of its nodes (or keep that in ~/.ray/auth_token)"
        )


def _refused(place: str) -> str:
    """What this process came with and was not let in; nothing where it was."""
    mode = os.environ.get(MODE)
    try:
        ensure_token_if_auth_enabled(None, create_token_if_missing=False)
    except AuthenticationError:
        file = os.environ.get(PATH)
        return f"{MODE}={mode} and no token" + (f" in {file}, which {PATH} names" if file else "")
    try:
        with _silent():
            GcsClient(address=place)
    except AuthenticationError:
        if mode and mode.lower() == "token":
            return "another token"
        return f"{MODE}={mode}" if mode else f"no {MODE}"
    except RayError as error:
        reason = " ".join(str(error).split())
        raise InvalidStudy(f"a Ray cluster must answer at {place}, got: {reason}; start it or mend --address") from None
    return ""


@contextmanager
def _silent() -> Iterator[None]:
    """While this lasts, what Ray's C++ writes to the terminal is dropped: it is said in one line."""
    sys.stderr.flush()
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
