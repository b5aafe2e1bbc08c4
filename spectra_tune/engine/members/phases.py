"""What members score on their way through a curriculum, phase by phase."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor

from spectra_tune.objectives import ENDS, FORGETTING, ONLINE, ONLINE_LAST

ACCURACY = "accuracy"

LAST_SHARE = 5
"""The last phases are one in so many of all, rounded up."""


class PhaseLog:
    """Accuracies of members (in turn: of one) in each phase that has ended, and in the one that is trained.

    online: of each batch before its step; ends: on test data at the phase's end, NaN where those are not looked at.
    """

    def __init__(self, members: int, device: str):
        self._hits_M = torch.zeros(members, dtype=torch.int64, device=device)
        self._seen = 0
        self.online: list[ndarray] = []
        self.ends: list[ndarray] = []

    def see(self, hits_M: Tensor, count: int) -> None:
        """Adds a batch of so many samples: how many of them each member had right."""
        self._hits_M += hits_M
        self._seen += count

    def close(self, scores: Mapping[str, Any] | None) -> None:
        """The phase has ended, with these scores on its test data."""
        online_M = self._hits_M.cpu().numpy() / self._seen
        self.online.append(online_M)
        self.ends.append(numpy.full(len(online_M), numpy.nan) if scores is None else numpy.atleast_1d(scores[ACCURACY]))
        self._hits_M.zero_()
        self._seen = 0

    @property
    def members(self) -> int:
        return len(self._hits_M)

    @property
    def closed(self) -> int:
        """Phases that have ended."""
        return len(self.online)

    def at_end(self, epoch: int, epochs: int) -> dict[str, ndarray]:
        """Metrics of the curve table, if this epoch ends a phase of so many: of this phase alone."""
        if epoch % epochs or not self.online:
            return {}
        known = {} if numpy.isnan(self.ends[-1]).all() else {f"test_{ACCURACY}": self.ends[-1]}
        return {ONLINE: self.online[-1], **known}

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        past = numpy.array([self.online, self.ends]).reshape(2, self.closed, len(self._hits_M))
        return {"hits": self._hits_M.cpu().clone(), "seen": self._seen, "past": torch.from_numpy(past)}

    def restore(self, state: dict[str, Any]) -> None:
        self._hits_M.copy_(state["hits"])
        self._seen = state["seen"]
        self.online, self.ends = ([one.copy() for one in of] for of in state["past"].numpy())


def over_phases(log: PhaseLog, phases: int, test: Callable[[int], ndarray] | None) -> dict[str, ndarray]:
    """The metrics of a whole curriculum by name, (members,) each; NaN before all its phases have ended.

    test: accuracy (members,) now on the test data of a phase; None where those are not looked at.
    """
    if log.closed < phases:
        return {name: numpy.full(log.members, numpy.nan) for name in (ONLINE, ONLINE_LAST, ENDS, FORGETTING)}
    earlier = [] if test is None else [test(phase) for phase in range(phases - 1)]
    online_PM, ends_PM = numpy.array(log.online), numpy.array(log.ends)
    earlier_PM = numpy.array(earlier) if len(earlier) else numpy.full_like(ends_PM[:-1], numpy.nan)
    last = ceil(len(online_PM) / LAST_SHARE)
    return {
        ONLINE: online_PM.mean(axis=0),
        ONLINE_LAST: online_PM[-last:].mean(axis=0),
        ENDS: ends_PM.mean(axis=0),
        FORGETTING: (ends_PM[:-1] - earlier_PM).mean(axis=0),
    }


Scores = Sequence[Mapping[str, float]]
"""Of each phase every metric, by name."""


def of_constant(train: Scores, test: Scores | None) -> dict[str, float]:
    """The same of the best constant predictor of each phase, which forgets nothing; NaN without test data."""
    last = ceil(len(train) / LAST_SHARE)
    online, ends = ([one[ACCURACY] for one in of or ()] for of in (train, test))
    means = [float(numpy.mean(of)) for of in (online, online[-last:], ends or [numpy.nan])]
    return dict(zip((ONLINE, ONLINE_LAST, ENDS), means, strict=True)) | {FORGETTING: 0.0 if ends else numpy.nan}
