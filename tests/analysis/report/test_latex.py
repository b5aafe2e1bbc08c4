"""A report for a paper says what the report says, and is LaTeX that closes what it opens."""

import re

import pytest

from analysis.report import paper
from analysis.report.latex import escaped
from studies.__main__ import main
from studies.account.writeup import found_in
from studies.command.report import RESULTS


@pytest.fixture(scope="module", params=["founding_lesson", "robustness"])
def written(request):
    found = found_in(request.param)
    return found, paper(found)


def test_every_environment_and_brace_is_closed(written):
    text = written[1]["paper.tex"].decode()
    opened = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    bare = re.sub(r"\\[{}\\]", "", text)
    assert bare.count("{") == bare.count("}")
    for line in text.splitlines():
        assert len(re.findall(r"(?<!\\)\$", line)) % 2 == 0, line
        assert not re.search(r"(?<!\\)[#%_]", re.sub(r"\\(includegraphics|bibliography|usepackage)\S*", "", line)), line


def test_the_table_has_every_verdict_and_the_checklist_the_design(written):
    found, files = written
    text = files["paper.tex"].decode()
    table = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    assert table.count(r"\\") == len(found.judged)
    for one in found.judged:
        assert escaped(one.verdict.name) in table
        assert escaped(str(one.contrast)) in table
    for what in ("seeds", "splits", "tuning budget", "correction", "compute", "environment"):
        assert f"\n{what} & " in text
    assert f"{found.question.tests} tests" in text


def test_figures_are_pdf_at_a_columns_width_and_sources_are_cited(written):
    _, files = written
    text = files["paper.tex"].decode()
    pictures = [name for name in files if name.endswith(".pdf")]
    assert "forest.pdf" in pictures
    for name in pictures:
        assert files[name].startswith(b"%PDF")
        assert f"{{{name}}}" in text
    references = files["references.bib"].decode()
    assert references.count("@") >= 4
    assert references.count("{") == references.count("}")


def test_whatever_an_arm_is_called_is_text():
    assert escaped(r"50% of a_b & {c} ~ \d $5 #1 ^2") == (
        r"50\% of a\_b \& \{c\} \textasciitilde{} \textbackslash{}d \$5 \#1 \textasciicircum{}2"
    )


def test_the_command_writes_it_where_it_is_told_to(tmp_path, capsys):
    kept = str(RESULTS / "founding_lesson.parquet")
    assert main(["report", "founding_lesson", "--from", kept, "--format", "latex", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "paper.tex").read_text().startswith(r"\documentclass")
    assert main(["report", "founding_lesson", "--from", kept, "--format", "latex"]) == 2
    assert "give the folder" in capsys.readouterr().err
