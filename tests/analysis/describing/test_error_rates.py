"""Error rates need repetitions; tests/integration/test_error_rates.py has some."""

from analysis.describing.error_rates import error_rates


def test_without_a_repetition_there_is_no_error_rate(study, runs):
    assert error_rates(study, runs, seeds_each=1) == []
