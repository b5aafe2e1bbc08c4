"""A lock is held by one living process, and by nobody once that is gone."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest

from spectra_tune import lock
from spectra_tune.errors import InvalidStudy
from spectra_tune.launching.storage_file import LOCK, StorageFile
from spectra_tune.lock import BEAT_S, STALE_S, Holder, Lock, check_free

HOLDS = """
import sys
from spectra_tune.lock import Holder
print(Holder.this_process().text, flush=True)
sys.stdin.read()
"""

ELSEWHERE = {"host": "elsewhere", "machine": "elsewhere"}


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """A lock's place: with an exclusive create, and without."""
    if request.param == "folder":
        return StorageFile(str(tmp_path / "results" / "mine"), LOCK)
    return StorageFile(f"memory://{tmp_path.name}/mine", LOCK)


def never(line):
    pytest.fail(line)


def left(place, **changes):
    """A lock that another process left."""
    place.create(replace(Holder.this_process(), **changes).text)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(lock, "BEAT_S", 0.05)
    monkeypatch.setattr(lock, "SETTLE_S", 0.05)


def test_a_second_holder_is_refused_and_told_who_holds_it(place):
    with Lock("mine", never) as first:
        assert first.take(place, take_over=False) is None
        before = place.read()
        for take_over in (False, True):
            with Lock("mine", never) as second, pytest.raises(InvalidStudy) as refused:
                second.take(place, take_over=take_over)
            assert f"study 'mine' is being run by process {os.getpid()} on " in str(refused.value)
            assert " UTC: wait for it, or end it there" in str(refused.value)
        assert place.read() == before, "a refused one neither writes nor removes"
    assert place.read() is None


def test_an_error_releases_it_and_what_was_made_for_it_is_gone(tmp_path):
    place = StorageFile(str(tmp_path / "results" / "mine"), LOCK)
    with suppress(KeyboardInterrupt), Lock("mine", never) as held:
        held.take(place, take_over=False)
        assert place.read() is not None
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_a_lock_that_only_a_resume_takes_over(place, tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        place.create(process.stdout.readline().decode())
        with pytest.raises(InvalidStudy, match=f"is being run by process {process.pid} on "):
            check_free("mine", place)
        process.kill()
        process.wait()
    with Lock("mine", never) as held:
        with pytest.raises(InvalidStudy, match=f"by process {process.pid} on .*, which is gone: add --resume"):
            held.take(place, take_over=False)
        assert held.take(place, take_over=True).process == process.pid
        held.confirm()
    assert place.read() is None


def test_a_process_number_that_is_used_again_is_another_process(place):
    left(place, born="long ago")
    assert check_free("mine", place).process == os.getpid()


def test_a_process_out_of_sight_is_gone_when_its_heartbeat_is_stale(place):
    left(place, **ELSEWHERE, beat=time.time() - STALE_S / 2)
    with pytest.raises(InvalidStudy, match=r"on elsewhere since .*, last heard of 60 s ago; 120 s after that --resume"):
        check_free("mine", place)
    place.write(replace(Holder.this_process(), **ELSEWHERE, beat=time.time() - STALE_S - 60).text)
    with Lock("mine", never) as held:
        with pytest.raises(InvalidStudy, match="which gave no sign of life for 180 s: add --resume"):
            held.take(place, take_over=False)
        assert held.take(place, take_over=True).host == "elsewhere"
    assert STALE_S > 4 * BEAT_S, "a slow store is no dead process"


def test_a_living_process_in_sight_holds_it_however_long_it_slept(place):
    left(place, beat=time.time() - 10 * STALE_S)
    with pytest.raises(InvalidStudy, match="is being run by"):
        check_free("mine", place)


def test_a_lock_that_lies_where_nobody_answered_is_not_a_living_process_s(place, monkeypatch):
    def away(_):
        raise OSError("the store is away")

    with Lock("mine", never) as held:
        held.take(place, take_over=False)
        monkeypatch.setattr(StorageFile, "remove", away)
    assert Holder.of(place.read()).process == os.getpid()
    assert check_free("mine", place).process == os.getpid()


def test_half_a_lock_is_taken_over_only_by_a_resume(place, quick):
    place.create("")
    with Lock("mine", never) as held:
        with pytest.raises(InvalidStudy, match="killed as it began: add --resume"):
            held.take(place, take_over=False)
        held.take(place, take_over=True)
        held.confirm()


def test_a_heartbeat_goes_on_and_the_lock_keeps_its_holder(place, quick):
    with Lock("mine", never) as held:
        held.take(place, take_over=False)
        first = Holder.of(place.read())
        end = time.monotonic() + 5
        while Holder.of(place.read()).beat == first.beat and time.monotonic() < end:
            time.sleep(0.02)
        assert Holder.of(place.read()).beat > first.beat
        assert Holder.of(place.read()).token == first.token


def test_a_holder_that_slept_through_a_take_over_hears_of_it_and_leaves_the_lock(place, quick):
    heard = []
    with Lock("mine", heard.append) as held:
        held.take(place, take_over=False)
        place.write(replace(Holder.this_process(), **ELSEWHERE).text)
        end = time.monotonic() + 5
        while not heard and time.monotonic() < end:
            time.sleep(0.02)
    assert "no longer this process's, but process" in heard[0]
    assert json.loads(place.read())["host"] == "elsewhere"


def test_of_two_that_take_over_at_once_one_goes_on(place, monkeypatch):
    monkeypatch.setattr(lock, "SETTLE_S", 0.05)  # beats stay slow: a file in memory is read half written
    left(place, born="long ago")
    before = place.read()
    with Lock("mine", lambda line: None) as one, Lock("mine", lambda line: None) as other:
        assert one.take(place, take_over=True)
        place.write(before)  # what the other one has seen
        assert other.take(place, take_over=True)
        other.confirm()
        with pytest.raises(InvalidStudy, match="is being run by"):
            one.confirm()


def test_of_many_that_create_at_once_in_a_folder_one_succeeds(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for study in range(20):
            folder, start = str(tmp_path / f"{study}"), Barrier(8)

            def created(_, folder=folder, start=start):
                one = StorageFile(folder, LOCK)
                start.wait()
                return one.create("x")

            assert sum(pool.map(created, range(8))) == 1
