"""Credentials in addresses: masked in whatever is shown or recorded."""

import re

_NAMES = "password|passwd|pwd|secret|token|key|credential|signature"

_IN_QUERY = re.compile(rf"([?&;][\w.-]*(?:{_NAMES})[\w.-]*=)[^&;#\s]+", re.IGNORECASE)

_BEFORE_HOST = re.compile(r"://(\S*)@")


def without_secrets(text: str) -> str:
    """The text with the credentials in its addresses masked: names and passwords before a host, values in a query.

    A password may hold an unescaped @, / or quote, as libraries take it: what lies before the last @ of an address goes
    where it begins like credentials. So of http://me:word@host/a@b the host goes too: rather that than half a password.
    """
    return _IN_QUERY.sub(r"\1***", _BEFORE_HOST.sub(lambda found: "://***@" if _names(found[1]) else found[0], text))


def without_user(uri: str) -> str:
    """The address alone, as a browser wants it."""
    return _BEFORE_HOST.sub(lambda found: "://" if _names(found[1]) else found[0], uri)


def _names(before: str) -> bool:
    """Whether what lies before the last @ of an address names somebody; else that @ is one of the path."""
    host, slash, _ = before.partition("/")
    _, colon, port = host.partition(":")
    return not slash or "@" in host or (bool(colon) and not port.isdigit())
