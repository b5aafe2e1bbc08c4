"""A small table from elsewhere."""

import pytest

from tests.tools.elsewhere import PROBLEMS, results


@pytest.fixture(scope="session")
def small():
    return results(PROBLEMS[3:5], seeds=8)
