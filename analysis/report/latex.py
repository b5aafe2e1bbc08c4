"""A report for a paper: LaTeX with booktabs tables, figures at column width, a methods paragraph, a checklist."""

from collections.abc import Iterable, Sequence

from analysis.figures import rendered
from analysis.figures.units import behind, named
from analysis.report.elements.arms import described
from analysis.report.elements.cells import difference
from analysis.report.elements.findings import Findings
from analysis.report.sections import pictures_of
from spectra_tune.design import SAME_CONFIGURATION

PICTURES = ("forest", "curves", "sigmas", "cost")
"""Of the report's, those that a paper shows, where there are such."""

PREAMBLE = r"""\documentclass[twocolumn]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,graphicx}
\begin{document}
"""

REFERENCES = {
    "student": "@article{student1908, author={Student}, title={The probable error of a mean}, journal={Biometrika}, "
    "volume={6}, pages={1--25}, year={1908}}",
    "holm": "@article{holm1979, author={Holm, Sture}, title={A simple sequentially rejective multiple test procedure}, "
    "journal={Scandinavian Journal of Statistics}, volume={6}, pages={65--70}, year={1979}}",
    "schuirmann": "@article{schuirmann1987, author={Schuirmann, Donald J.}, title={A comparison of the two one-sided "
    "tests procedure and the power approach}, journal={Journal of Pharmacokinetics and Biopharmaceutics}, volume={15}, "
    "pages={657--680}, year={1987}}",
    "tune": "@misc{liaw2018, author={Liaw, Richard and others}, title={Tune: a research platform for distributed model "
    "selection and training}, howpublished={arXiv:1807.05118}, year={2018}}",
    "spectral": "@misc{yoshida2017, author={Yoshida, Yuichi and Miyato, Takeru}, title={Spectral norm regularization "
    "for improving the generalizability of deep learning}, howpublished={arXiv:1705.10941}, year={2017}}",
    "madry": "@misc{madry2018, author={Madry, Aleksander and others}, title={Towards deep learning models resistant to "
    "adversarial attacks}, howpublished={arXiv:1706.06083}, year={2018}}",
}
"""By what of a study rests on them."""

SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "·": r"$\cdot$",
    "→": r"$\to$",
    "σ": r"$\sigma$",
    "β": r"$\beta$",
    "α": r"$\alpha$",
    "Σ": r"$\Sigma$",
    "²": "$^2$",
    "₀": "$_0$",
    "‖": r"$\|$",
    "…": r"\dots{}",
    "–": "--",
    "“": "``",
    "”": "''",
}
"""What LaTeX would read as something else, or its standard fonts lack."""


def escaped(text: str) -> str:
    """Text that says itself."""
    return "".join(SIGNS.get(sign, sign) for sign in text)


def paper(found: Findings) -> dict[str, bytes]:
    """All files by name: paper.tex, references.bib and each picture as PDF."""
    pictures = {name: one for name, one in pictures_of(found).items() if name in PICTURES}
    drawn = {}
    for name, picture in pictures.items():
        drawn[f"{name}.pdf"] = rendered((picture.draw_narrow or picture.draw)(), "pdf")
    parts = [
        PREAMBLE,
        rf"\section*{{{escaped(found.question.text)}}}",
        r"\subsection*{Methods}",
        methods(found),
        r"\subsection*{Results}",
        *verdicts(found),
        *(line for name in drawn for line in _figure(name, found)),
        r"\subsection*{Checklist}",
        *_table("ll", ("to be said", "here"), checklist(found), widths=(0.25, 0.65)),
        r"\bibliographystyle{plain}",
        r"\nocite{*}",
        r"\bibliography{references}",
        r"\end{document}",
    ]
    cited = [REFERENCES[name] for name in _cited(found)]
    texts = {"paper.tex": parts, "references.bib": cited}
    return {name: ("\n".join(lines) + "\n").encode() for name, lines in texts.items()} | drawn


def methods(found: Findings) -> str:
    """A paragraph: what was compared, on which seeds, by which tests."""
    study, question = found.study, found.question
    arms = "; ".join(f"{name}: {described(arm)}" for name, arm in study.arms if name != SAME_CONFIGURATION)
    seeds, search = study.seeds, study.search
    tuned = (
        "No hyperparameter was searched on either side."
        if search is None
        else f"Each side of each condition was tuned with {search.configurations} configurations on "
        f"{len(seeds.search)} seeds that no verdict uses (sampler {search.sampler}), without any test data."
    )
    outcome = f"{named(question.measured)}, its margin of {question.margin_in_unit:g}{behind(found.metric)}"
    text = (
        f"We compared {len(study.contrasts)} pairs of arms in {len(study.conditions)} conditions "
        f"({'; '.join(study.labels().values())}). Arms: {arms}. Within a seed all arms had the same data, initial "
        f"weights and order of batches. {tuned} The outcome, {outcome}, the {len(seeds.confirm)} seeds and the "
        f"{question.tests} tests at a family-wise alpha of {question.alpha:g} were fixed before the first run. A "
        "difference is claimed where a paired t test and a sign-flip test agree after Holm's correction over all "
        "tests; equivalence by two one-sided tests. Runs that diverged or failed count as the best constant predictor."
    )
    return escaped(text)


def verdicts(found: Findings) -> list[str]:
    """The verdicts as a booktabs table across both columns."""
    rows = []
    for one in found.judged:
        told = " ".join((one.verdict.name, *one.verdict.suffixes))
        seeds = str(one.verdict.statistics.n)
        rows.append((one.condition, str(one.contrast), difference(found, one), seeds, told))
    heads = ("condition", "contrast", f"difference{behind(found.metric)} [95 %]", "seeds", "verdict")
    lines = _table("lllrl", heads, rows, widths=(0.26, 0.24, 0.18, None, 0.2))
    caption = f"{found.name}: {named(found.question.measured)}, over m = {found.question.tests} tests."
    return [r"\begin{table*}", *lines, rf"\caption{{{escaped(caption)}}}", r"\end{table*}"]


def checklist(found: Findings) -> list[tuple[str, str]]:
    """What a paper about such a study must say, filled in."""
    study, runs = found.study, found.runs
    statuses = runs["status"].value_counts().to_dict()
    one_split = bool(runs["one_split"].any()) if "one_split" in runs else False
    seconds = float(runs["seconds"].sum()) + float(found.searched["seconds"].sum() if len(found.searched) else 0.0)
    seeds = study.seeds
    return [
        ("seeds", f"{len(seeds.confirm)} ({seeds.confirm[0]} to {seeds.confirm[-1]})"),
        ("search seeds", f"{len(seeds.search)}, no other's" if seeds.search else "none"),
        ("splits", "one test set for all seeds" if one_split else "test data drawn by each seed"),
        (
            "tuning budget",
            "none on either side"
            if study.search is None
            else f"{study.search.configurations} configurations a side and condition",
        ),
        ("correction", f"Holm over {found.question.tests} tests, alpha {found.question.alpha:g}"),
        ("runs", ", ".join(f"{count} {status}" for status, count in statuses.items())),
        ("compute", f"{seconds / 3600:.2f} hours of one worker for training"),
        ("environment", "; ".join(sorted(set(runs["environment"])))),
        ("declared before the first run", f"signature {study.signature()[:16]}"),
    ]


def _cited(found: Findings) -> Iterable[str]:
    study = found.study
    yield from ("student", "holm", "schuirmann", "tune")
    if any(arm.treatment.penalty == "spectral_norm" and arm.treatment.strength > 0 for _, arm in study.arms):
        yield "spectral"
    if study.outcome.attack is not None:
        yield "madry"


def _figure(file: str, found: Findings) -> list[str]:
    what = file.removesuffix(".pdf")
    return [
        r"\begin{figure}",
        rf"\includegraphics[width=\columnwidth]{{{file}}}",
        rf"\caption{{{escaped(f'{found.name}: {what}.')}}}",
        r"\end{figure}",
    ]


def _table(
    columns: str, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float | None]
) -> list[str]:
    """A booktabs table; widths: of columns that break their lines, in shares of a line."""
    kinds = "".join(
        kind if width is None else rf"p{{{width}\linewidth}}" for kind, width in zip(columns, widths, strict=True)
    )
    return [
        rf"\begin{{tabular}}{{@{{}}{kinds}@{{}}}}",
        r"\toprule",
        f"{' & '.join(map(escaped, heads))} \\\\",
        r"\midrule",
        *(f"{' & '.join(map(escaped, row))} \\\\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
