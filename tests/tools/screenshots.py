"""`python -m tests.tools.screenshots`: pictures of MLflow's pages for docs/img, of the study `capacity` here.

Run the study and `spectra-tune ui` first.
"""

import json
import urllib.parse
from pathlib import Path

from spectra_tune import tracking
from studies.command.terminal import UI_BASE
from tests.tools.browser import opened, page, settled

PLACE = Path("docs/img")


def main() -> None:
    """Replaces docs/img/mlflow*.png."""
    (_, study), _, (condition, compared), *_ = tracking.links("capacity", tracking.default_tracking_uri(), UI_BASE)
    runs = urllib.parse.parse_qs(compared.partition("?")[2])["runs"][0]
    base, _, _ = study.partition("?")
    with page(height=1000) as browser:
        opened(browser, study, f"{condition} · linear")
        settled(browser, PLACE / "mlflow.png")
        opened(browser, compared, "Comparing 3 Runs from 1 Experiment")
        settled(browser, PLACE / "mlflow-compare.png")
        last = json.loads(runs)[-1]
        opened(
            browser,
            f"{base}/{last}/model-metrics?{urllib.parse.urlencode({'workflowType': 'machine_learning'})}",
            "sigma_1",
        )
        settled(browser, PLACE / "mlflow-charts.png")


if __name__ == "__main__":
    main()
