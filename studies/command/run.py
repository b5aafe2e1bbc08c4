"""One execution of a study, from its plan to its verdicts: where blocks, tracking and analysis meet."""

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from analysis.judging.contrasts import judge_study
from spectra_tune import tracking
from spectra_tune.design import Block, InvalidStudy
from studies.command import catalogue, places, plan, recording, search
from studies.command.block_names import block_names
from studies.command.console import say, to_reader
from studies.command.interrupts import INTERRUPTED, next_at_once, second_at_once, sigterm_interrupts
from studies.command.live_effect import Largest
from studies.command.pasted import option, verb_on
from studies.command.progress import BarOf, Display, bar_in_terminal
from studies.command.rehearsal import rehearse_own
from studies.command.terminal import conclude
from studies.command.unchanged import check_same_software, check_unchanged

if TYPE_CHECKING:
    from spectra_tune import launching
    from spectra_tune.lock import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStudy:
    """A study that is run: where its records and checkpoints lie, and who is told of it."""

    console: Console  # of failures and warnings
    verdicts: Console  # of what came out; silent in a notebook, whose result shows itself
    talk: Console  # of what is said on the way; silent with --quiet
    bar: BarOf  # of the blocks that are done
    named: catalogue.Named
    uri: str
    place: str
    address: str | None
    recorded: tracking.Execution | None

    @property
    def begun(self) -> bool:
        return self.recorded is not None

    @property
    def again(self) -> str:
        """What continues it."""
        return verb_on(self.named, "run", "--resume", uri=self.uri, place=self.place, address=self.address)


def run(
    name: str,
    *,
    smoke: bool,
    resume: bool,
    quiet: bool,
    accept_changes: bool,
    address: str | None,
    storage: str | None,
    tracking_uri: str | None,
) -> int:
    """Trains a study (or continues it, or shows its verdicts if it is done); returns the exit code."""
    named = catalogue.load(name, smoke=smoke)
    uri, place = places.store(tracking_uri), places.storage(storage)
    here = RunningStudy(
        console=to_reader(),
        verdicts=to_reader(),
        talk=to_reader(quiet=quiet),
        bar=bar_in_terminal,
        named=named,
        uri=uri,
        place=place,
        address=address,
        recorded=tracking.find_execution(named.name, uri),
    )
    return carry_out(here, resume=resume, accept_changes=accept_changes)


def carry_out(here: RunningStudy, *, resume: bool, accept_changes: bool) -> int:
    """The same with a study that is loaded."""
    named, uri, place, recorded = here.named, here.uri, here.place, here.recorded
    if recorded is not None and not resume:
        if not recorded.finished:
            from studies.command.locking import check_nobody_runs

            check_nobody_runs(named, recorded, uri, place)
        add = option(named, "--resume")
        raise InvalidStudy(
            f"study {named.name!r} exists in {uri}, add {add} to continue it or see its verdicts: {here.again}"
        )
    check_unchanged(named, recorded, uri)
    if recorded is not None and recorded.finished:
        runs = tracking.read_tables(named.name, uri).runs
        conclude(here.verdicts, named, judge_study(named.study, runs), uri)
        return 0
    if recorded is not None and not accept_changes:
        check_same_software(named, recorded)
    rehearse_own(named.study)
    from studies.command.locking import locked  # loads ray and torch: not needed to show a finished study

    with locked(here.talk, named, recorded, uri, place, take_over=resume) as lock:
        return _locked(here, lock)


def _locked(here: RunningStudy, lock: "Lock") -> int:
    """Joins or starts Ray, and trains."""
    from spectra_tune import launching
    from spectra_tune.engine import kernel_is_to_be_compiled, needs_kernel
    from spectra_tune.launching.block_store import within
    from studies.command.beginnings import check_begun_here

    named, place = here.named, here.place
    left = [name for name in (named.name, f"{named.name}-search") if launching.can_resume(name, place)]
    if left:
        check_begun_here(named, here.recorded, here.uri, place, left[0])
    # MLflow takes seconds to load, in which Ray's processes start.
    threading.Thread(target=tracking.load, daemon=True).start()
    launching.connect(here.address)
    if here.address or os.environ.get("RAY_ADDRESS"):
        launching.check_nodes()
    launching.check_device(named.study.conditions)
    launching.check_gpus(within(place, one) for one in left)
    say(here.talk, f"{plan.text(named.name, named.study)}\n")
    if needs_kernel(named.study) and kernel_is_to_be_compiled():
        say(here.talk, "the kernel that trains perceptrons is compiled, once on this machine: about 20 s\n")
    lock.confirm()
    head = launching.Head(here.address or os.environ.get("RAY_ADDRESS"))
    try:
        with sigterm_interrupts():  # as a preempted machine gets it: Tune stops, saves, and the study can be resumed
            return _train(here, lock, head)
    except tracking.StoreLost as error:  # begun, and perhaps full in the middle: not the command's fault
        say(here.console, f"stopped: {error}; once that is mended: {here.again}")
        return 1


def _train(here: RunningStudy, lock: "Lock", head: "launching.Head") -> int:
    """Trains what is not yet trained, judges it and records it."""
    from spectra_tune import launching
    from spectra_tune.launching.block_store import within
    from studies.command.lost_cluster import end_without_cluster

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
    code = recording.finish(here.console, here.verdicts, named, tracker, tables, uri, place, lost=trained.lost)
    if trained.lost:
        say(here.console, f"the machine failed {len(trained.lost)} blocks; try them again with: {resume}")
    return 1 if trained.failures else code


@second_at_once()
def _trained(here: RunningStudy, tracker: tracking.Tracker, blocks: dict[str, Block]) -> "launching.Trained":
    """The blocks' tables; what they report is shown and recorded as it comes."""
    from spectra_tune import launching

    named = here.named
    runs_by_block = {name: len(block.arms) * len(block.seeds) for name, block in blocks.items()}
    largest = Largest(named.study)
    with Display(here.talk, here.bar, runs_by_block) as display:

        def on_progress(progress: launching.Progress) -> None:
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
