"""One execution of a study, from its plan to its verdicts: where blocks, tracking and analysis meet."""

import os
import shutil
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from analysis import report as reporting
from analysis.judging.contrasts import judge_study
from spectra_tune import tracking
from spectra_tune.design import Block, InvalidStudy, Study, condition_signature
from spectra_tune.launching.block_store import within
from spectra_tune.results import Tables
from studies.command import catalogue, plan, search
from studies.command.complexities import with_complexities
from studies.command.interrupts import INTERRUPTED, next_at_once, second_at_once
from studies.command.live_effect import Largest
from studies.command.mlflow_records import counts, for_children
from studies.command.progress import Display
from studies.command.terminal import base_url, conclude, say_verdicts

if TYPE_CHECKING:
    from spectra_tune import launching


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
    console, talk = Console(), Console(quiet=quiet)
    named = catalogue.load(name, smoke=smoke)
    uri = store(tracking_uri)
    place = _storage(storage)
    recorded = tracking.find_execution(named.name, uri)
    if recorded is not None and not resume:
        raise InvalidStudy(f"study {named.name!r} exists in {uri}: add --resume to continue it or to see its verdicts")
    check_unchanged(named, recorded, uri)
    if recorded is not None and recorded.finished:
        runs = tracking.read_tables(named.name, uri).runs
        conclude(console, named, judge_study(named.study, runs), uri)
        return 0
    if recorded is not None and not accept_changes:
        _check_same_software(named, recorded)
    from spectra_tune import launching  # loads ray and torch: not needed to refuse or to show a finished study

    left = [name for name in (named.name, f"{named.name}-search") if launching.can_resume(name, place)]
    if recorded is None and left:
        raise InvalidStudy(
            f"{place}/{left[0]} holds checkpoints of a study of this name that {uri} does not know: "
            "remove that folder or use another --storage"
        )
    # MLflow takes seconds to load, in which Ray's processes start.
    threading.Thread(target=tracking.load, daemon=True).start()
    launching.connect(address)
    if address or os.environ.get("RAY_ADDRESS"):
        launching.check_nodes()
    launching.check_gpus(within(place, one) for one in left)
    launching.warm_up(len(named.study.conditions) * (1 if named.study.search is None else len(named.study.sides())))
    talk.print(plan.text(named.name, named.study), highlight=False, markup=False, soft_wrap=True)
    talk.print()
    try:
        return _train(console, talk, named, uri, place, begun=recorded is not None)
    except tracking.StoreLost as error:  # begun, and perhaps full in the middle: not the command's fault
        console.print(f"stopped: {error}", highlight=False, markup=False, soft_wrap=True)
        return 1


def _train(console: Console, talk: Console, named: catalogue.Named, uri: str, place: str, *, begun: bool) -> int:
    """Trains what is not yet trained, judges it and records it; `talk` shows how far it is."""
    from spectra_tune import launching

    study = named.study
    tracker = _tracker(named, uri, place)
    # A preempted machine's SIGTERM ends a study as Ctrl-C does: Tune stops, saves, and the study can be resumed.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    searched = None
    try:
        if study.search is not None:
            searched = search.search(talk, named, tracker, place, begun=begun)
            if not searched.complete:
                return _interrupted(console, named, tracker)
        blocks = _confirmation(study, searched)
        tracker.add(blocks)
        trained = _trained(talk, named, tracker, place, block_names(blocks), begun=begun)
    except KeyboardInterrupt:
        return _interrupted(console, named, tracker)
    except launching.StorageDamaged as error:
        _stop(tracker, "FAILED")
        console.print(f"stopped: {error}", highlight=False, markup=False, soft_wrap=True)
        return 1
    if not trained.complete:
        return _interrupted(console, named, tracker)
    for block, reason in trained.failures.items():
        console.print(f"failed: {block}: {reason}", highlight=False, markup=False, soft_wrap=True)
    tables = search.with_search(study, trained.tables, searched)
    code = _record(console, named, tracker, tables, uri, place, lost=trained.lost)
    if trained.lost:
        again = f"spectra-tune run {_as_typed(named)} --resume"
        console.print(f"the machine failed {len(trained.lost)} blocks; try them again with: {again}", soft_wrap=True)
    return 1 if trained.failures else code


def _confirmation(study: Study, searched: "launching.Searched | None") -> tuple[Block, ...]:
    """The blocks that carry verdicts: of a searching study those of its candidates."""
    return study.blocks() if searched is None else search.confirmation_blocks(study, searched.runs)


@second_at_once()
def _trained(
    talk: Console,
    named: catalogue.Named,
    tracker: tracking.Tracker,
    place: str,
    blocks: dict[str, Block],
    *,
    begun: bool,
) -> "launching.Trained":
    """The blocks' tables; what they report is shown and recorded as it comes."""
    from spectra_tune import launching

    runs_by_block = {name: len(block.arms) * len(block.seeds) for name, block in blocks.items()}
    largest = Largest(named.study)
    with Display(talk, runs_by_block) as display:

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
            storage=place,
            resume=begun,
            on_progress=on_progress,
            by_value=[named.module] if named.of_user else [],
        )


def _interrupted(console: Console, named: catalogue.Named, tracker: tracking.Tracker) -> int:
    next_at_once()
    _stop(tracker, "KILLED")
    again = f"spectra-tune run {_as_typed(named)} --resume"
    console.print(f"\ninterrupted; continue with: {again}", highlight=False, soft_wrap=True)
    return INTERRUPTED


def sync(name: str, *, smoke: bool, storage: str | None, tracking_uri: str | None) -> int:
    """Judges and records what the storage holds of a study whose blocks have all ended; returns the exit code."""
    console = Console()
    named = catalogue.load(name, smoke=smoke)
    uri, place = store(tracking_uri), _storage(storage)
    recorded = tracking.find_execution(named.name, uri)
    check_unchanged(named, recorded, uri)
    if recorded is not None and recorded.finished:
        conclude(console, named, judge_study(named.study, tracking.read_tables(named.name, uri).runs), uri)
        return 0
    from spectra_tune import launching  # loads ray and torch

    if not launching.can_resume(named.name, place):
        raise InvalidStudy(
            f"{place}/{named.name} must hold the blocks of the study, it does not: spectra-tune run {name}"
        )
    study, searched = named.study, None
    if study.search is not None:
        searched = launching.searched_before(f"{named.name}-search", study, storage=place)
        if not searched.complete:
            raise InvalidStudy(f"the search must have ended, it has not: spectra-tune run {_as_typed(named)} --resume")
    blocks = _confirmation(study, searched)
    trained = launching.trained_before(named.name, block_names(blocks), storage=place)
    if not trained.complete or trained.lost:
        raise InvalidStudy(
            f"all blocks must have ended well, some have not: spectra-tune run {_as_typed(named)} --resume"
        )
    tracker = _tracker(named, uri, place)
    tracker.add(blocks)
    return _record(console, named, tracker, search.with_search(study, trained.tables, searched), uri, place)


def _tracker(named: catalogue.Named, uri: str, place: str) -> tracking.Tracker:
    """The study's record, begun or continued."""
    study = named.study
    return tracking.Tracker.begin(
        named.name,
        study,
        uri,
        labels=study.labels(),
        description=f"**{study.question}**\n\n```\n{plan.text(named.name, study)}\n```",
        parameters=plan.parameters(study),
        tags={"storage": tracking.without_secrets(place), "study": _as_typed(named)},
    )


def _stop(tracker: tracking.Tracker, status: str) -> None:
    """Ends the record of an incomplete study; a store that does not answer is left to --resume."""
    with suppress(tracking.StoreLost):
        tracker.stop(status)


def check_unchanged(named: catalogue.Named, recorded: tracking.Execution | None, uri: str) -> None:
    """Refuses a study whose declaration is not the recorded one."""
    if recorded is not None and recorded.study_signature != named.study.signature():
        raise InvalidStudy(
            f"study {named.name!r} has changed since it was recorded in {uri}: what it tests is fixed before its first "
            "run; undo the change, or give the new question a name of its own"
        )


def _check_same_software(named: catalogue.Named, recorded: tracking.Execution) -> None:
    """Refuses to continue a study with other packages or other code than it was begun with."""
    now = {key: tag for key, tag in tracking.provenance().items() if key.startswith("version.")}
    changed = [
        f"{key.removeprefix('version.')} {recorded.versions.get(key, 'unknown')} → {tag}"
        for key, tag in now.items()
        if recorded.versions.get(key) != tag
    ]
    if changed:
        raise InvalidStudy(
            f"study {named.name!r} must be continued with what it was begun with, changed are {', '.join(changed)}: "
            "undo that, or add --accept-changes; runs from before and after are then never compared with each other"
        )


def _record(
    console: Console,
    named: catalogue.Named,
    tracker: tracking.Tracker,
    tables: Tables,
    uri: str,
    place: str,
    lost: Sequence[str] = (),
) -> int:
    """Judges a study's tables, writes all into MLflow and prints the verdicts; returns the exit code.

    lost: blocks that may come out otherwise at another try: the record is then not a finished one.
    """
    study = named.study
    tables = with_complexities(study, tables)
    loose = int((~tables.runs["equal_bits"]).sum())
    if loose:
        console.print(
            f"WARNING: on this processor the bits of {loose} runs depend on what trained beside them; their verdicts "
            "stand, but another composition of the blocks would not repeat them to the bit",
            highlight=False,
            soft_wrap=True,
        )
    found = reporting.findings(named.name, study, tables, links=tracker.run_links(base_url(uri)))
    judged = found.judged
    summaries, tags = for_children(found)
    try:
        tracker.finish(
            tables,
            outcome=study.outcome.metric,
            summaries=summaries,
            tags=tags,
            parent_metrics=counts(judged),
            description=reporting.overview(found),
            artifacts=reporting.files(found),
            status="FAILED" if lost else "FINISHED",
        )
    except tracking.StoreLost as error:
        say_verdicts(console, named, judged)
        console.print(
            f"NOT RECORDED: {error}. All results are kept in {place}/{named.name}; once the store answers: "
            f"spectra-tune sync {_as_typed(named)}",
            highlight=False,
            soft_wrap=True,
        )
        return 1
    conclude(console, named, judged, uri)
    return 0


def block_names(blocks: tuple[Block, ...]) -> dict[str, Block]:
    """Each block under the name that Ray and the display show: its task, width and the start of its signature.

    A block that needs too much memory comes in parts, each named after its first seed.
    """
    from spectra_tune.engine import parts  # loads torch

    named = {}
    for block in blocks:
        width = getattr(block.condition.network, "width", None)
        words = [str(block.condition.task), f"width{width}" if width else "", condition_signature(block.condition)[:8]]
        split = parts(block)
        for part in split:
            from_seed = f"seed{part.seeds[0]}" if len(split) > 1 else ""
            name = "-".join(word for word in (*words, from_seed) if word)
            named["".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)] = part
    return named


def _as_typed(named: catalogue.Named) -> str:
    name = named.name.removesuffix("-smoke")
    shown = str(named.module.__file__) if named.of_user else name
    return shown + (" --smoke" if named.name.endswith("-smoke") else "")


def store(given: str | None) -> str:
    uri = tracking.absolute_tracking_uri(given or tracking.default_tracking_uri())
    tracking.check_reachable(uri)
    return uri


def _storage(given: str | None) -> str:
    """Ray's storage: a URI as it is, a folder as an absolute path that can be written; nothing is made yet."""
    place = given or "ray_results"
    if "://" in place:
        return place
    folder = Path(place).absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise InvalidStudy(f"--storage must be a folder that can be written, got {folder}")
    if shutil.disk_usage(nearest).free == 0:
        raise InvalidStudy(f"--storage must have space left, {folder} is full")
    return str(folder)
