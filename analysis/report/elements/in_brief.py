"""What was taken on the word of whoever brought the results, in a few lines for a terminal."""

import math

from analysis.describing.pairs import AGAINST, FOR, pairs_table
from analysis.report.elements.findings import Findings
from analysis.report.elements.words import with_interval


def in_brief(found: Findings) -> list[str]:
    """The declaration, how far the data speak for it, and what is suspicious."""
    declared, pairs = found.declared, pairs_table(found.judged)
    assert declared is not None
    given = declared.declaration
    selected = (
        f"none of the seeds that selected ({', '.join(given.selected_on)}) is among them"
        if given.selected_on
        else "that no seed selected anything is your word too (--selected-on)"
    )
    lines = [
        f"Declared by you, not shown by the table: runs of one {given.seed} are matched (same data, initial weights, "
        f"order and budget); {selected}."
    ]
    for contrast, of_contrast in pairs.groupby("contrast", sort=False):
        count = len(of_contrast)
        if count == 1:
            row = of_contrast.iloc[0]
            known = not math.isnan(row["r"])
            r = with_interval(row["r"], row["low"], row["high"], sign=True) if known else "not defined"
            lines.append(f"Pairs of {contrast}: correlation {r}, which speaks {row['says']}.")
            continue
        known = of_contrast["r"].dropna()
        span = f"{known.min():+z.2f} to {known.max():+z.2f}" if len(known) else "not defined"
        votes = [f"{(of_contrast['says'] == says).sum()} speak {says}" for says in (FOR, AGAINST)]
        lines.append(f"Pairs of {contrast}: correlation {span}; of {count} Conditions {' and '.join(votes)}.")
    noted = pairs[pairs["note"] != ""]
    lines += [f"Suspicious: {row['condition']}, {row['contrast']}: {row['note']}" for row in noted.to_dict("records")]
    equal = int(pairs["identical"].sum())
    if equal:
        lines.append(f"{equal} of {int(pairs['n'].sum())} pairs have one value in both arms.")
    return lines
