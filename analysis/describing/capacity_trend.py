"""How a contrast's gain changes with the width of the network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas

from analysis.describing.gains_by_seed import gains_by_seed
from analysis.judging.contrasts import Judged
from analysis.statistics.pooling import Interaction, interaction_with_capacity
from spectra_tune.design import Condition, Contrast, Study, flat

Setting = tuple[tuple[str, str], ...]
"""All of a Condition but its width: fields and, as text, their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTrend:
    """How a contrast's gain changes with width on one task."""

    contrast: Contrast
    task: str
    setting: str  # what sets this line apart from others of its task; "" where it is the only one
    widths: tuple[float, ...]
    means: tuple[float, ...]  # over seeds, of the gain at each width
    interaction: Interaction

    @property
    def label(self) -> str:
        return f"{self.task}, {self.setting}" if self.setting else self.task


def with_capacity(study: Study, judged: Sequence[Judged]) -> list[CapacityTrend]:
    """The change per doubling of width of each contrast on each task that the study ran at three widths or more.

    Conditions of a task that differ in anything but the width are not put on one line.
    """
    found = []
    if len({getattr(condition.network, "width", None) for condition in study.conditions} - {None}) < 3:
        return found
    settings = {_but_width(condition) for condition in study.conditions}
    for contrast in study.contrasts:
        lines: dict[Setting, dict[float, pandas.Series]] = {}
        for condition, series in gains_by_seed(judged, contrast, study.conditions):
            width = getattr(condition.network, "width", None)
            if width is not None:
                lines.setdefault(_but_width(condition), {})[float(width)] = series
        for setting, by_width in lines.items():
            widths = tuple(sorted(by_width))
            table = pandas.concat([by_width[width] for width in widths], axis=1, join="inner")
            if len(widths) >= 3 and len(table) >= 2:
                trend = interaction_with_capacity(table.to_numpy(), widths)
                task, apart = dict(setting)["task"], _apart(setting, settings)
                found.append(
                    CapacityTrend(
                        contrast=contrast,
                        task=task,
                        setting=apart,
                        widths=widths,
                        means=tuple(table.mean(axis=0).tolist()),
                        interaction=trend,
                    )
                )
    return found


def _but_width(condition: Condition) -> Setting:
    """Every protocol field but the width; the network's own are among them."""
    fields = flat(condition)
    return tuple((name, str(fields[name])) for name in fields if name not in ("network", "width"))


def _apart(setting: Setting, settings: Iterable[Setting]) -> str:
    """The fields in which others of its task differ from a setting."""
    task = dict(setting)["task"]
    others = [dict(one) for one in settings if dict(one)["task"] == task]
    apart = [(name, value) for name, value in setting if any(one.get(name) != value for one in others)]
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in apart)
