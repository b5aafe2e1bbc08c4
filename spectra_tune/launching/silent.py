"""Silent: Ray Tune's own progress display, switched off: in a notebook it would wipe out all that a cell has shown."""

from ray import tune


class Silent(tune.ProgressReporter):
    """Reports nothing."""

    def should_report(self, trials: list, done: bool = False) -> bool:  # noqa: ARG002
        return False

    def report(self, trials: list, done: bool, *sys_info: str) -> None: ...
