"""What several tests start from: three arms and a small Condition."""

import logging
import os

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# Read by numpy when it is imported: two test processes would fight over the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

ARMS = {
    "none": Treatment.none(),
    "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
    "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
}


def pytest_addoption(parser):
    parser.addoption(
        "--calibrate-fully",
        action="store_true",
        help="as many simulations as docs/concepts/statistics.md reports, not a tenth",
    )


@pytest.fixture(scope="session")
def simulations(request):
    """How many simulations to run where the full calibration runs so many."""
    full = request.config.getoption("--calibrate-fully")
    return lambda many: many if full else max(60, many // 10)


@pytest.fixture
def arms():
    return dict(ARMS)


@pytest.fixture
def condition():
    return Condition(task=moons(samples=100), network=mlp(width=8), epochs=6)


@pytest.fixture
def block(condition, arms):
    return Block(condition=condition, arms=arms, seeds=range(3))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory with nothing in the environment that leads elsewhere."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in ("MLFLOW_TRACKING_URI", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    return work


@pytest.fixture(scope="session")
def ray():
    """A real local Ray of four logical processors, for the whole session."""
    import ray

    ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield ray
    ray.shutdown()
