"""What forbids judging a table from elsewhere: a unit that is mixed, runs that are there twice, seeds that do not match
or that selected."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import pandas

from analysis.judging.declared.declaration import Declaration
from analysis.judging.declared.rows import ARM, CONDITION, NUMBER, SEED, seed_of
from analysis.judging.rules import FEWEST_SEEDS
from analysis.judging.selection import check_confirmation
from spectra_tune.design import NotComparable

MOST_LISTED = 12
"""Seeds that a message names."""

APART = 10.0
"""From here on a value is percent beside one of at most 1, where the unit was not declared and nothing lies between."""


def check_unit(runs: pandas.DataFrame, declared: Declaration) -> None:
    """Refuses values that are not what they are declared to be, or percent and fractions in one column.

    Where neither is declared only what can hardly be anything else is refused: in one Condition some values of at most
    1, others of 10 to 100 and none between, of a metric whose higher values are better.
    """
    name, numbers = declared.metric, runs[NUMBER]
    small, large = numbers[(numbers > 0) & (numbers <= 1)], numbers[numbers > 1]
    most = {"percent": 100.0, "fractions": 1.0}.get(declared.given_in or "", float("inf"))
    mixed = not small.empty and not large.empty
    both = f"has {small.iloc[0]:g} ({small.index[0]}) and {large.iloc[0]:g} ({large.index[0]})" if mixed else ""
    way_out = "give all of it as fractions with --fraction, or all as percent with --percent"
    if declared.given_in is not None and mixed:
        raise NotComparable(f"{name} must not mix percent with fractions, it {both}: {way_out}")
    if declared.given_in == "percent" and large.empty:
        raise NotComparable(
            f"{name} is declared to be percent, but has nothing above 1: give --fraction if it has those"
        )
    if declared.given_in is not None and ((numbers < 0) | (numbers > most)).any():
        raise NotComparable(
            f"{name} must be {declared.given_in} in 0 … {most:g}, got {numbers.min():g} … {numbers.max():g}; a metric "
            "that is neither percent nor fractions goes without both options"
        )
    if declared.given_in is None and not declared.lower_is_better:
        for _, of_condition in runs.groupby(CONDITION)[NUMBER]:
            small, large = of_condition[of_condition <= 1], of_condition[of_condition >= APART]
            within = ((of_condition >= 0) & (of_condition <= 100)).all()
            if within and len(small) and len(large) and len(small) + len(large) == len(of_condition):
                raise NotComparable(
                    f"{name} seems to mix percent with fractions, one Condition has {small.iloc[0]:g} "
                    f"({small.index[0]}) and {large.iloc[0]:g} ({large.index[0]}): {way_out}; what is neither can be "
                    "given in another unit"
                )


def once(runs: pandas.DataFrame, declared: Declaration) -> tuple[pandas.DataFrame, int]:
    """Each run once, and how many rows repeated one; a run with two values is refused."""
    key = [CONDITION, ARM, SEED]
    single = runs.drop_duplicates([*key, NUMBER])
    twice = single[single.duplicated(key, keep=False)]
    if not twice.empty:
        first = twice.iloc[0]
        same = twice[(twice[key] == first[key]).all(axis=1)]
        values = " and ".join(f"{value:g} ({place})" for place, value in same[NUMBER].items())
        raise NotComparable(
            f"one run has one value of {declared.metric}: {first[ARM]}, {declared.seed} {first[SEED]}"
            f"{_at(first[CONDITION], declared)} has {values}; keep one, or name the column that tells them apart as "
            "--condition"
        )
    return single, len(runs) - len(single)


def check_seeds(runs: pandas.DataFrame, declared: Declaration) -> None:
    """Refuses arms that lack one another's seeds in a Condition, fewer seeds than any verdict needs, and seeds that
    selected what they would confirm."""
    treatments = [arm for arm in dict.fromkeys(runs[ARM]) if arm != declared.baseline]
    lone: list[str] = []
    few: list[str] = []
    for condition, rows in runs.groupby(CONDITION):
        seeds = {arm: set(of_arm) for arm, of_arm in rows.groupby(ARM)[SEED]}
        of_baseline = seeds.get(declared.baseline, set())
        for arm in treatments:
            of_arm = seeds.get(arm, set())
            only = [
                f"only {one} has {declared.seed} {_listed(more)}"
                for one, more in ((arm, of_arm - of_baseline), (declared.baseline, of_baseline - of_arm))
                if more
            ]
            if only:
                lone.append(f"{' and '.join(only)}{_at(condition, declared)}")
            elif len(of_arm) < FEWEST_SEEDS:
                few.append(f"{arm} and {declared.baseline} have {len(of_arm)}{_at(condition, declared)}")
    if lone:
        raise NotComparable(
            f"arms are paired by seed, but {_first(lone)}: add what is missing, or leave the rows without a match out"
        )
    if few:
        raise NotComparable(f"a verdict needs at least {FEWEST_SEEDS} seeds, {_first(few)}")
    confirmed = set(map(str, runs[SEED]))
    selecting, confirming = _alike(declared, runs[SEED])
    check_confirmation([seed for seed in selecting if str(seed) in confirmed], confirming)


def _alike(declared: Declaration, seeds: Iterable[Hashable]) -> tuple[list[Any], list[Any]]:
    """The seeds that selected and those that confirm, of one type."""
    there = list(seeds)
    whole = all(isinstance(seed, int) for seed in there)
    selected = [seed_of(cell) for cell in declared.selected_on]
    return ([seed if whole else str(seed) for seed in selected], there)


def _at(condition: Any, declared: Declaration) -> str:
    named = ", ".join(f"{column} {value}" for column, value in zip(declared.conditions, condition, strict=True))
    return f" at {named}" if named else ""


def _listed(seeds: Collection[Any]) -> str:
    ordered = sorted(seeds)
    more = f" … ({len(ordered)} in all)" if len(ordered) > MOST_LISTED else ""
    return ", ".join(map(str, ordered[:MOST_LISTED])) + more


def _first(found: Sequence[str]) -> str:
    return found[0] + (f" (the first of {len(found)} such cases)" if len(found) > 1 else "")
