"""Where MLflow keeps its records, and whether it can be reached. Nothing here writes."""

import fcntl
import functools
import http.client
import importlib
import logging
import os
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from spectra_tune.credentials import without_secrets, without_user
from spectra_tune.design import InvalidStudy

PATIENCE_S = 5
"""For a tracking server's first answer; names are looked up and answers dripped in no more than that, too."""

PATIENCE_WITH_RECORDS_S = 15
"""For a server's or a database's first answer about records: MLflow itself would try for minutes."""

LONGEST_REASON = 200
"""Characters."""

P = ParamSpec("P")
R = TypeVar("R")

DATABASES = ("postgresql", "mysql", "mssql")

FIRST_RECORD = "api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"

NOTHING, SERVER_ERRORS = "nothing within", ("HTTP Error 5", "timed out")
"""How answers begin that are none."""


def default_tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else mlflow.db in the working directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlflow.db').absolute()}"


def absolute_tracking_uri(uri: str) -> str:
    """The same store from any working directory: a trial has one of its own."""
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        return f"sqlite:///{Path(uri.removeprefix('sqlite:///')).absolute()}"
    return uri.rstrip("/")


def load() -> None:
    """Loads MLflow and nothing else, to have it ready."""
    importlib.import_module("mlflow")


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
    elif scheme.partition("+")[0] in DATABASES:
        _check_database(uri)
    else:
        raise InvalidStudy(
            f"a tracking URI must begin with sqlite:///, http://, https:// or {', '.join(DATABASES)}, got {uri!r}"
        )


def _check_server(uri: str) -> None:
    """Asks whether it is one, and then for a record that every store has: a server may live whose database does not."""

    def asked(path: str, patience_s: float) -> str:
        try:
            with urllib.request.urlopen(f"{without_user(uri)}/{path}", timeout=patience_s) as answer:
                return answer.read(64).decode(errors="replace").strip()
        except urllib.error.HTTPError as error:
            return "OK" if error.code == http.HTTPStatus.UNAUTHORIZED else str(error)  # credentials come later
        except (OSError, ValueError, http.client.HTTPException) as error:
            return str(getattr(error, "reason", None) or error)

    answer = _in_time(lambda: asked("health", PATIENCE_S), PATIENCE_S)
    if answer == "OK":
        said = _in_time(lambda: asked(FIRST_RECORD, PATIENCE_WITH_RECORDS_S), PATIENCE_WITH_RECORDS_S)
        answer = said if said.startswith((*SERVER_ERRORS, NOTHING)) else answer
    if answer != "OK":
        raise InvalidStudy(f"an MLflow server must answer at {uri}, got: {answer}; start it or mend the URI")


def _check_database(uri: str) -> None:
    """Connects once: MLflow would try ten times, silently, for a minute and a half."""
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    def asked() -> str:
        try:
            engine = sqlalchemy.create_engine(uri)
            engine.connect().close()
            engine.dispose()
        except (SQLAlchemyError, ImportError, OSError) as error:
            return str(error).partition("(Background on")[0]
        return "OK"

    answer = _in_time(asked, PATIENCE_WITH_RECORDS_S)
    if answer != "OK":
        raise InvalidStudy(
            f"the database of the MLflow store must answer at {uri}, got: {answer}; start it or mend the URI"
        )


def _in_time(ask: Callable[[], str], patience_s: float) -> str:
    """The answer in one line, or that there was none: no single wait in it need be long."""
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
    asking.start()
    asking.join(patience_s + 1)
    return " ".join(answers[0].split()) if answers else f"{NOTHING} {patience_s:g} s"


def _check_file(uri: str) -> None:
    file = sqlite_file(uri)
    if file is None or not str(file):
        raise InvalidStudy(f"a SQLite store needs a file: sqlite:///mlflow.db, got {uri!r}")
    if not file.exists():
        if not file.parent.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
            raise InvalidStudy(f"the folder of the MLflow store must exist and be writable, got {file.parent}")
        return
    for place in (file, file.parent):  # SQLite writes its journal beside its file
        if not os.access(place, os.W_OK):
            raise InvalidStudy(f"the MLflow store and its folder must be writable, {place} is not")
    names = _tables(file)
    if names and "experiments" not in names:
        raise InvalidStudy(f"the MLflow store must be MLflow's, got {file} with other tables in it: use another file")


def is_made(uri: str) -> bool:
    """Whether the store is there: MLflow would make a SQLite store by looking into it."""
    file = sqlite_file(uri)
    return file is None or (file.exists() and "experiments" in _tables(file))


@contextmanager
def made_alone(uri: str) -> Iterator[None]:
    """While this lasts, no other process of this machine makes the store: of two that do, MLflow leaves half a one."""
    file = sqlite_file(uri)
    if file is None or is_made(uri):
        yield
        return
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _tables(file: Path) -> set[str]:
    """Names of a SQLite file's tables."""
    import sqlalchemy
    from sqlalchemy.exc import DatabaseError, OperationalError

    engine = sqlalchemy.create_engine(f"sqlite:///file:{urllib.parse.quote(str(file))}?mode=ro&uri=true")
    try:
        return set(sqlalchemy.inspect(engine).get_table_names())
    except OperationalError as error:
        raise InvalidStudy(
            f"the MLflow store must be free to be read, {file} is not: {error.orig}; end what holds it"
        ) from None
    except DatabaseError as error:
        raise InvalidStudy(f"the MLflow store must be a SQLite file, got {file}: {error.orig}") from None
    finally:
        engine.dispose()


def client_of(uri: str):
    """MLflow's client on a store, quiet, and without any global state of MLflow's but its logging."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # a traceback of what `in_one_line` says
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # every retry; what comes of them is said
    return MlflowClient(tracking_uri=uri)


def _of_another_mlflow(revision: str) -> str:
    """What to do about a store whose schema is not this MLflow's."""
    import mlflow

    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions"
    older = any(migrations.glob(f"{revision}_*.py"))
    advice = (
        "make a copy of it, then: mlflow db upgrade URI, and run again"
        if older
        else "use the MLflow that wrote it, or another --tracking-uri"
    )
    return (
        f"the MLflow store must have the schema of MLflow {mlflow.__version__}, it has "
        f"{'an older' if older else 'another, newer'} one ({revision}), and is left as it is: {advice}"
    )


def _reason(error: Exception) -> str:
    """Why a store did not do what it was asked for, without the request and what libraries say around it."""
    said = without_secrets(" ".join(re.split(r"\[SQL:|\(Background on", str(error))[0].split()))
    request = re.match(r"API request to (\w+://[^/ ]+)\S* failed", said)
    if request is not None:
        why = re.search(r"(?:Errno -?\d+\] |Caused by \w+\()([^()'\"]+)", said)
        return f"no answer from {request[1]}" + (f" ({why[1].strip()})" if why else "")
    said = said.partition("(raised as a result of Query-invoked autoflush")[2].partition(") ")[2] or said
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]}…"


class StoreLost(InvalidStudy):
    """The store does not take or give records: it may again later."""


def in_one_line(function: Callable[P, R]) -> Callable[P, R]:
    """The function with what MLflow's store raises (gone, locked, full, of another version) as one short line."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError  # where MlflowException does not wrap it: while tables are made

        try:
            return function(*args, **kwargs)
        except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
            other = re.search(r"database schema \(found version (\w+), but expected", str(error))
            if other is not None:
                raise InvalidStudy(_of_another_mlflow(other[1])) from error
            raise StoreLost(f"the MLflow store must take and give records, got: {_reason(error)}") from error

    return wrapped
