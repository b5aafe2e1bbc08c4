"""Judge and record what was trained, without training."""

from rich.console import Console

from analysis.judging.contrasts import judge_study
from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.lock import Lock
from studies.command import catalogue, finishing, places, recording, search
from studies.command.block_names import block_names
from studies.command.console import to_reader
from studies.command.pasted import verb_on
from studies.command.terminal import conclude
from studies.command.unchanged import check_unchanged


def sync(name: str, *, smoke: bool, storage: str | None, tracking_uri: str | None) -> int:
    """Judges and records what the storage holds of a study whose blocks have all ended; returns the exit code."""
    console = to_reader()
    named = catalogue.load(name, smoke=smoke)
    uri, place = places.store(tracking_uri), places.storage(storage)
    recorded = tracking.find_execution(named.name, uri)
    check_unchanged(named, recorded, uri)
    if recorded is not None and recorded.finished:
        conclude(console, named, judge_study(named.study, tracking.read_tables(named.name, uri).runs), uri)
        return 0
    from studies.command.locking import locked  # loads ray and torch

    with locked(console, named, recorded, uri, place, take_over=True) as lock:
        return _locked(console, named, uri, place, lock, recorded, chosen=tracking_uri is not None)


def _locked(
    console: Console,
    named: catalogue.Named,
    uri: str,
    place: str,
    lock: Lock,
    recorded: tracking.Execution | None,
    *,
    chosen: bool,
) -> int:
    """Reads the storage, judges and records. chosen: the store was given, it is not the default."""
    from spectra_tune import launching
    from studies.command.beginnings import recorded_beside

    begin = verb_on(named, "run", uri=uri, place=place)

    if not launching.can_resume(named.name, place):
        raise InvalidStudy(f"{place}/{named.name} must hold the blocks of the study, it does not: {begin}")
    elsewhere = recorded_beside(console, named, recorded, uri, place, chosen=chosen)
    resume = verb_on(named, "run", "--resume", uri=uri, place=place)
    study, searched = named.study, None
    if study.search is not None:
        searched = search.searched_before(named, place)
        if not searched.complete:
            raise InvalidStudy(f"the search must have ended, it has not: {resume}")
    blocks = search.blocks_to_judge(study, searched)
    trained = launching.trained_before(named.name, block_names(named, blocks), storage=place)
    if not trained.complete or trained.lost:
        raise InvalidStudy(f"all blocks must have ended well, some have not: {resume}")
    lock.confirm()
    tracker = recording.begin(named, uri, place, lock, begun=recorded is not None, elsewhere=elsewhere)
    tracker.add(blocks)
    tables = search.with_search(study, trained.tables, searched)
    return finishing.finish(console, console, named, tracker, tables, uri, place)
