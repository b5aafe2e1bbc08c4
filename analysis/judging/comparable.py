"""What forbids a comparison of two arms: another Condition, an undeclared field, other data or initial weights."""

from typing import Any, cast

import numpy
import pandas

from spectra_tune.design import NotComparable
from spectra_tune.results import field_of, protocol_columns

SHARED_BY_WEIGHTS = frozenset(
    {
        "optimizer",
        "learning_rate",
        "learning_rate_schedule",
        "weight_decay",
        "epochs",
        "batch_size",
        "clip",
        "adversarial",
    }
)
"""Fields whose change leaves the initial weights equal: any other declared change may alter them."""


def check_conditions(one: pandas.DataFrame, other: pandas.DataFrame, names: str) -> None:
    """Refuses arms of different Conditions, naming the fields in which the nearest of them differ."""
    of_one, of_other = set(one["condition_signature"]), set(other["condition_signature"])
    if of_one == of_other:
        return
    lone, there = (one, other) if of_one - of_other else (other, one)
    unmatched = lone[~lone["condition_signature"].isin(set(there["condition_signature"]))].iloc[0]
    columns = [name for name in protocol_columns(lone.columns) if name in there.columns]
    candidates = there.drop_duplicates("condition_signature")[columns]
    differing = [
        [name for name in columns if not _equal(unmatched[name], candidate[name])]
        for _, candidate in candidates.iterrows()
    ]
    nearest = min(range(len(differing)), key=lambda index: len(differing[index]))
    pairs = [(unmatched[name], candidates.iloc[nearest][name]) for name in differing[nearest]]
    if lone is other:
        pairs = [(second, first) for first, second in pairs]
    fields = map(field_of, differing[nearest])
    listed = "; ".join(f"{field}: {a} and {b}" for field, (a, b) in zip(fields, pairs, strict=True))
    raise NotComparable(f"{names} differ in {listed or 'their Condition'}; runs are compared only under one Condition")


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) or all(cast("bool", pandas.isna(one)) for one in (a, b))


def check_fields(both: pandas.DataFrame, columns: list[str], declared: tuple[str, ...], names: str) -> None:
    """Refuses pairs that differ in an undeclared field, or agree in a declared one."""
    found: list[str] = []
    agreeing = set(declared)
    for name in columns:
        field, a, b = field_of(name), both[f"{name}_of_treatment"], both[f"{name}_of_baseline"]
        unequal = (a != b) & ~(a.isna() & b.isna())
        if field in declared:
            if bool(unequal.all()):
                agreeing.discard(field)
        elif bool(unequal.any()):
            at = int(numpy.argmax(unequal.to_numpy()))
            found.append(f"{field}: {a.iloc[at]} and {b.iloc[at]}")
    if found:
        raise NotComparable(f"{names} differ in {'; '.join(found)}; declare a deliberate change in `differs`")
    if agreeing:
        raise NotComparable(
            f"{names} must differ in the declared {', '.join(sorted(agreeing))}, but they agree there; "
            "take it out of `differs`"
        )


def check_draws(both: pandas.DataFrame, declared: tuple[str, ...], names: str) -> None:
    """Refuses pairs that were not given the same data, or not the same initial weights where no change explains it."""
    draws = ["data_digest"] + (["init_digest"] if set(declared) <= SHARED_BY_WEIGHTS else [])
    for name in draws:
        if f"{name}_of_treatment" not in both.columns:
            continue
        unequal = (both[f"{name}_of_treatment"] != both[f"{name}_of_baseline"]).to_numpy()
        if unequal.any():
            row = both.iloc[int(numpy.argmax(unequal))]
            what = "data" if name == "data_digest" else "initial weights"
            raise NotComparable(
                f"{names} were not given the same {what} at seed {row['seed']}: {name} "
                f"{row[f'{name}_of_treatment']} and {row[f'{name}_of_baseline']}; train them in one block"
            )
