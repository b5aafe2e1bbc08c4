"""What a person sees: MLflow's pages of a study, and its report, in a real browser."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse

import pytest

from studies.__main__ import main
from tests.tools.browser import opened, page
from tests.tools.servers import PATIENCE_S, free_port
from tests.tools.study_file import written

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LABEL = "moons(samples=60), width 4"


@pytest.fixture
def recorded(ray, folder, capsys, monkeypatch):
    """A study that has run, with the links that `ui` prints while it serves its pages, and that `run` printed."""
    monkeypatch.setenv("MLFLOW_PORT", str(free_port()))
    assert main(["run", written(folder)]) == 0
    port = os.environ["MLFLOW_PORT"]
    links = dict(re.findall(r"^  (.*?): (http\S+)$", capsys.readouterr().out, re.MULTILINE))
    links = {label: link.replace(":5000/", f":{port}/") for label, link in links.items()}
    with subprocess.Popen([sys.executable, "-m", "studies", "ui"], stdout=subprocess.PIPE, text=True) as serving:
        try:
            shown = [next(serving.stdout), next(serving.stdout), next(serving.stdout)]
            assert shown[2] == f"  mine: {links['the study']}\n"
            yield links
        finally:
            serving.send_signal(signal.SIGTERM)
        assert serving.wait(PATIENCE_S) == 0


def test_mlflow_shows_which_arm_where_by_how_much_and_how_sure(recorded):
    with page() as browser:
        opened(browser, recorded["the study"], f"{LABEL} · static")
        headings = " ".join(browser.get_by_role("columnheader").all_inner_texts())
        for heading in ("verdict over none", "gain_over_none", "gain_over_none_low", "gain_over_none_p_adjusted"):
            assert heading in headings
        assert browser.get_by_text(f"{LABEL} · none").count() == 1
        assert "Is it a study?" in browser.inner_text("body")

        opened(browser, recorded["its curves, by arm"], "Group: static")
        browser.get_by_text("validation_accuracy").first.wait_for()
        browser.locator(".js-line").first.wait_for(state="attached")

        opened(browser, recorded[LABEL], "Comparing 2 Runs from 1 Experiment")
        browser.locator("text=per_epoch/validation_accuracy").first.wait_for()
        assert browser.locator(".parcoords").count() > 0

        query = urllib.parse.parse_qs(urllib.parse.urlsplit(recorded[LABEL].replace("/#/", "/")).query)
        child, *_ = json.loads(query["runs"][0])
        charts = recorded["the study"].partition("?")[0] + f"/{child}/model-metrics?workflowType=machine_learning"
        opened(browser, charts, "validation_loss")
        browser.locator(".js-line").first.wait_for(state="attached")
        drawn = [line.get_attribute("d") for line in browser.locator(".js-line").all()]
        assert any(path and path.count("L") >= 5 for path in drawn)  # 6 epochs


def test_the_report_needs_no_network(ray, folder):
    file = written(folder)
    assert main(["run", file]) == 0
    assert main(["report", file, "--output", "out"]) == 0
    with page(offline=True) as browser:
        browser.goto((folder / "out" / "report.html").as_uri())
        widths = browser.evaluate("[...document.images].map(image => image.naturalWidth)")
        assert len(widths) >= 5
        assert min(widths) > 300
        assert browser.get_by_role("heading", name="Verdicts").count() == 1
