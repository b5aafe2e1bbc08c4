"""What trains a study on a cluster: where blocks, tracking and analysis meet. Loading it takes seconds."""

import os
import threading
from importlib import import_module

from spectra_tune import launching, tracking
from spectra_tune.cluster import Head
from spectra_tune.design import Block
from spectra_tune.engine import kernel_is_to_be_compiled, needs_kernel
from spectra_tune.launching.block_store import within
from spectra_tune.lock import Lock
from studies.command import plan, recording, search
from studies.command.beginnings import check_begun_here
from studies.command.block_names import block_names
from studies.command.console import say, to_reader
from studies.command.interrupts import INTERRUPTED, next_at_once, second_at_once
from studies.command.live_effect import Largest
from studies.command.locking import locked
from studies.command.lost_cluster import end_without_cluster
from studies.command.progress import Display
from studies.command.running_study import RunningStudy

FINISHING = "studies.command.finishing"
"""Loads what judges and draws: neither before there is something to train, nor, from whatever lies there by then, only
when all has trained."""


def trained(here: RunningStudy, *, resume: bool) -> int:
    """Trains a study on the cluster that is joined, judges and records it; returns the exit code."""
    with locked(here.talk, here.named, here.recorded, here.uri, here.place, take_over=resume) as lock:
        return _locked(here, lock)


def _locked(here: RunningStudy, lock: Lock) -> int:
    """The same, with nobody else at it."""
    named, place = here.named, here.place
    left = [name for name in (named.name, f"{named.name}-search") if launching.can_resume(name, place)]
    if left:
        check_begun_here(named, here.recorded, here.uri, place, left[0])
    launching.check_device(named.study.conditions)
    launching.check_gpus(within(place, one) for one in left)
    say(here.talk, f"{plan.text(named.name, named.study)}\n")
    if needs_kernel(named.study) and kernel_is_to_be_compiled():
        say(here.talk, "the kernel that trains perceptrons is compiled, once on this machine: about 20 s\n")
    lock.confirm()
    head = Head(here.address or os.environ.get("RAY_ADDRESS"))
    try:
        return _train(here, lock, head)
    except tracking.StoreLost as error:  # begun, and perhaps full in the middle: not the command's fault
        say(here.console, f"stopped: {error}; once that is mended: {here.again}")
        return 1


def _train(here: RunningStudy, lock: Lock, head: Head) -> int:
    """Trains what is not yet trained, judges it and records it."""
    named, uri, place, begun, resume = here.named, here.uri, here.place, here.begun, here.again
    study = named.study
    tracker = recording.begin(named, uri, place, lock, begun=begun)
    searched, planned = None, {}

    def lost() -> None:
        above_the_bar = here.console if here.talk.quiet else here.talk
        end_without_cluster(above_the_bar, head, within(place, named.name), planned, resume, tracker, lock)

    try:
        with head.watched(lost):
            if study.search is not None:
                searched = search.search(here.talk, here.bar, named, tracker, place, begun=begun)
                if not searched.complete:
                    return _interrupted(tracker, resume)
            blocks = search.blocks_to_judge(study, searched)
            tracker.add(blocks)
            planned |= block_names(named, blocks)
            trained = _trained(here, tracker, planned)
    except KeyboardInterrupt:
        return _interrupted(tracker, resume)
    except launching.StorageDamaged as error:
        recording.stop(tracker, "FAILED")
        say(here.console, f"stopped: {error}: {resume}")
        return 1
    if not trained.complete:
        return _interrupted(tracker, resume)
    for block, reason in trained.failures.items():
        say(here.console, f"failed: {block}: {reason}")
    tables = search.with_search(study, trained.tables, searched)
    from studies.command import finishing  # loaded already, unless nothing had to train

    code = finishing.finish(here.console, here.verdicts, named, tracker, tables, uri, place, lost=trained.lost)
    if trained.lost:
        say(here.console, f"the machine failed {len(trained.lost)} blocks; try them again with: {resume}")
    return 1 if trained.failures else code


@second_at_once()
def _trained(here: RunningStudy, tracker: tracking.Tracker, blocks: dict[str, Block]) -> launching.Trained:
    """The blocks' tables; what they report is shown and recorded as it comes."""
    named = here.named
    runs_by_block = {name: len(block.arms) * len(block.seeds) for name, block in blocks.items()}
    largest = Largest(named.study)
    loading = threading.Thread(target=import_module, args=[FINISHING], daemon=True)
    with Display(here.talk, here.bar, runs_by_block) as display:

        def on_progress(progress: launching.Progress) -> None:
            if loading.ident is None:
                loading.start()
            if not progress.curves.empty:
                before = tracker.lost
                tracker.log_curves(progress.curves)
                if tracker.lost and not before:
                    display.say(f"WARNING: {tracker.lost}; training goes on, and what waits is written later")
            if progress.runs is not None:
                largest.add(progress.runs)
                display.note(largest.text)
            display.update(
                progress.block, progress.epoch, progress.epochs, finished=progress.finished, error=progress.error
            )

        return launching.run_blocks(
            named.name,
            blocks,
            storage=here.place,
            resume=here.begun,
            on_progress=on_progress,
            by_value=named.by_value,
        )


def _interrupted(tracker: tracking.Tracker, resume: str) -> int:
    next_at_once()
    recording.stop(tracker, "KILLED")
    say(to_reader(stderr=True), f"\ninterrupted; continue with: {resume}")
    return INTERRUPTED
