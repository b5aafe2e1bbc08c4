"""What MLflow's pages are asked to show is what they know."""

import importlib.metadata
import json
import re
from functools import cache
from pathlib import Path

import pytest

from spectra_tune.tracking import views


@cache
def pages() -> str:
    """The code of MLflow's pages."""
    package = Path(str(importlib.metadata.distribution("mlflow").locate_file("mlflow")))
    return "\n".join(file.read_text(errors="replace") for file in package.glob("server/js/build/static/js/*.js"))


@pytest.mark.parametrize(
    "word",
    [
        views.SHARED,
        *("viewStateShareKey", "compareRunsMode", "workflowType"),
        *json.loads(views.charts_view("kind")[f"{views.SHARED}{views.CHARTS_VIEW}"]),
        *("groupByKeys", "groupByData", "aggregateFunction"),
        *("selectedColumns", "columnOrder", "columnWidths", "orderByKey", "orderByAsc"),
    ],
)
def test_the_pages_of_mlflow_know_the_words_of_the_shared_views(word):
    """Seen with MLflow 3.17.2; where this is red, see what the links of `run` open: the plain page, or better."""
    assert re.search(rf"\b{re.escape(word)}", pages())


def test_charts_are_grouped_by_what_mlflow_calls_a_param():
    (view,) = views.charts_view("kind").values()
    (group,) = json.loads(view)["groupBy"]["groupByKeys"]
    assert re.search(rf'\.Param="{group["mode"]}"', pages())
    assert re.search(r'\.Average="average"', pages())
    assert '"SHOW_ALL"' in pages()
