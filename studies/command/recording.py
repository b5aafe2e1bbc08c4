"""A study's record in MLflow, begun with its plan; finishing.py ends it with what its tables say."""

from contextlib import suppress

from spectra_tune import tracking
from spectra_tune.credentials import without_secrets
from spectra_tune.lock import Lock
from studies.command import plan
from studies.command.catalogue import Named


def begin(named: Named, uri: str, place: str, lock: Lock, *, begun: bool, elsewhere: bool = False) -> tracking.Tracker:
    """A study's record, begun or continued; one that is begun is locked from here on.

    elsewhere: beside the one that its storage knows.
    """
    from spectra_tune import launching  # loads ray
    from spectra_tune.launching.block_store import within

    study = named.study
    tracker = tracking.Tracker.begin(
        named.name,
        study,
        uri,
        labels=study.labels(),
        description=f"**{study.question}**\n\n```\n{plan.text(named.name, study)}\n```",
        parameters=plan.parameters(study),
        tags={"storage": without_secrets(place), "study": named.typed},
        anew=not begun,
    )
    if not begun:
        lock.take(tracking.ParentLock(uri, tracker.run_id), take_over=False)
    beginning = launching.Beginning(tracking_uri=without_secrets(uri), run_id=tracker.run_id)
    if not elsewhere:
        launching.keep_beginning(within(place, named.name), beginning)
    return tracker


def stop(tracker: tracking.Tracker, status: str) -> None:
    """Ends the record of an incomplete study; a store that does not answer is left to --resume."""
    with suppress(tracking.StoreLost):
        tracker.stop(status)
