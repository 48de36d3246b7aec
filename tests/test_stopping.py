"""The first signal stops a sweep after its batch, the second at once; afterwards all is as it was."""

import os
import signal
from threading import Thread

import pytest

from main.models import ExpirationRun, ReferralCode
from main.sweep.errors import Interrupted, SweepFailed
from main.sweep.run import sweep
from main.sweep.stopping import stop_between_batches
from tests.conftest import NOW, make_code

SHELL = ExpirationRun.StartedBy.SHELL


def send(number):
    os.kill(os.getpid(), number)


def test_without_a_signal_nothing_is_stopped():
    with stop_between_batches() as stop_if_asked:
        stop_if_asked()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_until_it_is_asked_for(number):
    with stop_between_batches() as stop_if_asked:
        send(number)
        with pytest.raises(Interrupted, match=rf"^Stopped by {number.name} after the current batch\.$"):
            stop_if_asked()


def test_the_second_ctrl_c_acts_at_once():
    with pytest.raises(KeyboardInterrupt), stop_between_batches():
        send(signal.SIGINT)
        send(signal.SIGINT)


def test_afterwards_the_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_between_batches():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_between_batches() as stop_if_asked:
            send(signal.SIGINT)
            stop_if_asked()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_a_thread_a_sweep_is_not_stopped_by_signals():
    results = []

    def work():
        with stop_between_batches() as stop_if_asked:
            stop_if_asked()
            results.append("done")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert results == ["done"]


@pytest.fixture
def two_overdue(db, clock):
    make_code("A-1", expires_at=NOW)
    make_code("B-1", expires_at=NOW)


@pytest.mark.parametrize(
    ("error", "raised", "told"),
    [
        (Interrupted("Stopped by SIGTERM."), SweepFailed, "Stopped by SIGTERM."),
        (KeyboardInterrupt(), KeyboardInterrupt, "Stopped by KeyboardInterrupt."),
        (SystemExit(1), SystemExit, "Stopped by SystemExit."),
    ],
)
def test_the_ledger_tells_that_it_was_interrupted_and_what_stands(two_overdue, error, raised, told):
    def stop(size):
        raise error

    with pytest.raises(raised):
        sweep(SHELL, batch_size=1, on_batch=stop)
    run = ExpirationRun.objects.get()
    assert (run.state, run.error, run.expired_count) == ("interrupted", told, 1)
    assert ReferralCode.objects.filter(status="inactive").count() == 1
