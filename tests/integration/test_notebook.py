"""The notebook of the tutorials runs as it stands, in a real kernel, on real Ray and MLflow."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.integration

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorials" / "notebook.ipynb"
AGAIN = "print((study.run(resume=True).verdicts == result.verdicts).sentence.all())"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Outputs of each cell: MIME bundles, and what was printed under "printed"."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in book.cells), "a notebook is kept without outputs"
    book.cells.append(nbformat.v4.new_code_cell(AGAIN))
    with pytest.MonkeyPatch.context() as patched:
        for name in ("MLFLOW_TRACKING_URI", "RAY_ADDRESS"):
            patched.delenv(name, raising=False)
        place = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
        NotebookClient(book, timeout=600, kernel_name="python3", resources=place).execute()
    return [
        [output.get("data", {"printed": output.get("text", "")}) for output in cell.outputs]
        for cell in book.cells
        if cell.cell_type == "code"
    ]


def test_the_plan_shows_itself(ran):
    plan = ran[2][-1]
    assert "seeds       9 (0 to 8)" in plan["text/plain"]
    assert plan["text/html"].startswith("<pre")


def test_progress_stays_in_its_place_and_the_result_shows_itself(ran):
    outputs = ran[3]
    *_, bar, shown = outputs
    assert re.search(r'<progress value="2\.000" max="2"', bar["text/html"])
    assert "2/2 blocks" in bar["text/plain"]
    printed = "".join(one.get("printed", "") for one in outputs)
    assert "Does shrinking the spectral norm" in printed
    assert "ipywidgets" not in printed
    assert "spectra-tune run" not in printed
    assert "Does shrinking the spectral norm" in shown["text/html"]
    assert shown["text/html"].count("half − none") >= 1


def test_what_a_cell_defines_is_trained_and_judged(ran):
    (table,) = ran[4]
    assert "moons(samples=100), Net<" in table["text/html"]
    assert "not comparable" not in table["text/html"]
    (runs,) = ran[6]
    assert re.search(r"Net +half +9\.0", runs["text/plain"])


def test_figures_and_the_report_show_themselves(ran):
    (figure,), (report,) = ran[5], ran[7]
    assert "data:image/svg+xml" in figure["text/html"]
    assert report["text/html"].startswith("<iframe srcdoc=")


def test_a_cell_that_is_run_again_says_the_same(ran):
    assert ran[-1][-1]["printed"].endswith("True\n")
