"""Write docs/findings.md, docs/when-to-use.md and studies/results/evidence.csv from the kept studies: no training."""

import sys
from collections.abc import Sequence
from pathlib import Path

from analysis import report as reporting
from analysis.figures import rendered
from analysis.report import Findings
from analysis.report.sections import pictures_of
from spectra_tune.design import InvalidStudy
from studies.account import evidence
from studies.account.advise import advice
from studies.account.answers import STANDINGS, Answer
from studies.account.claims import CLAIMS, NOT_TESTED, PlanClaim
from studies.account.evidence import Evidence
from studies.command import catalogue
from studies.command.plan import with_unit
from studies.command.report import RESULTS, read_kept

DOCS = Path(__file__).parents[2] / "docs"

PICTURES = "img/findings"
"""Below DOCS."""

HEADINGS = {
    "refuted": "What does not hold",
    "not shown": "What is not shown",
    "held in part": "What holds in part",
    "held": "What holds",
}

INTRODUCTION = """\
# Findings

What became of the claims of the research plan that this project started from. Null and negative results stand first.
Written by `make findings` from the tables in `studies/results/`, which `make studies` makes; nothing here was typed.

Every sentence in a table is a verdict of a study, word for word: a treatment beside its matched baseline, with the same
data, initial weights and order of batches for each seed, and m and alpha fixed before the first run ([how to read
verdicts](verdicts.md)). Any study's whole report, without training:
`spectra-tune report NAME --from studies/results/NAME.parquet --output DIR`.
"""

WHEN = """\
# When to use the penalty

Written by `make findings` from the evidence in `studies/results/evidence.csv`: every registered contrast of a Treatment
over `none` in one Condition. `spectra-tune advise --task TASK --width WIDTH --epochs EPOCHS` prints the answer for one
condition with the evidence that it rests on.

- **use it**: a gain over `none` is supported on fresh seeds, and its time is accepted (at most 1.10 times an epoch's).
- **optional**: supported at a higher cost, and the baseline did not catch up in the same time.
- **do not**: all that was tried there is harmful, equivalent or negligible.
- **unknown**: no study had this condition, or what it found is neither. Advice is never carried over from one condition
  to another: the nearest evidence is named, and the reader may judge how far it reaches.

Each study corrects for its own tests. Over several studies the chance of a false "use it" adds up, so confirm on seeds
of your own before you rely on one.

| task | width | epochs | otherwise | answer | because |
|---|---|---|---|---|---|
"""


def found_in(name: str) -> Findings:
    """A kept study's findings."""
    named = catalogue.load(name)
    return reporting.findings(name, named.study, read_kept(named, RESULTS / f"{name}.parquet"))


def findings_page(answered: Sequence[tuple[PlanClaim, Answer, Findings]]) -> str:
    """The account as Markdown; claims by what came of them, the worst first."""
    ordered = [[one for one in answered if one[1].standing == standing] for standing in STANDINGS]
    lines = [INTRODUCTION, "| claim | what came of it | study |", "|---|---|---|"]
    for group in ordered:
        lines += [
            f"| {claim.said} | **{answer.standing}**. {answer.summary} | [{claim.study}](#{_anchor(claim)}) |"
            for claim, answer, _ in group
        ]
    for standing, group in zip(STANDINGS, ordered, strict=True):
        if group:
            lines += ["", f"## {HEADINGS[standing]}"]
        for claim, answer, found in group:
            lines += ["", *_told(claim, answer, found)]
    lines += ["", "## What was not tested", "", *(f"- {one}" for one in NOT_TESTED), ""]
    return "\n".join(lines)


def _told(claim: PlanClaim, answer: Answer, found: Findings) -> list[str]:
    """One claim: what was said, what came of it, the picture, what would change our mind, every sentence."""
    study = found.study
    seeds, outcome = study.seeds.confirm, study.outcome
    return [
        f"### {_heading(claim)}",
        "",
        f"> {claim.said} (Phase {claim.where})",
        "",
        f"**{answer.standing}.** {answer.summary}",
        "",
        f"{study.question} {len(seeds)} fresh seeds ({seeds[0]} to {seeds[-1]}), {outcome.metric.replace('_', ' ')}, "
        f"margin ±{with_unit(outcome)}, m = {study.tests} tests at alpha {outcome.alpha:g}.",
        "",
        f"![{claim.study}: {claim.picture}]({PICTURES}/{_file(claim)})",
        "",
        f"What would change our mind: {claim.would_change}",
        "",
        *answer.lines,
    ]


def _heading(claim: PlanClaim) -> str:
    same = [one for one in CLAIMS if one.study == claim.study]
    number = f", {same.index(claim) + 1}" if len(same) > 1 else ""
    return f"{claim.study}{number}"


def _anchor(claim: PlanClaim) -> str:
    return _heading(claim).replace(",", "").replace(" ", "-")


def _file(claim: PlanClaim) -> str:
    return f"{claim.study}-{claim.picture}.png"


def when_page(rows: Sequence[Evidence]) -> str:
    """The decision guide: an answer for every condition that has evidence."""
    conditions = sorted({(row.task, row.width, row.epochs) for row in rows})
    lines = []
    for task, width, epochs in conditions:
        for found in advice(rows, task=task, width=width, epochs=epochs):
            start = f"| {task} | {width} | {epochs} | {found.protocol} "
            lines.append(f"{start}| **{found.answer}** | {found.because} |")
    return WHEN + "\n".join(lines) + "\n"


def write_all() -> None:
    """Writes the account, the guide, the evidence and the pictures."""
    found = {name: found_in(name) for name in catalogue.listed()}
    answered = [(claim, claim.answer(found[claim.study]), found[claim.study]) for claim in CLAIMS]
    folder = DOCS / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for name, of_study in found.items():
        wanted = {claim.picture: _file(claim) for claim in CLAIMS if claim.study == name}
        pictures = pictures_of(of_study)
        missing = set(wanted) - set(pictures)
        assert not missing, f"{name} has no pictures {missing}, it has {sorted(pictures)}"
        for picture, file in wanted.items():
            (folder / file).write_bytes(rendered(pictures[picture].draw(), "png"))
    (DOCS / "findings.md").write_text(findings_page(answered))
    rows = [row for of_study in found.values() for row in evidence.evidence_of(of_study)]
    evidence.write(rows)
    (DOCS / "when-to-use.md").write_text(when_page(rows))


def main() -> int:
    """Writes all; returns the exit code."""
    try:
        write_all()
    except InvalidStudy as error:
        print(f"findings: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
