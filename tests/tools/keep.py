"""Trains tests/kept/VERSION/small.py and keeps its tables and verdicts there: `python -m tests.tools.keep VERSION`.

Once per minor version: what is kept is never made anew.
"""

import json
import sys
import tempfile
from pathlib import Path

from studies.command import archive, catalogue
from studies.notebook import load

KEPT = Path(__file__).parents[1] / "kept"

FIELDS = ("n", "mean", "low", "high", "p_t_adjusted", "p_flip_adjusted", "p_adjusted", "p_tost_adjusted", "smallest_p")
"""Numbers of a verdict that must stay as they are."""


def said(judged) -> list[dict]:
    """Condition, contrast, verdict and its numbers."""
    return [
        {
            "condition": one.condition,
            "contrast": [one.contrast.treatment, one.contrast.baseline],
            "verdict": one.verdict.name.value,
            "suffixes": list(one.verdict.suffixes),
            **{name: getattr(one.verdict.statistics, name) for name in FIELDS},
        }
        for one in judged
    ]


def keep(version: str) -> None:
    folder = KEPT / version
    if list(folder.glob("*.parquet")):
        raise SystemExit(f"the tables of a version are kept once, {folder} has some")
    file = folder / "small.py"
    with tempfile.TemporaryDirectory() as place:
        study = load(str(file), storage=f"{place}/ray", tracking_uri=f"sqlite:///{place}/mlflow.db")
        result = study.run()
    archive.write(folder, "small", catalogue.load(str(file)).study.signature(), result.tables)
    (folder / "small.json").write_text(json.dumps(said(result.found.judged), indent=1) + "\n")


if __name__ == "__main__":
    keep(sys.argv[1])
