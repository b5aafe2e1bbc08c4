"""The largest difference that a running study has seen so far."""

import pandas

from analysis.judging.contrasts import spanned_fields
from analysis.judging.matching import pair
from analysis.statistics.significance import paired_t
from spectra_tune.design import NotComparable, Study


class Largest:
    """Of all contrasts in all blocks that have ended: the one with the largest mean, unadjusted and so exploratory."""

    def __init__(self, study: Study):
        self._study, self._labels = study, study.labels()
        self._mean = -float("inf")
        self.text = ""

    def add(self, runs: pandas.DataFrame) -> None:
        """Looks at the run table of a block."""
        for contrast in self._study.contrasts:
            if "epochs" in contrast.differs:
                continue
            try:
                found = pair(
                    runs,
                    treatment=contrast.treatment,
                    baseline=contrast.baseline,
                    metric=self._study.outcome.metric,
                    differs=spanned_fields(self._study, contrast, runs),
                )
            except NotComparable:
                continue  # the verdict will say so
            if len(found) < 2 or float(found.values.mean()) <= self._mean:
                continue
            t = paired_t(found.values)
            self._mean = float(found.values.mean())
            label = self._labels[str(found.condition_signature[0])]
            self.text = (
                f"largest difference so far {self._mean:+z.2f} pp [{t.low:+z.2f}, {t.high:+z.2f}], {contrast}, {label}"
            )
