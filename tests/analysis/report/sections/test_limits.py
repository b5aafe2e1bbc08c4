"""Every limit is a whole sentence."""

from dataclasses import replace

from analysis.report.sections import limits


def test_each_limit_is_a_whole_sentence(made_up):
    loose = made_up.tables._replace(runs=made_up.runs.assign(equal_bits=False, one_split=True))
    lines = [line for line in limits.section(replace(made_up, tables=loose)).lines if line.startswith("- ")]
    assert any("bits depend on what trained beside a run" in line for line in lines)
    assert all(line.endswith(".") for line in lines)
