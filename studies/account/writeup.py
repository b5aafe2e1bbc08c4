"""Write docs/generated/ and studies/results/evidence.csv from the kept studies: no training."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analysis import report as reporting
from analysis.figures import rendered
from analysis.judging.verdict_name import VerdictName
from analysis.report import Findings
from analysis.report.sections import pictures_of
from spectra_tune.design import InvalidStudy
from spectra_tune.design.outcome import PP
from studies.account import evidence, expected
from studies.account.advise import ANSWERS, Advice, advice, kind_of
from studies.account.answers import STANDINGS, Answer
from studies.account.claims import CLAIMS, NOT_TESTABLE, NOT_TESTED, PlanClaim
from studies.account.evidence import Evidence
from studies.account.published import published_page
from studies.command import catalogue
from studies.command.plan import with_unit
from studies.command.report import RESULTS, read_kept

DOCS = Path(__file__).parents[2] / "docs"

GENERATED = DOCS / "generated"
"""What nobody types: the findings with their pictures, when to use the penalty, the evidence for every condition."""

PICTURES = "img"
"""Below GENERATED."""

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
verdicts](../concepts/verdicts.md)). Any study's whole report, without training:
`spectra-tune report NAME --from studies/results/NAME.parquet --output DIR`.
"""

CONDITIONS = """\
# What is known of each condition

Written by `make findings` from `studies/results/evidence.csv`: every registered contrast of a Treatment over `none`, by
the Condition it was made in. [When to use the penalty](when-to-use.md) tells how to read it.

| task | network | width | epochs | otherwise | answer | because |
|---|---|---|---|---|---|---|
"""

WHEN = """\
# When to use the penalty

{short}

| if your task is like | conditions | use it | optional | do not | unknown | gains by the margin | largest mean gain |
|---|---|---|---|---|---|---|---|
{rows}

- **use it**: a gain over `none` is supported on fresh seeds, and its time is accepted (at most 1.10 times an epoch's).
- **optional**: supported at a higher cost, and the baseline did not catch up in the same time.
- **do not**: all that was tried there is harmful, equivalent or negligible.
- **unknown**: what was found there is neither. In some of these a gain of at least the margin over `none` is supported
  ("gains by the margin"), but it takes longer, and `none` was not given the same time; where data come by once
  (`permuted`), no study could give it. The largest mean gain is that of one contrast of many, with the verdict that it
  got; it is no promise.

`spectra-tune advise --task TASK --network KIND --width WIDTH --epochs EPOCHS` prints the answer for one condition with
the evidence that it rests on; for one that was not studied, what the nearest on each side say. All answers:
[conditions.md](conditions.md).

## What this rests on

{contrasts} registered contrasts of a Treatment over `none` in {studies} studies, each with the same data, initial
weights and order of batches for both arms, and corrected within its study: {verdicts}. Over several studies the chance
of a false "use it" adds up, so confirm on seeds of your own before you rely on one. The sentences word for word:
[findings.md](findings.md).

## What is unknown

Most contrasts above trained a perceptron on a task in the plane; on real data each network was tried at one or two
sizes, with strengths chosen once, in pilots on other seeds, and its competitors not tuned as long. That a penalty gains
over `none` does not say that it gains over shrinkage of the same weights, or over stopping early: the study's other
contrasts do, word for word in the findings.
`spectra-tune run` answers for a study of your own.

Written by `make findings`; nothing here was typed but the words between the numbers.
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
    lines += ["", "## What no study can decide", "", "| claim | not testable here: |", "|---|---|"]
    lines += [f"| {said} (Phase {where}) | {why}. |" for said, where, why in NOT_TESTABLE]
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


def conditions_page(rows: Sequence[Evidence]) -> str:
    """An answer for every condition that has evidence."""
    lines = [
        f"| {task} | {network} | {width} | {epochs} | {found.protocol} | **{found.answer}** | {found.because} |"
        for (task, network, width, epochs), found in _answers(rows)
    ]
    return CONDITIONS + "\n".join(lines) + "\n"


def when_page(rows: Sequence[Evidence]) -> str:
    """The decision guide: a row per kind of task, what it rests on, what is unknown."""
    by_kind: dict[str, list[Advice]] = {}
    for (task, _, _, _), found in _answers(rows):
        by_kind.setdefault(kind_of(task), []).append(found)
    lines = []
    for kind, found in by_kind.items():
        counts = Counter(one.answer for one in found)
        best = max((row for row in rows if kind_of(row.task) == kind), key=lambda row: row.gain)
        cells = [kind, len(found), *(counts[answer] for answer in ANSWERS), gaining(rows, kind)]
        lines.append(f"| {' | '.join(map(str, cells))} | {with_sign(best)} ({best.verdict}) |")
    total = Counter(found.answer for _, found in _answers(rows))
    worth = total["use it"] + total["optional"] or "none"
    short = (
        f"**Of {sum(total.values())} conditions that were studied the penalty is worth using in {worth}; in "
        f"{total['do not']} it is shown not to be, in {total['unknown']} that is unknown. In {gaining(rows)} of these "
        "it gains by the margin or more over none, in more time.**"
    )
    verdicts = Counter(row.verdict.partition(" (")[0] for row in rows)
    return WHEN.format(
        short=short,
        rows="\n".join(lines),
        contrasts=len(rows),
        studies=len({row.study for row in rows}),
        verdicts=", ".join(f"{count} {name}" for name, count in verdicts.most_common()),
    )


def gaining(rows: Sequence[Evidence], kind: str | None = None) -> int:
    """Conditions, of all or of one kind of task, in which a gain of at least the margin over none is supported."""
    of_kind = (row for row in rows if kind in (None, kind_of(row.task)))
    wanted = (row for row in of_kind if row.verdict.startswith(VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN))
    return len({(row.task, row.network, row.width, row.epochs, row.protocol) for row in wanted})


def with_sign(row: Evidence) -> str:
    """A gain in its unit."""
    digits = 2 if row.unit == PP else 4
    return f"{row.gain:+.{digits}f} {row.unit}".rstrip()


def _answers(rows: Sequence[Evidence]) -> list[tuple[tuple[str, str, int, int], Advice]]:
    """The advice for every task, network, width and number of epochs that has evidence, a piece for each protocol."""
    asked = sorted({(row.task, row.network, row.width, row.epochs) for row in rows})
    return [
        ((task, network, width, epochs), found)
        for task, network, width, epochs in asked
        for found in advice(rows, task=task, network=network, width=width, epochs=epochs)
    ]


def write_all() -> None:
    """Writes the account, the guide, the evidence and the pictures."""
    found = {name: found_in(name) for name in catalogue.listed()}
    answered = [(claim, claim.answer(found[claim.study]), found[claim.study]) for claim in CLAIMS]
    folder = GENERATED / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for name, of_study in found.items():
        wanted = {claim.picture: _file(claim) for claim in CLAIMS if claim.study == name}
        pictures = pictures_of(of_study)
        missing = set(wanted) - set(pictures)
        assert not missing, f"{name} has no pictures {missing}, it has {sorted(pictures)}"
        for picture, file in wanted.items():
            (folder / file).write_bytes(rendered(pictures[picture].draw(), "png"))
    (GENERATED / "findings.md").write_text(findings_page(answered))
    (GENERATED / "published.md").write_text(published_page(found))
    expected.keep(found[expected.STUDY])
    rows = [row for of_study in found.values() for row in evidence.evidence_of(of_study)]
    evidence.write(rows)
    (GENERATED / "conditions.md").write_text(conditions_page(rows))
    (GENERATED / "when-to-use.md").write_text(when_page(rows))


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
