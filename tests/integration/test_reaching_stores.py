"""A store that cannot be used is refused within seconds, in one line."""

import http.server
import socket
import sqlite3
import threading
import time
from contextlib import contextmanager

import pytest

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.tracking import store as store_of

pytestmark = pytest.mark.integration


def test_a_server_that_never_ends_its_answer_is_refused_in_time(monkeypatch):
    monkeypatch.setattr(store_of, "PATIENCE_S", 0.2)

    def drip(server):
        """A byte at a time: no single wait is long."""
        connection, _ = server.accept()
        with connection:
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"." * 10:
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        begin = time.monotonic()
        with pytest.raises(InvalidStudy, match="must answer at"):
            tracking.check_reachable(f"http://127.0.0.1:{server.getsockname()[1]}")
        assert time.monotonic() - begin < 2
        dripping.join()


@contextmanager
def half_alive(records: bytes | None):
    """A server that says it is healthy, and of records what is given, or nothing for ever; its address."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/health":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\nOK")
            elif records is None:
                ended.wait(10)
            else:
                self.wfile.write(b"HTTP/1.0 " + records + b"\r\n\r\n{}")

        def log_message(self, *said):
            pass

    ended = threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            ended.set()
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("records", "says"),
    [(None, "timed out"), (b"500 Internal Server Error", "HTTP Error 500"), (b"404 Not Found", None)],
)
def test_a_server_that_lives_without_its_records_is_refused_in_time(monkeypatch, records, says):
    monkeypatch.setattr(store_of, "PATIENCE_WITH_RECORDS_S", 0.5)
    begin = time.monotonic()
    with half_alive(records) as uri:
        if says is None:
            tracking.check_reachable(uri)
        else:
            with pytest.raises(InvalidStudy, match=f"an MLflow server must answer at {uri}, got: .*{says}.*; start it"):
                tracking.check_reachable(uri)
    assert time.monotonic() - begin < 5


def test_a_database_that_does_not_answer_is_refused_in_time(monkeypatch, tmp_path):
    pytest.importorskip("psycopg")
    monkeypatch.setattr(store_of, "PATIENCE_WITH_RECORDS_S", 0.5)
    begin = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port, says in ((9, "refused"), (silent.getsockname()[1], "nothing within 0.5 s")):
            uri = f"postgresql://someone:planted@127.0.0.1:{port}/studies"
            with pytest.raises(InvalidStudy, match=f"must answer at .*, got: .*{says}.*; start it") as refused:
                tracking.check_reachable(uri)
            assert "\n" not in str(refused.value)
    assert time.monotonic() - begin < 10


def test_a_file_that_another_process_holds_is_refused(tmp_path):
    holder = sqlite3.connect(tmp_path / "mlflow.db")
    holder.execute("create table experiments (x)")
    holder.execute("begin exclusive")
    try:
        with pytest.raises(
            InvalidStudy, match=r"must be free to be read, .* is not: database is locked; end what holds"
        ):
            tracking.check_reachable(f"sqlite:///{tmp_path / 'mlflow.db'}")
    finally:
        holder.close()


def test_what_a_lost_server_gives_is_one_short_line_with_its_address(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(tracking.StoreLost) as lost:
        tracking.find_execution("recorded", "http://127.0.0.1:9")
    assert str(lost.value) == (
        "the MLflow store must take and give records, got: no answer from http://127.0.0.1:9 (Connection refused)"
    )


def test_a_store_that_cannot_be_used_is_refused_at_once(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to be read as one" * 20)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("create table something (x)")
    connection.close()
    begin = time.monotonic()
    for uri, says in (
        ("http://127.0.0.1:9", "must answer at"),
        ("http://127.0.0.1:none", "must answer at"),
        ("ftp://somewhere", "must begin with"),
        (f"sqlite:///{tmp_path}/absent/mlflow.db", "must exist and be writable"),
        (f"sqlite:///{text}", "must be a SQLite file"),
        (f"sqlite:///{other}", "must be MLflow's"),
    ):
        with pytest.raises(InvalidStudy, match=says) as refused:
            tracking.check_reachable(uri)
        assert "\n" not in str(refused.value)
    assert time.monotonic() - begin < 10
