"""Small texts among the artifacts of many MLflow runs."""

import urllib.parse
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 8
"""Texts that are on their way at the same moment to where artifacts are not files of this machine."""


def place_texts(client, name: str, texts: Mapping[tuple[str, str], str]) -> None:
    """texts: by (run_id, artifact_uri). What lies there under this name is replaced.

    A folder of this machine is written as it is: MLflow's client would look each MLflow run up again.
    """
    elsewhere = {}
    for (run_id, artifact_uri), text in texts.items():
        folder = _local(artifact_uri)
        if folder is None:
            elsewhere[run_id] = text
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda run_id: client.log_text(run_id, elsewhere[run_id], name), elsewhere))


def _local(artifact_uri: str) -> Path | None:
    """The folder of a file: address; None for any other."""
    parts = urllib.parse.urlsplit(artifact_uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(urllib.request.url2pathname(parts.path))
