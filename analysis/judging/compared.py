"""What two arms were as trained, and what their pairs share: measured, not taken from what was declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas

from spectra_tune.design import SAME_CONFIGURATION, Arm, Contrast, Dimension, Study
from spectra_tune.errors import plain
from spectra_tune.results import TREATMENT, column_of, field_of, protocol_columns

SHARED = {
    "data": ("data_digest",),
    "initial weights": ("init_digest",),
    "order of batches": ("batch_size", "stream"),  # drawn from the seed for so many samples at a time
}
"""What a pair of runs may share, and the columns that are then equal."""

PAIR = ["condition_signature", "seed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of how many pairs both runs were given the same; of none it may not be known."""

    equal: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Both sides of a searching study's contrast as they were confirmed in one Condition."""

    treatment: Arm
    baseline: Arm
    pairs: int
    differing: tuple[tuple[str, Any, Any], ...]  # beside the Treatment: field, the treatment's value, the baseline's
    shared: Mapping[str, Share]  # see `shared`

    @property
    def matched(self) -> bool:
        """Whether every pair is known to have been given the same."""
        return set(self.shared) == set(SHARED) and all(one.equal == self.pairs for one in self.shared.values())


def compared(study: Study, contrast: Contrast, runs: pandas.DataFrame) -> Compared | None:
    """Of the confirmation's rows in one Condition; None where an arm has none."""
    one, other = (runs[runs["arm"] == arm] for arm in (contrast.treatment, contrast.baseline))
    if one.empty or other.empty:
        return None
    first, second = (rows.iloc[0].to_dict() for rows in (one, other))
    return Compared(
        treatment=_as_trained(study, contrast.treatment, first),
        baseline=_as_trained(study, contrast.baseline, second),
        differing=tuple(
            (field_of(name), plain(first[name]), plain(second[name]))
            for name in protocol_columns(runs.columns)
            if first[name] != second[name] and not (pandas.isna(first[name]) and pandas.isna(second[name]))
        ),
        pairs=len(set(one["seed"]) & set(other["seed"])),
        shared=shared(one, other),
    )


def shared(one: pandas.DataFrame, other: pandas.DataFrame) -> dict[str, Share]:
    """Of how many pairs of two arms' runs, by Condition and seed, both were given the same; by the keys of SHARED.

    What the table has not is left out.
    """
    columns = [*PAIR, *(name for names in SHARED.values() for name in names if name in one and name in other)]
    both = one[columns].drop_duplicates(PAIR).merge(other[columns].drop_duplicates(PAIR), on=PAIR)
    found: dict[str, Share] = {}
    for what, names in SHARED.items():
        if all(name in columns for name in names):
            given = pandas.concat([both[f"{name}_{side}"].notna() for name in names for side in "xy"], axis=1)
            known = given.all(axis=1)
            equal = pandas.concat([both[f"{name}_x"] == both[f"{name}_y"] for name in names], axis=1).all(axis=1)
            found[what] = Share(equal=int((equal & known).sum()), known=int(known.sum()))
    return found


def values_of(space: Iterable[tuple[str, Dimension]], row: Mapping[Any, Any]) -> dict[str, Any]:
    """The factors' values of a run, by its row of the run table, where None, full batches and schedules are written
    otherwise. Left out is what the run had none of, such as the target of a penalty of strength 0."""
    found: dict[str, Any] = {}
    for name, dimension in space:
        cell = plain(row[column_of_factor(name)])
        nothing = cast("bool", pandas.isna(cell)) or (name == "batch_size" and cell == 0)
        chosen = [one for one in dimension.choices if (nothing if one is None else one == cell or str(one) == cell)]
        if chosen:
            found[name] = chosen[0]
        elif not nothing:
            found[name] = cell
    return found


def column_of_factor(name: str) -> str:
    """The run table's column of a factor: of the Treatment, or of the Condition or its network."""
    return name if name in TREATMENT else column_of(name)


def _as_trained(study: Study, arm: str, row: Mapping[Any, Any]) -> Arm:
    """An arm with the factors' values that its runs have."""
    return study.configured(arm, values_of(study.space(arm), row))


def in_words(study: Study, contrast: Contrast, found: Compared | None, sentence: str) -> str:
    """A verdict's sentence behind what it compares: of a searching study `Tuned a against tuned b: …`."""
    assert study.search is not None
    if contrast.baseline == SAME_CONFIGURATION:
        baseline = "the same configuration without its penalty"
    else:
        baseline = f"{'tuned' if study.space(contrast.baseline) else 'untuned'} {contrast.baseline}"
    listed = "" if found is None or not found.differing else f" ({differing(found)})"
    return f"Tuned {contrast.treatment} against {baseline}{listed}: {sentence[:1].lower()}{sentence[1:]}"


def differing(found: Compared) -> str:
    """The fields beside the Treatment in which both sides differ, with both values: `learning rate 0.08 and 0.05`."""
    return "; ".join(
        f"{name.replace('_', ' ')} {short(one)} and {short(other)}" for name, one, other in found.differing
    )


def short(value: object) -> str:
    """A setting: three digits of a number, else its text."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
