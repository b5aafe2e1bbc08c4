"""Arms of any name have keys that MLflow takes, each its own."""

import posixpath
import re

import pandas

from spectra_tune.tracking.keys import keys_of
from spectra_tune.tracking.views import overview
from tests.spectra_tune.design.test_names import AWKWARD

MORE = ("a/../b", "/x", "a|b", "`code`", '"q"', "$x$", ".", "a..", "🙂", "_")


def test_other_arms_have_other_keys_that_mlflow_takes_as_files_too():
    keys = keys_of((*AWKWARD, *MORE))
    names = [f"validation_accuracy/{key}" for key in keys.values()]
    assert len({name.lower() for name in names}) == len(AWKWARD) + len(MORE)
    for name in [*names, *(f"gain_over_{key}_p_adjusted" for key in keys.values())]:
        assert re.fullmatch(r"[/\w.\- ]{1,250}", name)  # as mlflow.utils.validation says, on Windows too
        assert posixpath.normpath(name) == name


def test_plain_names_are_their_own_keys():
    names = ["none", "beta -0.2", "to 0.5", "线性", "L2"]
    assert keys_of(names) == dict(zip(names, names, strict=True))


def test_overview_curves_of_arms_that_differ_in_a_sign_are_two():
    rows = [(run, epoch, "validation_loss", 0.5) for run in ("one", "two") for epoch in (0, 5)]
    curves = pandas.DataFrame(rows, columns=["signature", "epoch", "metric", "value"])
    found = overview(curves, {"one": {"s<1"}, "two": {"s>1"}}, "validation_loss")
    assert len({name for name, _, _ in found}) == 2
