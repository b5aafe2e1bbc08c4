"""`spectra-tune judge`: verdicts on results of other tools, what was taken on trust, and the report of such a table."""

import re

import pandas
import pytest

from studies.__main__ import main
from tests.tools.elsewhere import OPTIONS, PROBLEMS, results


@pytest.fixture
def table(folder):
    small = results(PROBLEMS[:2], seeds=8)
    small.to_csv(folder / "mine.csv", index=False)
    return small


def test_it_prints_verdicts_what_was_declared_and_how_far_the_data_speak_for_it(table, folder, capsys):
    assert main(["judge", "mine.csv", *OPTIONS, "--percent", "--treatment", "adam", "momentum"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "mine: test_acc, margin ±1 pp, alpha 0.01 over m = 4 tests" in out
    assert "quadratic_deep, adam − sgd: " in out
    assert "Declared by you, not shown by the table: runs of one random_seed are matched" in out
    assert "that no seed selected anything is your word too" in out
    assert re.search(r"Pairs of adam − sgd: correlation \+0\.\d\d to \+0\.\d\d; of 2 Conditions", out)
    assert {file.name for file in folder.iterdir()} == {"mine.csv"}


def test_its_report_has_what_the_table_can_carry_and_says_what_is_left_out(table, folder, capsys):
    assert main(["judge", "mine.csv", *OPTIONS, "--percent", "--selected-on", "1", "2", "--output", "out"]) == 0
    assert "none of the seeds that selected (1, 2) is among them" in " ".join(capsys.readouterr().out.split())
    written = {file.name for file in (folder / "out").iterdir()}
    assert {"report.md", "report.html", "contrasts.csv", "pairs.csv", "spread.csv", "runs.parquet"} <= written
    assert {"forest.svg", "paired-adam-sgd.png"} <= written
    assert not {"curves.parquet", "figures.parquet"} & written
    text = (folder / "out" / "report.md").read_text()
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings == [
        *("In short", "Verdicts", "How to read this", "Design, declared by you", "Numbers"),
        *("Spread over seeds (descriptive)", "Limits", "Left out"),
    ]
    assert "- Left out, since the table has no curves: convergence, curves, sigmas, gradient flow." in text
    assert text.count("Left out, since") == 4
    assert "both were trained on the same data" not in text
    assert "registered" not in text
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)
    assert len(pandas.read_parquet(folder / "out" / "runs.parquet")) == len(table)


def test_identical_arms_are_called_suspicious(table, folder, capsys):
    copied = table[table["optimizer"] == "sgd"].assign(optimizer="adam")
    pandas.concat([table[table["optimizer"] == "sgd"], copied]).to_csv(folder / "copy.csv", index=False)
    assert main(["judge", "copy.csv", *OPTIONS, "--percent"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Suspicious: quadratic_deep, adam − sgd: both arms have the same value at every seed" in out
    assert "16 of 16 pairs have one value in both arms" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mine.csv", *OPTIONS, "--fraction"], "must be fractions in 0 … 1"),
        (["mine.csv", *OPTIONS, "--percent", "--fraction"], "not allowed with argument"),
        (["mine.csv", *OPTIONS, "--percent", "--selected-on", "43"], "seed 43 was used for selection"),
        (["mine.csv", *OPTIONS, "--percent", "--treatment", "adm"], "did you mean 'adam'?"),
        (["mine.csv", *OPTIONS[:-2], "--percent"], "required: --margin"),
        ([*OPTIONS, "--percent"], "results come from FILE or from --from-mlflow NAME, got neither: give one"),
        (["mine.csv", *OPTIONS, "--from-mlflow", "x"], "got both: give one"),
        (["mine.csv", *OPTIONS, "--tracking-uri", "sqlite:///x.db"], "leave one away"),
        (["absent.csv", *OPTIONS], "FILE must exist"),
        (["--from-mlflow", "x", *OPTIONS], "there is no MLflow store at"),
        (["mine.csv", *OPTIONS, "--percent", "--output", "mine.csv"], "--output must be a folder that can be written"),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_exit_code_2(table, folder, capsys, arguments, says):
    assert main(["judge", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert says in error
    assert {file.name for file in folder.iterdir()} == {"mine.csv"}
