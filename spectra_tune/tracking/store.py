"""Where MLflow keeps its records, and whether it can be reached. Nothing here writes."""

import logging
import os
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from spectra_tune.design import InvalidStudy

PATIENCE_S = 5
"""For a tracking server's first answer."""

DATABASES = ("postgresql", "mysql", "mssql")


def default_tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else mlflow.db in the working directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlflow.db').absolute()}"


def absolute_tracking_uri(uri: str) -> str:
    """The same store from any working directory: a trial has one of its own."""
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        return f"sqlite:///{Path(uri.removeprefix('sqlite:///')).absolute()}"
    return uri.rstrip("/")


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite store."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def check_reachable(uri: str) -> None:
    """Refuses a store that cannot be used: said within seconds, and before anything is made."""
    scheme = urllib.parse.urlsplit(uri).scheme
    if scheme in ("http", "https"):
        _check_server(uri)
    elif scheme == "sqlite":
        _check_file(uri)
    elif scheme.partition("+")[0] not in DATABASES:
        raise InvalidStudy(
            f"a tracking URI must begin with sqlite:///, http://, https:// or {', '.join(DATABASES)}, got {uri!r}"
        )


def _check_server(uri: str) -> None:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=PATIENCE_S) as answer:
            answer.read(64)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InvalidStudy(f"an MLflow server must answer at {uri}, got: {reason}; start it or mend the URI") from None


def _check_file(uri: str) -> None:
    file = sqlite_file(uri)
    if file is None or not str(file):
        raise InvalidStudy(f"a SQLite store needs a file: sqlite:///mlflow.db, got {uri!r}")
    if not file.exists():
        if not file.parent.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
            raise InvalidStudy(f"the folder of the MLflow store must exist and be writable, got {file.parent}")
        return
    if not os.access(file, os.W_OK):
        raise InvalidStudy(f"the MLflow store must be writable, got {file}")
    try:
        connection = sqlite3.connect(f"file:{urllib.parse.quote(str(file))}?mode=ro", uri=True)
        try:
            names = {row[0] for row in connection.execute("select name from sqlite_master")}
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise InvalidStudy(f"the MLflow store must be a SQLite file, got {file}: {error}") from None
    if names and "experiments" not in names:
        raise InvalidStudy(f"the MLflow store must be MLflow's, got {file} with other tables in it: use another file")


def client_of(uri: str):
    """MLflow's client on a store, quiet, and without any global state of MLflow's."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)
