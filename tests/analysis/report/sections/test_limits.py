"""Every limit is a whole sentence."""

from dataclasses import replace

from analysis.report.elements.markdown import literal
from analysis.report.sections import limits
from spectra_tune.design import condition_signature


def test_each_limit_is_a_whole_sentence(made_up):
    loose = made_up.tables._replace(runs=made_up.runs.assign(equal_bits=False, one_split=True))
    lines = [line for line in limits.section(replace(made_up, tables=loose)).lines if line.startswith("- ")]
    assert any("bits depend on what trained beside a run" in line for line in lines)
    assert all(line.endswith(".") for line in lines)


def test_conditions_whose_training_was_broken_off_are_named_with_the_node_that_was_lost(made_up):
    key = condition_signature(made_up.study.conditions[1])
    of_it = made_up.runs["condition_signature"] == key
    how = "resumed at epoch 500 after the node 10.0.0.*7* was lost"
    broken = made_up.runs.assign(interruptions=of_it.map({True: how, False: ""}))
    broken.loc[broken.index[:1], "interruptions"] = None  # a table that was joined with an older one
    lines = limits.section(replace(made_up, tables=made_up.tables._replace(runs=broken))).lines
    label = made_up.study.labels()[key]
    told = [line for line in lines if "broken off" in line]
    assert told == [
        f"- {literal(label)}: the training was broken off, and resumed at epoch 500 after the node "
        "10.0.0.\\*7\\* was lost."
    ]
    undisturbed = made_up.tables._replace(runs=broken.assign(interruptions=""))
    for tables in (undisturbed, made_up.tables):  # kept tables may be older than the column
        assert not [line for line in limits.section(replace(made_up, tables=tables)).lines if "begun again" in line]
