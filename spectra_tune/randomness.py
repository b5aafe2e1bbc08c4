"""Seeds for every draw, derived from (run seed, purpose): no draw shares or advances another's stream."""

import hashlib


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A 32-bit seed for one purpose of one run, e.g. `derived_seed(7, "init")`.

    Equal arguments give equal seeds on every machine; different ones are unrelated.
    Source: the first 4 bytes of sha256 over the arguments, so no global state and no salt.
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
