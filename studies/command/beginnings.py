"""Whether a study's storage and its MLflow store are those of one another."""

from rich.console import Console

from spectra_tune import launching, tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.launching.block_store import within
from studies.command.catalogue import Named
from studies.command.console import say
from studies.command.pasted import verb_on


def check_begun_here(named: Named, recorded: tracking.Execution | None, uri: str, place: str, left: str) -> None:
    """Refuses to continue what is left in this folder of the storage if its record is not the one in this store."""
    began, folder = launching.read_beginning(within(place, named.name)), within(place, left)
    if began is None and recorded is None:
        raise InvalidStudy(
            f"{folder} holds checkpoints of a study of this name that {uri} does not know: remove that folder or use "
            "another --storage"
        )
    if began is not None and (recorded is None or recorded.run_id != began.run_id):
        there = verb_on(named, "run", "--resume", uri=began.tracking_uri, place=place)
        raise InvalidStudy(
            f"study {named.name!r} in {folder} must be continued with the record that it began with, it is in "
            f"{began.tracking_uri}, not in {uri}: {there}; or begin it anew with another --storage"
        )


def recorded_beside(
    console: Console, named: Named, recorded: tracking.Execution | None, uri: str, place: str, *, chosen: bool
) -> bool:
    """Whether what the storage holds has its record elsewhere: said, and refused unless this store was chosen."""
    began = launching.read_beginning(within(place, named.name))
    if began is None or (recorded is not None and recorded.run_id == began.run_id):
        return False
    there = verb_on(named, "sync", uri=began.tracking_uri, place=place)
    if not chosen:
        here = f"to record it in {uri} all the same, give that as --tracking-uri"
        raise InvalidStudy(f"study {named.name!r} began in {began.tracking_uri}: {there}; {here}")
    say(
        console,
        f"WARNING: the study began in {began.tracking_uri}, where its record stays as it is: {there}",
    )
    return True
