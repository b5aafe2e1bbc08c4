"""A head is gone when nothing takes a connection for long; a busy one, or trouble of this process, is not that."""

import errno
import socket
import threading
import time

import pytest

from spectra_tune.cluster import head as heads
from spectra_tune.cluster.head import Head
from tests.tools.servers import free_port


@pytest.fixture
def hurried(monkeypatch):
    """A watch that asks often and waits shortly."""
    monkeypatch.setattr(heads, "POLL_S", 0.05)
    monkeypatch.setattr(heads, "SILENCE_S", 0.3)


@pytest.fixture
def listening():
    """A socket that never accepts, as a process that is stopped or starved."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address(server):
    return "{}:{}".format(*server.getsockname())


def test_a_head_too_busy_to_accept_is_not_gone(hurried, listening):
    gone = threading.Event()
    with Head(address(listening)).watched(gone.set):
        assert not gone.wait(1.0)


def test_a_head_that_goes_away_is_noticed_once_it_has_been_silent(hurried, listening):
    gone, head = threading.Event(), Head(f"ray://{address(listening)}")
    assert head.name == f"the cluster at {address(listening)}"
    with head.watched(gone.set):
        assert not gone.wait(0.3)
        listening.close()
        closed = time.monotonic()
        assert gone.wait(5)
        assert time.monotonic() - closed > 0.25, "one question without an answer is no silence"


def test_a_head_is_watched_no_longer_than_asked(hurried):
    gone = threading.Event()
    with Head(f"127.0.0.1:{free_port()}").watched(gone.set):
        pass
    assert not gone.wait(0.6)


def test_trouble_of_this_process_says_nothing_about_the_head(monkeypatch):
    def failing(number):
        def connect(*_, **__):
            raise OSError(number, "told by the kernel")

        return connect

    head = Head(f"127.0.0.1:{free_port()}")
    assert not head.answers()
    monkeypatch.setattr(socket, "create_connection", failing(errno.EMFILE))
    assert head.answers()
    monkeypatch.setattr(socket, "create_connection", failing(errno.EHOSTUNREACH))
    assert not head.answers()


def test_an_error_that_comes_with_a_head_that_is_gone_is_told_as_that(listening):
    told = []
    for place, gone in ((address(listening), []), (f"127.0.0.1:{free_port()}", ["gone"])):
        told.clear()
        with pytest.raises(RuntimeError), Head(place).watched(lambda: told.append("gone")):
            raise RuntimeError("a trial cannot be reached")
        assert told == gone
