"""SIGTERM interrupts a command while it lasts, and nothing after it."""

import signal

import pytest

from spectra_tune import cluster
from studies.command import run
from studies.command.interrupts import sigterm_interrupts


@pytest.fixture
def kept_signals():
    """Puts back what SIGINT and SIGTERM did before the test."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("of_sigint", [signal.default_int_handler, signal.SIG_IGN], ids=["ctrl-c", "ignored"])
def test_sigterm_interrupts_and_afterwards_does_what_it_did_before(kept_signals, of_sigint):
    signal.signal(signal.SIGINT, of_sigint)
    seen = []
    signal.signal(signal.SIGTERM, lambda *_: seen.append("before"))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_interrupts():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
    signal.raise_signal(signal.SIGTERM)
    assert seen == ["before"]
    with sigterm_interrupts():
        pass
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_does_what_sigint_does_at_that_moment(kept_signals):
    seen = []
    with sigterm_interrupts():
        signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
        signal.raise_signal(signal.SIGTERM)
    assert seen == [signal.SIGINT]


def test_from_the_cluster_s_answer_on_sigterm_interrupts_a_run(kept_signals, monkeypatch):
    """Also while modules still load: Ray's own handler, there once it is connected, would end the process."""
    of_ray = []

    def connect(address):
        signal.signal(signal.SIGTERM, lambda *_: of_ray.append(address))

    monkeypatch.setattr(cluster, "connect", connect)
    monkeypatch.setattr(cluster, "check_nodes", lambda: signal.raise_signal(signal.SIGTERM))
    connected = run._connected("127.0.0.1:6379")
    with pytest.raises(KeyboardInterrupt):
        connected.__enter__()
    assert not of_ray
